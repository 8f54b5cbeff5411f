/* OpenBSD's own ways; see system.h. */
#include "system.h"

#include <sys/types.h>
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
system_anonymous_file(const char *name)
{
	char path[] = "/tmp/jwtd.XXXXXXXXXX";
	int fd;

	(void)name;
	if ((fd = shm_mkstemp(path)) == -1)
		return (-1);
	(void)shm_unlink(path);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return (fd);
}

/* There are no seals here. */
int
system_seal(int fd)
{
	(void)fd;
	return (0);
}

int
system_seal_size(int fd)
{
	(void)fd;
	return (0);
}

int
system_shared_file(const char *name, size_t size, int *rw, int *ro)
{
	char path[] = "/tmp/jwtd.XXXXXXXXXX";
	int error;

	(void)name;
	*ro = -1;
	if ((*rw = shm_mkstemp(path)) == -1)
		return (-1);
	if (ftruncate(*rw, (off_t)size) == 0)
		*ro = shm_open(path, O_RDONLY, 0);
	error = errno;
	(void)shm_unlink(path);
	if (*ro == -1) {
		close(*rw);
		*rw = -1;
		errno = error;
		return (-1);
	}
	(void)fcntl(*rw, F_SETFD, FD_CLOEXEC);
	(void)fcntl(*ro, F_SETFD, FD_CLOEXEC);
	return (0);
}

const char *
system_empty_directory(void)
{
	return ("/var/empty");
}

const char *
system_ca_bundle(void)
{
	return ("/etc/ssl/cert.pem");
}

const char *
system_postgres_directory(void)
{
	return ("/tmp");
}

/* There is none that wakes one of several; see shared_wait.h. */
int
system_wait_open(const int *fds, size_t n)
{
	(void)fds;
	(void)n;
	errno = ENOSYS;
	return (-1);
}

int
system_wait(int wait, bool *ready, size_t n, int ms, const sigset_t *mask)
{
	(void)wait;
	(void)ready;
	(void)n;
	(void)ms;
	(void)mask;
	errno = ENOSYS;
	return (-1);
}
