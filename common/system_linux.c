/* Linux's own ways; see system.h. */
#include "system.h"

#include <sys/mman.h>

int
system_anonymous_file(const char *name)
{
	return (memfd_create(name, MFD_CLOEXEC));
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
