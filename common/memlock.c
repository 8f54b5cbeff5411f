/* Keeping memory out of swap; see memlock.h. */
#include "memlock.h"

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <unistd.h>

void
memlock_allow(void)
{
	static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	/* in a container root may not; then the limit is what it is */
	if (geteuid() == 0)
		(void)setrlimit(RLIMIT_MEMLOCK, &all);
}

int
memlock(void)
{
	return (mlockall(MCL_CURRENT));
}
