/* OpenBSD's own ways; see system.h. */
#include "system.h"

#include <sys/types.h>
#include <sys/mman.h>

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
