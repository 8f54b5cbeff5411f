/*
 * The sandbox on Linux: the order in which namespaces, limits, capabilities,
 * Landlock and the filter of system calls come, and what is done without where
 * the system does not allow it.  Each of them has a file of its own.
 */
#include "sandbox_linux.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "memlock.h"
#include "trust.h"

#define NAMESPACES	(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
#define SIGNER_FDS	256	/* workers' sockets, files and a connection */

/* Filled in by sandbox_early(), and forked with the process. */
static struct {
	struct sandbox_needs	 needs;
	int			 directories[SANDBOX_DIRECTORIES];
	size_t			 n;
} state;

static void
limit(int resource, rlim_t value, const char *name)
{
	struct rlimit rl;

	rl.rlim_cur = rl.rlim_max = value;
	if (setrlimit(resource, &rl) == -1)
		fatal("setrlimit %s", name);
}

/* No more descriptors than now, and than max. */
static void
limit_descriptors(rlim_t max)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit nofile");
	limit(RLIMIT_NOFILE, rl.rlim_cur < max ? rl.rlim_cur : max, "nofile");
}

/* A log that was redirected to a file has to grow. */
static bool
logs_to_file(void)
{
	struct stat st;

	return (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode));
}

static void
limit_files(rlim_t max)
{
	if (logs_to_file())
		return;
	/*
	 * a descriptor of a file that is there all the same: an error, no death
	 */
	(void)signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, max, "fsize");
}

static void
limits(enum sandbox_role role)
{
	limit(RLIMIT_CORE, 0, "core");
	switch (role) {
	case SANDBOX_PARENT:
	case SANDBOX_SIGNER_MASTER:
		/* what they start would have them too */
		return;
	case SANDBOX_SIGNER:
		limit_descriptors(SIGNER_FDS);
		if (!state.needs.write)
			limit_files(0);
		break;
	case SANDBOX_WORKER:
	case SANDBOX_TLSKEY:
	case SANDBOX_RESOLVER:
		limit_descriptors(RLIM_INFINITY);
		limit_files(0);
		break;
	case SANDBOX_TRUST:
		/* it writes key sets into files that it is given */
		limit_descriptors(RLIM_INFINITY);
		limit_files(TRUST_BYTES_MAX);
		break;
	}
	limit(RLIMIT_NPROC, 0, "nproc");
}

/* Would a child be allowed to have namespaces?  One tries. */
static bool
can_unshare(void)
{
	int status;
	pid_t pid;

	switch (pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		_exit(unshare(NAMESPACES) == 0 ? 0 : 1);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			fatal("waitpid");
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
add(char *list, size_t size, const char *what)
{
	if (*list != '\0')
		(void)strlcat(list, ", ", size);
	(void)strlcat(list, what, size);
}

/* Said here, once, for all processes. */
static void
say_what_is_missing(void)
{
	char list[256];

	list[0] = '\0';
	if (geteuid() != 0)
		add(list, sizeof(list), "users of their own, chroot");
	if (geteuid() != 0 || !can_unshare())
		add(list, sizeof(list), "namespaces");
	if (geteuid() == 0 && !sandbox_caps_can_bound())
		add(list, sizeof(list), "an empty bounding set");
	if (sandbox_landlock_abi() == 0)
		add(list, sizeof(list), "Landlock");
	if (!sandbox_filter_available())
		add(list, sizeof(list), "a filter of system calls");
	if (!memlock_available())
		add(list, sizeof(list), "locked memory");
	if (list[0] != '\0')
		log_warnx("sandbox: not available here: %s", list);
}

/* Open what Landlock shall leave, while there is a name for it. */
static void
open_directories(const struct sandbox_needs *needs)
{
	size_t i;
	int fd;

	for (i = 0; i < needs->ndirectories; i++) {
		fd = open(needs->directories[i],
		    O_PATH | O_DIRECTORY | O_CLOEXEC);
		/* whoever needs it says so, with more of a reason */
		if (fd != -1)
			state.directories[state.n++] = fd;
	}
}

void
sandbox_early(enum sandbox_role role, const struct sandbox_needs *needs)
{
	/*
	 * Where TZ is not set, syslog(3) looks at this file for each line, and
	 * behind chroot does not find it.
	 */
	if (getenv("TZ") == NULL)
		(void)setenv("TZ", ":/etc/localtime", 1);
	tzset();
	if (needs != NULL) {
		open_directories(needs);
		state.needs = *needs;
	}
	if (geteuid() != 0)
		return;
	/* the listeners that a worker was given stay where they were bound */
	if (role != SANDBOX_TRUST && role != SANDBOX_RESOLVER &&
	    state.needs.nports == 0)
		(void)unshare(NAMESPACES);
	sandbox_caps_early();
}

void
sandbox(enum sandbox_role role)
{
	if (role == SANDBOX_PARENT)
		say_what_is_missing();
	/* exec sets it again, so every process does this for itself */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("prctl PR_SET_DUMPABLE");
	limits(role);
	sandbox_caps(role);
	/* the parent execs children that call setuid(2), which this allows */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl PR_SET_NO_NEW_PRIVS");
	/* not inherited from the parent, whose children load programs */
	if (role != SANDBOX_PARENT)
		sandbox_landlock(role, &state.needs, state.directories,
		    state.n);
	while (state.n > 0)
		close(state.directories[--state.n]);
	sandbox_filter_install(role, &state.needs);
}

const char *
sandbox_death(int sig)
{
	return (sig == SIGSYS ? " (SIGSYS): it tried what its sandbox forbids" :
	    "");
}
