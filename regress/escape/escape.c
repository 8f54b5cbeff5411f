/*
 * Escape tests: each role's real sandbox, and in it, one at a time, everything
 * that a process would try that somebody else has taken over.  An attempt
 * passes for refused when the kernel ends the process with SIGSYS or says EPERM
 * or the like; without the sandbox it has to work, or it would prove nothing.
 */
#include "escape.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv.h"
#include "sandbox_linux.h"
#include "scene.h"
#include "system.h"

#define WORKER_USER	"_jwtd"
#define SIGNER_USER	"_jwtdsign"

/* exit statuses of a child: refused, worked, or an errno that says neither */
#define REFUSED		0
#define WORKED		1
#define UNCLEAR		100

const char *const kind_names[KINDS] = {
	"parent", "worker", "trust", "resolver", "tlskey", "signer master",
	"signer", "signer with a database here", "signer with a database"
};

static int count, failed;

int
ok(int pass, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", pass ? "" : "not ", ++count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	failed += !pass;
	return (pass);
}

void
skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++count, what, why);
}

static enum sandbox_role
role_of(enum kind kind)
{
	static const enum sandbox_role roles[KINDS] = {
		[PARENT] = SANDBOX_PARENT, [WORKER] = SANDBOX_WORKER,
		[TRUST] = SANDBOX_TRUST, [RESOLVER] = SANDBOX_RESOLVER,
		[TLSKEY] = SANDBOX_TLSKEY, [MASTER] = SANDBOX_SIGNER_MASTER,
		[SIGNER_FILE] = SANDBOX_SIGNER,
		[SIGNER_LOCAL] = SANDBOX_SIGNER, [SIGNER_TCP] = SANDBOX_SIGNER
	};

	return (roles[kind]);
}

static void
fill_needs(enum kind kind, struct sandbox_needs *needs)
{
	memset(needs, 0, sizeof(*needs));
	if ((KIND(kind) & SIGNERS) == 0)
		return;
	needs->directories[needs->ndirectories++] = scene.users_dir;
	needs->write = kind == SIGNER_FILE || kind == MASTER;
	needs->local = kind == SIGNER_LOCAL;
	if (kind == SIGNER_TCP)
		needs->ports[needs->nports++] = scene.port[0];
}

/* A signer is the child of a master, whose sandbox it has too. */
static void
become_signer(void)
{
	int status;
	pid_t pid;

	sandbox(SANDBOX_SIGNER_MASTER);
	if ((pid = fork()) == 0) {
		sandbox(SANDBOX_SIGNER);
		return;
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		_exit(UNCLEAR);
	/* by the same signal, without asking for it: SIGSYS of its own */
	if (WIFSIGNALED(status))
		_exit(WTERMSIG(status) == SIGSYS ? REFUSED :
		    128 + WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

void
confine(enum kind kind)
{
	struct sandbox_needs needs;
	enum sandbox_role role;
	bool signer;

	role = role_of(kind);
	signer = (KIND(kind) & SIGNERS) != 0;
	fill_needs(kind, &needs);
	if (role != SANDBOX_PARENT) {
		sandbox_early(signer ? SANDBOX_SIGNER_MASTER : role,
		    signer ? &needs : NULL);
		priv_drop(signer ? SIGNER_USER : WORKER_USER, signer ?
		    scene.users_dir : kind == RESOLVER ? "/" :
		    system_empty_directory());
	}
	if (role == SANDBOX_SIGNER)
		become_signer();
	else
		sandbox(role);
}

static pid_t
start_child(enum kind kind, int (*f)(void))
{
	pid_t pid;

	(void)fflush(stdout);
	if ((pid = fork()) == 0) {
		if (kind != KINDS)
			confine(kind);
		_exit(f());
	}
	return (pid);
}

static int
end_child(pid_t pid)
{
	int status;

	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return (-1);
	return (status);
}

int
in_child(enum kind kind, int (*f)(void))
{
	return (end_child(start_child(kind, f)));
}

static const struct attempt *trying;

/* The errno of what is not there for it counts as a no, not one of misuse. */
static int
try_it(void)
{
	int error;

	switch (error = trying->try()) {
	case 0:
		return (WORKED);
	case EPERM:
	case EACCES:
	case ENOSYS:
	case ENOENT:		/* behind chroot */
	case EROFS:
	case EFBIG:
	case ENETUNREACH:	/* in a network of its own */
	case ECONNREFUSED:
	case EADDRNOTAVAIL:
	case ESRCH:
	case EAGAIN:		/* RLIMIT_NPROC */
		return (REFUSED);
	default:
		return (error < UNCLEAR ? UNCLEAR + error : UNCLEAR);
	}
}

static const char *
outcome(int status)
{
	static char text[64];

	if (WIFSIGNALED(status))
		(void)snprintf(text, sizeof(text), "signal %d",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) == REFUSED)
		return ("refused");
	else if (WEXITSTATUS(status) == WORKED)
		return ("it worked");
	else
		(void)snprintf(text, sizeof(text), "errno %d",
		    WEXITSTATUS(status) - UNCLEAR);
	return (text);
}

static bool
refused(int status)
{
	return ((WIFEXITED(status) && WEXITSTATUS(status) == REFUSED) ||
	    (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS));
}

static void
plain(const struct attempt *attempt)
{
	int status;

	if (attempt->plain == NEVER)
		return;
	trying = attempt;
	status = in_child(KINDS, try_it);
	if (attempt->plain == ROOT && (geteuid() != 0 || refused(status)))
		return;
	ok(WIFEXITED(status) && WEXITSTATUS(status) == WORKED,
	    "without a sandbox: %s: %s", attempt->what, outcome(status));
}

/* All kinds at once, because a namespace takes the kernel some time. */
static void
try_kinds(const struct attempt *attempt)
{
	enum kind kind;
	pid_t pids[KINDS];
	unsigned int may;
	int status;

	may = attempt->may;
	if ((may & LOCAL_AS_USER) != 0 && geteuid() != 0)
		may |= KIND(SIGNER_LOCAL);
	trying = attempt;
	for (kind = 0; kind < KINDS; kind++)
		pids[kind] = (may & KIND(kind)) != 0 ? 0 :
		    start_child(kind, try_it);
	for (kind = 0; kind < KINDS; kind++) {
		if (pids[kind] == 0)
			continue;
		status = end_child(pids[kind]);
		ok(refused(status), "%s: %s: %s", kind_names[kind],
		    attempt->what, outcome(status));
	}
}

static void
try_all(const struct attempts *attempts)
{
	size_t i;

	for (i = 0; i < attempts->n; i++) {
		plain(&attempts->list[i]);
		try_kinds(&attempts->list[i]);
	}
}

static void
print_sizes(void)
{
	struct sock_filter code[SANDBOX_FILTER_MAX];
	struct sandbox_needs needs;
	enum kind kind;
	size_t n;

	for (kind = 0; kind < KINDS; kind++) {
		fill_needs(kind, &needs);
		n = sandbox_filter(role_of(kind), &needs, code);
		printf("# %-28s %4zu instructions\n", kind_names[kind], n);
		ok(n > 10 && n < SANDBOX_FILTER_MAX, "%s: a filter",
		    kind_names[kind]);
	}
}

/* A log in a file would leave the processes a right to write files. */
static void
leave_log_file(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	if ((fd = open("/dev/null", O_WRONLY)) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		exit(1);
	close(fd);
}

int
main(void)
{
	if (sodium_init() == -1)
		return (1);
	leave_log_file();
	log_init("escape", 1, 0);
	scene_make();
	printf("# Landlock %d, %s\n", sandbox_landlock_abi(),
	    geteuid() == 0 ? "root" : "not root");
	if (sandbox_filter_available()) {
		print_sizes();
		work_tests();
		try_all(&program_attempts);
		try_all(&file_attempts);
		try_all(&network_attempts);
		try_all(&process_attempts);
		try_all(&kernel_attempts);
	} else
		skip("everything", "no filter of system calls here");
	scene_remove();
	printf("1..%d\n", count);
	return (failed != 0);
}
