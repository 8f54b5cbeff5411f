/*
 * The sandbox on Linux: no new privileges, no core files, no tracing by others
 * of the same user, and limits on what a role may use.
 */
#include "sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "log.h"

static void
limit(int resource, rlim_t value, const char *name)
{
	struct rlimit rl;

	rl.rlim_cur = rl.rlim_max = value;
	if (setrlimit(resource, &rl) == -1)
		fatal("setrlimit %s", name);
}

void
sandbox(enum sandbox_role role)
{
	/* exec sets it again, so every process does this for itself */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("prctl PR_SET_DUMPABLE");
	limit(RLIMIT_CORE, 0, "core");
	/* the parent execs children that call setuid(2), which this allows */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl PR_SET_NO_NEW_PRIVS");
	switch (role) {
	case SANDBOX_WORKER:
	case SANDBOX_TLSKEY:
	case SANDBOX_SIGNER:
		limit(RLIMIT_NPROC, 0, "nproc");
		break;
	case SANDBOX_PARENT:
	case SANDBOX_SIGNER_MASTER:
		break;
	}
}
