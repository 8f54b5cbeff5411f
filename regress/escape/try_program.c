/* Attempts to run another program, or code that is not the program's. */
#include "escape.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/sched.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* A program that ends with 1, which is how a child says that it worked. */
static char *const argv[] = { (char *)(uintptr_t)"false", NULL };

static int
try_execve(void)
{
	(void)execve("/bin/false", argv, NULL);
	return (errno);
}

static int
try_execveat(void)
{
	char buf[65536];
	ssize_t n;
	int from, to;

	if ((to = memfd_create("x", 0)) == -1 ||
	    (from = open("/bin/false", O_RDONLY)) == -1)
		return (errno);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return (errno);
	(void)fexecve(to, argv, environ);
	return (errno);
}

static int
parent_of(long pid)
{
	if (pid == -1)
		return (errno);
	if (pid == 0)
		_exit(0);
	(void)waitpid((pid_t)pid, NULL, 0);
	return (0);
}

static int
try_fork(void)
{
	return (parent_of(fork()));
}

static int
try_vfork(void)
{
	pid_t pid;

	if ((pid = vfork()) == 0)
		_exit(0);
	return (pid == -1 ? errno : 0);
}

static int
try_clone3(void)
{
	struct clone_args args;

	memset(&args, 0, sizeof(args));
	args.exit_signal = SIGCHLD;
	return (parent_of(syscall(__NR_clone3, &args, sizeof(args))));
}

/* a namespace of users would give all capabilities in it */
static int
try_clone_user(void)
{
	return (parent_of(syscall(__NR_clone, CLONE_NEWUSER | SIGCHLD, NULL,
	    NULL, NULL, NULL)));
}

static int
try_clone_net(void)
{
	return (parent_of(syscall(__NR_clone, CLONE_NEWNET | SIGCHLD, NULL,
	    NULL, NULL, NULL)));
}

static int
map(int prot)
{
	void *p;

	p = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANON, -1, 0);
	return (p == MAP_FAILED ? errno : 0);
}

static int
try_write_exec(void)
{
	return (map(PROT_READ | PROT_WRITE | PROT_EXEC));
}

static int
try_map_exec(void)
{
	return (map(PROT_READ | PROT_EXEC));
}

static int
protect(int prot)
{
	void *p;

	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON,
	    -1, 0);
	if (p == MAP_FAILED || mprotect(p, 4096, prot) == -1)
		return (errno);
	return (0);
}

static int
try_protect_write_exec(void)
{
	return (protect(PROT_READ | PROT_WRITE | PROT_EXEC));
}

static int
try_protect_exec(void)
{
	return (protect(PROT_READ | PROT_EXEC));
}

static int
try_memfd(void)
{
	return (memfd_create("x", 0) == -1 ? errno : 0);
}

#ifdef __x86_64__
/* A kernel without such calls. */
static void
on_fault(int sig)
{
	(void)sig;
	_exit(0);
}

/* getpid by the ways of other architectures */
static int
try_i386(void)
{
	long r;

	(void)signal(SIGSEGV, on_fault);
	__asm__ volatile ("int $0x80" : "=a" (r) : "a" (20L) :
	    "r8", "r9", "r10", "r11", "memory");
	return (r < 0 ? (int)-r : 0);
}

static int
try_x32(void)
{
	return (syscall(__X32_SYSCALL_BIT | __NR_getpid) == -1 ? errno : 0);
}
#endif

static const struct attempt list[] = {
	{ "execve", try_execve, KIND(PARENT), ANYBODY },
	{ "execve of a file in memory", try_execveat, KIND(PARENT), ANYBODY },
	{ "fork", try_fork, KIND(PARENT) | KIND(MASTER), ANYBODY },
	{ "vfork", try_vfork, 0, ANYBODY },
	{ "clone3", try_clone3, 0, ANYBODY },
	{ "clone with users of its own", try_clone_user, 0, ROOT },
	{ "clone with a network of its own", try_clone_net, 0, ROOT },
	{ "memory to write and execute", try_write_exec, 0, ANYBODY },
	/* a resolver loads libraries, as the parent's children do */
	{ "memory to execute", try_map_exec, KIND(PARENT) | KIND(RESOLVER),
	    ANYBODY },
	{ "mprotect to write and execute", try_protect_write_exec, 0, ANYBODY },
	{ "mprotect to execute", try_protect_exec,
	    KIND(PARENT) | KIND(RESOLVER), ANYBODY },
	{ "memfd_create", try_memfd, KIND(PARENT), ANYBODY },
#ifdef __x86_64__
	{ "a call of i386", try_i386, 0, NEVER },
	{ "a call of x32", try_x32, 0, NEVER },
#endif
};

const struct attempts program_attempts = { list,
    sizeof(list) / sizeof(list[0]) };
