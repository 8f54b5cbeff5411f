/*
 * The sandbox on OpenBSD: pledge(2) and unveil(2), after chroot(2) where a role
 * has one.  The parent is not unveiled: it starts programs, makes and removes
 * sockets and reads the configuration wherever they are.
 */
#include "sandbox.h"

#include <sys/types.h>
#include <sys/resource.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* Filled in by sandbox_early(), and forked with the process. */
static struct sandbox_needs needs;

/* Nobody else of this program calls it, so the first call is the whole list. */
static void
hide_files(enum sandbox_role role)
{
	const char *permissions;
	size_t i;

	if (role == SANDBOX_PARENT || role == SANDBOX_RESOLVER)
		return;
	permissions = needs.write ? "rwc" : "r";
	/* behind chroot the first of them is the root */
	if (needs.ndirectories > 0 && unveil(needs.directories[0],
	    permissions) == -1)
		fatal("unveil %s", needs.directories[0]);
	for (i = 1; i < needs.ndirectories; i++)
		if (unveil(needs.directories[i], permissions) == -1)
			fatal("unveil %s", needs.directories[i]);
	if (needs.ndirectories == 0 && unveil("/", "") == -1)
		fatal("unveil /");
	if (unveil(NULL, NULL) == -1)
		fatal("unveil");
}

static void
add(char *promises, size_t size, const char *more)
{
	if (strlcat(promises, more, size) >= size)
		fatalx("too many promises");
}

/* What a signer promises besides stdio; its master for it too. */
static void
add_needs(char *promises, size_t size)
{
	if (needs.ndirectories > 0)
		add(promises, size, " rpath");
	if (needs.write)
		add(promises, size, " wpath cpath fattr flock");
	/* the workers' sockets are there, and are only read and written */
	if (needs.local)
		add(promises, size, " unix");
	if (needs.nports > 0)
		add(promises, size, " inet");
}

void
sandbox_early(enum sandbox_role role, const struct sandbox_needs *n)
{
	(void)role;
	if (n == NULL)
		return;
	needs = *n;
	/* as priv_drop() is going to confine it */
	if (geteuid() == 0 && needs.ndirectories > 0) {
		needs.directories[0] = "/";
		needs.ndirectories = 1;
	}
}

void
sandbox(enum sandbox_role role)
{
	char promises[128];
	struct rlimit rl;

	(void)strlcpy(promises, "stdio", sizeof(promises));
	rl.rlim_cur = rl.rlim_max = 0;
	if (setrlimit(RLIMIT_CORE, &rl) == -1)
		fatal("setrlimit core");
	/* the signers have their master's */
	if (role != SANDBOX_SIGNER)
		hide_files(role);
	switch (role) {
	case SANDBOX_PARENT:
		/* what it execs begins without any; setrlimit is theirs */
		add(promises, sizeof(promises), " rpath wpath cpath unix inet "
		    "proc exec sendfd recvfd");
		break;
	case SANDBOX_WORKER:
		add(promises, sizeof(promises), " inet unix recvfd");
		break;
	case SANDBOX_TRUST:
		add(promises, sizeof(promises), " inet recvfd");
		break;
	case SANDBOX_RESOLVER:
		add(promises, sizeof(promises), " rpath dns");
		break;
	case SANDBOX_TLSKEY:
		/* the sockets of workers come from the parent */
		add(promises, sizeof(promises), " recvfd");
		break;
	case SANDBOX_SIGNER_MASTER:
		add(promises, sizeof(promises), " proc recvfd");
		add_needs(promises, sizeof(promises));
		break;
	case SANDBOX_SIGNER:
		add_needs(promises, sizeof(promises));
		break;
	}
	if (pledge(promises, NULL) == -1)
		fatal("pledge");
}

const char *
sandbox_death(int sig)
{
	/* pledge(2) has no signal of its own */
	return (sig == SIGABRT ? " (SIGABRT): lastcomm(1) says if it was its "
	    "sandbox" : "");
}
