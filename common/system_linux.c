/* Linux's own ways; see system.h. */
#include "system.h"

#include <sys/mman.h>

#include <fcntl.h>

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
