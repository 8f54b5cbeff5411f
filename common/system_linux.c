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
