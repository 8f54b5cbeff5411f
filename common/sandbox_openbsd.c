/* The sandbox on OpenBSD: pledge(2), after chroot(2) where a role has one. */
#include "sandbox.h"

#include <sys/types.h>
#include <sys/resource.h>

#include <unistd.h>

#include "log.h"

void
sandbox(enum sandbox_role role)
{
	const char *promises = NULL;
	struct rlimit rl;

	rl.rlim_cur = rl.rlim_max = 0;
	if (setrlimit(RLIMIT_CORE, &rl) == -1)
		fatal("setrlimit core");
	switch (role) {
	case SANDBOX_PARENT:
		promises = "stdio rpath wpath cpath unix inet proc exec id sendfd";
		break;
	case SANDBOX_WORKER:
		promises = "stdio inet unix";
		break;
	case SANDBOX_TLSKEY:
		/* the sockets of workers come from the parent */
		promises = "stdio recvfd";
		break;
	case SANDBOX_SIGNER_MASTER:
		/* all that its children have, and to fork them */
		promises = "stdio rpath wpath cpath fattr flock inet unix "
		    "recvfd proc";
		break;
	case SANDBOX_SIGNER:
		/* the users file is rewritten, the database connected to */
		promises = "stdio rpath wpath cpath fattr flock inet unix";
		break;
	}
	if (pledge(promises, NULL) == -1)
		fatal("pledge");
}
