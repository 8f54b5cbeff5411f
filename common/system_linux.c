/* Linux's own ways; see system.h. */
#include "system.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
system_anonymous_file(const char *name)
{
	return (memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

int
system_seal(int fd)
{
	return (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE));
}

int
system_seal_size(int fd)
{
	return (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW));
}

/*
 * The seals keep the file's size, so that no reader meets its end.  That on
 * future writes cannot be set, since who writes may be started anew; but the
 * mode is for the owner alone, and a second descriptor by way of /proc has the
 * rights that it was opened with.
 */
int
system_shared_file(const char *name, size_t size, int *rw, int *ro)
{
	char path[64];
	int error;

	*ro = -1;
	if ((*rw = system_anonymous_file(name)) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", *rw);
	if (ftruncate(*rw, (off_t)size) == 0 && fchmod(*rw, 0600) == 0 &&
	    fcntl(*rw, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW) == 0 &&
	    (*ro = open(path, O_RDONLY | O_CLOEXEC)) != -1)
		return (0);
	error = errno;
	close(*rw);
	*rw = -1;
	errno = error;
	return (-1);
}

const char *
system_empty_directory(void)
{
	return ("/var/empty");
}

const char *
system_ca_bundle(void)
{
	return ("/etc/ssl/certs/ca-certificates.crt");
}

const char *
system_postgres_directory(void)
{
	return ("/var/run/postgresql");
}
