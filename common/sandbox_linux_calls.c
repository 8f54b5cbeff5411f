/*
 * Which system calls which role may make, in groups: each says what it is for.
 * The names are the kernel's, and one that an architecture lacks is passed
 * over.  Calls that do the same stand together, because C libraries differ in
 * which one they use.
 */
#include "sandbox_linux.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/seccomp.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "sandbox_linux_absent.h"

#define CALL(name)	{ .nr = __NR_##name }
/* arguments are counted from 1 */
#define IF(name, arg, mask_, value_) \
	{ .nr = __NR_##name, .when = { { (arg), (mask_), (value_), false } } }
#define IF2(name, arg, mask_, value_, arg2, mask2, value2) \
	{ .nr = __NR_##name, .when = { { (arg), (mask_), (value_), false }, \
	    { (arg2), (mask2), (value2), false } } }
#define ALL		UINT32_MAX
/* nowhere but to the peer that there is, and none by TCP Fast Open */
#define SEND_TO_PEER \
	{ .nr = __NR_sendto, .when = { { 4, MSG_FASTOPEN, 0, false }, \
	    { 5, ALL, 0, false }, { 5, ALL, 0, true } } }
#define SOCKET(name, family, type) \
	IF2(name, 1, ALL, (family), 2, 0xf, (type))

/* Run, see the time, hear signals, wait for locks, end. */
static const struct sandbox_call life[] = {
	CALL(exit), CALL(exit_group), CALL(restart_syscall),
	CALL(rt_sigreturn), CALL(rt_sigaction), CALL(rt_sigprocmask),
	CALL(futex), CALL(sched_yield), CALL(getrandom),
	CALL(getpid), CALL(gettid), CALL(getuid), CALL(geteuid),
	CALL(getgid), CALL(getegid),
	CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday), CALL(time),
	CALL(clock_nanosleep), CALL(nanosleep),
	/* qsort(3) asks how much memory there is */
	CALL(sysinfo),
	/* abort(3) */
	IF2(tgkill, 1, ALL, SANDBOX_SELF, 3, ALL, SIGABRT)
};

/* Memory, none of which can be executed. */
static const struct sandbox_call memory[] = {
	CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise),
	IF(mmap, 3, PROT_EXEC, 0), IF(mprotect, 3, PROT_EXEC, 0),
	/* libsodium, for keys */
	CALL(mlock), CALL(munlock)
};

/* What is open is read, written, waited for and closed. */
static const struct sandbox_call io[] = {
	CALL(read), CALL(readv), CALL(write), CALL(writev), CALL(close),
	CALL(poll), CALL(ppoll),
	SEND_TO_PEER, CALL(recvfrom), CALL(recvmsg),
	/* into the background: /dev/null for what a terminal was */
	CALL(dup2), CALL(dup3),
	/* close on exec */
	IF(fcntl, 2, ALL, F_GETFL), IF(fcntl, 2, ALL, F_GETFD),
	IF(fcntl, 2, ALL, F_SETFD)
};

/* syslog(3) wants to connect again when the other end was restarted. */
static const struct sandbox_call no_log[] = {
	{ .nr = __NR_socket, .error = EACCES, .when = {
	    { 1, ALL, AF_UNIX, false }, { 2, 0xf, SOCK_DGRAM, false } } }
};

/* Files that were opened by somebody else and passed on: key sets. */
static const struct sandbox_call given[] = {
	CALL(pread64), CALL(fstat), CALL(lseek),
	IF(newfstatat, 4, AT_EMPTY_PATH, AT_EMPTY_PATH),
	IF(fcntl, 2, ALL, F_GET_SEALS)
};

/* They are filled, and closed to changes. */
static const struct sandbox_call fill[] = {
	CALL(ftruncate), IF(fcntl, 2, ALL, F_ADD_SEALS)
};

/* By an epoll descriptor that was made before. */
static const struct sandbox_call waiting[] = {
	CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2)
};

/* libevent's loop, which changes what it waits for */
static const struct sandbox_call events[] = {
	CALL(epoll_ctl)
};

/*
 * Connections that come in.  A listener is everybody's, so what would change it
 * is not possible: it could not be shut, filtered, or made to block.
 */
static const struct sandbox_call connections[] = {
	CALL(accept), CALL(accept4), CALL(getsockname), CALL(getpeername),
	CALL(getsockopt), IF2(setsockopt, 2, ALL, IPPROTO_TCP, 3, ALL,
	    TCP_NODELAY), IF(shutdown, 2, ALL, SHUT_WR)
};

/* A peer that talks nonsense loses its socket. */
static const struct sandbox_call drop_peers[] = {
	CALL(shutdown)
};

/* Connections to somewhere else. */
static const struct sandbox_call connect_tcp[] = {
	SOCKET(socket, AF_INET, SOCK_STREAM),
	SOCKET(socket, AF_INET6, SOCK_STREAM),
	CALL(connect), CALL(getsockname), CALL(getpeername),
	CALL(setsockopt), CALL(getsockopt), IF(fcntl, 2, ALL, F_SETFL),
	CALL(shutdown)
};

static const struct sandbox_call connect_local[] = {
	SOCKET(socket, AF_UNIX, SOCK_STREAM),
	CALL(connect), CALL(getsockname), CALL(getpeername),
	CALL(setsockopt), CALL(getsockopt), IF(fcntl, 2, ALL, F_SETFL)
};

/* Files are found and read: the users, certificates of a database. */
static const struct sandbox_call files[] = {
	CALL(open), CALL(openat), CALL(access), CALL(faccessat),
	CALL(faccessat2),
	CALL(stat), CALL(lstat), CALL(fstat), CALL(newfstatat), CALL(statx),
	CALL(pread64), CALL(lseek), CALL(readlink), CALL(readlinkat)
};

/* The users file is replaced by a new one, under a lock. */
static const struct sandbox_call replace[] = {
	CALL(flock), CALL(fchown), CALL(fchmod), CALL(fsync),
	CALL(rename), CALL(renameat), CALL(renameat2),
	CALL(unlink), CALL(unlinkat)
};

/* getaddrinfo(3): servers, interfaces, and libraries for both */
static const struct sandbox_call resolve[] = {
	SOCKET(socket, AF_INET, SOCK_DGRAM),
	SOCKET(socket, AF_INET6, SOCK_DGRAM),
	SOCKET(socket, AF_NETLINK, SOCK_RAW),
	IF(sendto, 4, MSG_FASTOPEN, 0), IF(sendmmsg, 4, MSG_FASTOPEN, 0),
	/* standard error may be a terminal */
	IF(ioctl, 2, ALL, FIONREAD),
	CALL(bind), CALL(recvmmsg), CALL(uname),
	CALL(getdents64), CALL(fstatfs), CALL(statfs), CALL(alarm),
	CALL(setitimer), IF(mmap, 3, PROT_WRITE, 0),
	IF(mprotect, 3, PROT_WRITE, 0),
	CALL(epoll_create1), CALL(eventfd2), CALL(select), CALL(pselect6)
};

/* A child is forked, signalled and waited for; no thread, no namespace. */
static const struct sandbox_call children[] = {
	IF(clone, 1, ~(uint32_t)(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID),
	    SIGCHLD),
	CALL(fork), CALL(set_robust_list), CALL(wait4), CALL(waitid),
	IF(kill, 2, ALL, SIGTERM), IF(kill, 2, ALL, SIGKILL),
	/* abort(3) in the child, whose own filter says that it is itself */
	IF(tgkill, 3, ALL, SIGABRT)
};

/* sandbox() of what is forked, and it can only be narrower */
static const struct sandbox_call confine[] = {
	IF2(prctl, 1, ALL, PR_SET_DUMPABLE, 2, ALL, 0),
	IF(prctl, 1, ALL, PR_SET_NO_NEW_PRIVS),
	IF(prctl, 1, ALL, PR_SET_SECCOMP),
	IF(prlimit64, 1, ALL, 0), CALL(capget), CALL(capset),
	/* memlock() of what is forked */
	CALL(mlockall), CALL(seccomp), CALL(landlock_create_ruleset),
	CALL(landlock_add_rule), CALL(landlock_restrict_self),
	/* what a signer waits by; its own filter has neither */
	CALL(epoll_create1), CALL(epoll_ctl)
};

/* A program is started, and becomes its user: for the parent alone. */
static const struct sandbox_call start[] = {
	/* also for its children, which connect to the log before their own */
	SOCKET(socket, AF_UNIX, SOCK_DGRAM),
	CALL(execve), CALL(arch_prctl), CALL(set_tid_address), CALL(rseq),
	/* so that fork(2) and clone(2) are used, with flags to look at */
	{ .nr = __NR_clone3, .error = ENOSYS },
	CALL(dup), CALL(pipe), CALL(pipe2),
	CALL(close_range), CALL(fcntl), CALL(getcwd), CALL(chdir), CALL(umask),
	CALL(sigaltstack), CALL(sched_getaffinity), CALL(getrlimit),
	CALL(setrlimit), CALL(getppid), CALL(getpgrp), CALL(setsid),
	IF(mmap, 3, PROT_WRITE, 0), IF(mprotect, 3, PROT_WRITE, 0),
	CALL(memfd_create), CALL(socketpair), CALL(listen), CALL(mkdir),
	CALL(mkdirat), CALL(getresuid), CALL(getresgid), CALL(getgroups),
	CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid),
	CALL(setresuid), CALL(setresgid), CALL(setgroups),
	CALL(unshare), CALL(chroot),
	/* descriptors are handed to children */
	CALL(sendmsg),
	IF(prctl, 1, ALL, PR_CAPBSET_READ), IF(prctl, 1, ALL, PR_CAPBSET_DROP),
	IF(prctl, 1, ALL, PR_SET_SECUREBITS), IF(prctl, 1, ALL, PR_GET_NAME),
	IF(prctl, 1, ALL, PR_SET_NAME), IF(prctl, 1, ALL, PR_GET_DUMPABLE)
};

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZER
#endif
#endif

#ifdef SANITIZER
/* What AddressSanitizer reports it has to look up. */
static const struct sandbox_call sanitizer[] = {
	CALL(sigaltstack), CALL(open), CALL(openat), CALL(readlink),
	CALL(readlinkat), CALL(stat), CALL(fstat), CALL(newfstatat),
	CALL(lseek), CALL(sched_getaffinity), CALL(getrlimit),
	IF(prlimit64, 1, ALL, 0), IF(prctl, 1, ALL, PR_GET_DUMPABLE),
	IF(tgkill, 3, ALL, SIGABRT)
};
#endif

#define GROUP(calls)	{ (calls), sizeof(calls) / sizeof((calls)[0]) }

enum {
	LIFE, MEMORY, IO, GIVEN, FILL, WAITING, EVENTS, CONNECTIONS,
	CONNECT_TCP, CONNECT_LOCAL, DROP_PEERS, FILES, REPLACE, RESOLVE,
	CHILDREN, CONFINE, START, NO_LOG
};

static const struct sandbox_group groups[] = {
	[LIFE] = GROUP(life), [MEMORY] = GROUP(memory), [IO] = GROUP(io),
	[GIVEN] = GROUP(given), [FILL] = GROUP(fill),
	[WAITING] = GROUP(waiting), [EVENTS] = GROUP(events),
	[CONNECTIONS] = GROUP(connections),
	[CONNECT_TCP] = GROUP(connect_tcp),
	[CONNECT_LOCAL] = GROUP(connect_local),
	[DROP_PEERS] = GROUP(drop_peers), [FILES] = GROUP(files),
	[REPLACE] = GROUP(replace), [RESOLVE] = GROUP(resolve),
	[CHILDREN] = GROUP(children), [CONFINE] = GROUP(confine),
	[START] = GROUP(start), [NO_LOG] = GROUP(no_log)
};

#define BIT(group)	(1u << (group))
#define EVERYONE	(BIT(LIFE) | BIT(MEMORY) | BIT(IO))

static unsigned int
signer_groups(const struct sandbox_needs *needs)
{
	return (BIT(WAITING) | BIT(DROP_PEERS) |
	    (needs->ndirectories > 0 ? BIT(FILES) : 0) |
	    (needs->write ? BIT(REPLACE) : 0) |
	    (needs->local ? BIT(CONNECT_LOCAL) : 0) |
	    (needs->nports > 0 ? BIT(CONNECT_TCP) : 0));
}

static unsigned int
role_groups(enum sandbox_role role, const struct sandbox_needs *needs)
{
	switch (role) {
	case SANDBOX_PARENT:
		/* children begin with its filter, and must be let do theirs */
		return (BIT(START + 1) - 1);
	case SANDBOX_WORKER:
		return (BIT(GIVEN) | BIT(WAITING) | BIT(EVENTS) |
		    BIT(CONNECTIONS));
	case SANDBOX_TRUST:
		return (BIT(GIVEN) | BIT(FILL) | BIT(WAITING) |
		    BIT(EVENTS) | BIT(CONNECT_TCP));
	case SANDBOX_RESOLVER:
		return (BIT(FILES) | BIT(CONNECT_TCP) | BIT(CONNECT_LOCAL) |
		    BIT(RESOLVE));
	case SANDBOX_TLSKEY:
		return (BIT(DROP_PEERS));
	case SANDBOX_SIGNER_MASTER:
		return (BIT(CHILDREN) | BIT(CONFINE) | signer_groups(needs));
	case SANDBOX_SIGNER:
		return (signer_groups(needs));
	}
	return (0);
}

size_t
sandbox_groups(enum sandbox_role role, const struct sandbox_needs *needs,
    const struct sandbox_group *out[SANDBOX_GROUPS])
{
	unsigned int bits;
	size_t i, n;

	bits = EVERYONE | role_groups(role, needs) |
	    (role == SANDBOX_PARENT ? 0 : BIT(NO_LOG));
	n = 0;
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if ((bits & BIT(i)) != 0)
			out[n++] = &groups[i];
#ifdef SANITIZER
	{
		static const struct sandbox_group more = GROUP(sanitizer);

		out[n++] = &more;
	}
#endif
	return (n);
}
