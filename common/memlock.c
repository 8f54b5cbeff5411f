/* Keeping memory out of swap; see memlock.h. */
#include "memlock.h"

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <unistd.h>

static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

bool
memlock_available(void)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_MEMLOCK, &now) == -1)
		return (false);
	if (now.rlim_max == RLIM_INFINITY)
		return (true);
	if (geteuid() != 0 || setrlimit(RLIMIT_MEMLOCK, &all) == -1)
		return (false);
	(void)setrlimit(RLIMIT_MEMLOCK, &now);
	return (true);
}

void
memlock_allow(void)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_MEMLOCK, &now) == -1)
		return;
	/* in a container root may not raise it; then it is what it is */
	if (geteuid() == 0 && setrlimit(RLIMIT_MEMLOCK, &all) == 0)
		return;
	now.rlim_cur = now.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &now);
}

int
memlock(void)
{
	return (mlockall(MCL_CURRENT));
}
