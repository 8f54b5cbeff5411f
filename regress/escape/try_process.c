/* Attempts on other processes, and on the user that this one is. */
#include "escape.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int
try_ptrace(void)
{
	if (ptrace(PTRACE_SEIZE, scene.victim, NULL, NULL) == -1)
		return (errno);
	return (0);
}

static int
try_kill(void)
{
	return (kill(scene.victim, SIGTERM) == -1 ? errno : 0);
}

/* which the system lets anybody: only the filter is in the way */
static int
try_kill_self(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	return (kill(getpid(), SIGTERM) == -1 ? errno : 0);
}

static int
try_kill_all(void)
{
	return (kill(-1, 0) == -1 ? errno : 0);
}

static int
try_tgkill(void)
{
	return (syscall(__NR_tgkill, scene.victim, scene.victim, SIGTERM) ==
	    -1 ? errno : 0);
}

static int
try_read_memory(void)
{
	struct iovec here, there;
	char byte;

	here.iov_base = &byte;
	here.iov_len = 1;
	/* where it is in the one it is in the other, since they were forked */
	there.iov_base = &scene;
	there.iov_len = 1;
	return (process_vm_readv(scene.victim, &here, 1, &there, 1, 0) == -1 ?
	    errno : 0);
}

static int
try_take_descriptor(void)
{
	int fd;

	if ((fd = (int)syscall(__NR_pidfd_open, scene.victim, 0)) == -1 ||
	    syscall(__NR_pidfd_getfd, fd, 0, 0) == -1)
		return (errno);
	return (0);
}

static int
try_setuid(void)
{
	return (setuid(0) == -1 ? errno : 0);
}

static int
try_setresuid(void)
{
	return (setresuid(0, 0, 0) == -1 ? errno : 0);
}

static int
try_setgroups(void)
{
	gid_t gid;

	gid = 0;
	return (setgroups(1, &gid) == -1 ? errno : 0);
}

static int
try_capset(void)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];

	memset(&header, 0, sizeof(header));
	memset(data, 0, sizeof(data));
	header.version = _LINUX_CAPABILITY_VERSION_3;
	/* the parent does not keep it either */
	data[0].permitted = data[0].effective = 1u << CAP_NET_RAW;
	return (syscall(__NR_capset, &header, data) == -1 ? errno : 0);
}

static int
try_dumpable(void)
{
	return (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == -1 ? errno : 0);
}

static int
try_keepcaps(void)
{
	return (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1 ? errno : 0);
}

static int
try_core(void)
{
	struct rlimit rl;

	rl.rlim_cur = rl.rlim_max = 4096;
	return (setrlimit(RLIMIT_CORE, &rl) == -1 ? errno : 0);
}

/* one of the same user: the victim, or for root the tests themselves */
static int
try_limit_other(void)
{
	struct rlimit rl;

	return (prlimit(scene.victim, RLIMIT_CORE, NULL, &rl) == -1 &&
	    prlimit(getppid(), RLIMIT_CORE, NULL, &rl) == -1 ? errno : 0);
}

static int
try_unshare_user(void)
{
	return (unshare(CLONE_NEWUSER) == -1 ? errno : 0);
}

static int
try_unshare_net(void)
{
	return (unshare(CLONE_NEWNET) == -1 ? errno : 0);
}

static int
try_setns(void)
{
	/* without a namespace's descriptor: EBADF is that it may */
	return (setns(-1, 0) == -1 && errno != EBADF ? errno : 0);
}

static int
try_real_time(void)
{
	struct sched_param param;

	param.sched_priority = 1;
	return (sched_setscheduler(0, SCHED_FIFO, &param) == -1 ? errno : 0);
}

/* there is no such descriptor: EBADF is that it may */
static int
try_epoll_ctl(void)
{
	struct epoll_event event;

	memset(&event, 0, sizeof(event));
	return (epoll_ctl(-1, EPOLL_CTL_ADD, -1, &event) == -1 &&
	    errno != EBADF ? errno : 0);
}

static int
try_priority(void)
{
	return (setpriority(PRIO_PROCESS, 0, -1) == -1 ? errno : 0);
}

#define SETS_IDS	KIND(PARENT)

static const struct attempt list[] = {
	{ "ptrace", try_ptrace, 0, ROOT },
	{ "a signal to another", try_kill, KIND(PARENT), ANYBODY },
	{ "a signal to itself", try_kill_self, KIND(PARENT) | KIND(MASTER),
	    ANYBODY },
	{ "a signal to all", try_kill_all, 0, ANYBODY },
	{ "a signal to a thread of another", try_tgkill, 0, ANYBODY },
	{ "the memory of another", try_read_memory, 0, ROOT },
	{ "a descriptor of another", try_take_descriptor, 0, ROOT },
	{ "setuid to root", try_setuid, SETS_IDS, ROOT },
	{ "setresuid to root", try_setresuid, SETS_IDS, ROOT },
	{ "setgroups", try_setgroups, SETS_IDS, ROOT },
	{ "capset", try_capset, 0, ROOT },
	{ "being dumpable", try_dumpable, 0, ANYBODY },
	{ "keeping capabilities", try_keepcaps, 0, ANYBODY },
	/* the parent's limit is 0, and it could raise it again as root */
	{ "a core file", try_core, KIND(PARENT), ROOT },
	{ "a limit of another", try_limit_other, 0, ANYBODY },
	{ "unshare of users", try_unshare_user, KIND(PARENT), ROOT },
	{ "unshare of the network", try_unshare_net, KIND(PARENT), ROOT },
	{ "setns", try_setns, 0, ANYBODY },
	{ "more priority", try_priority, 0, ROOT },
	{ "real time", try_real_time, 0, ROOT },
	{ "waiting for something else", try_epoll_ctl, KIND(PARENT) |
	    KIND(WORKER) | KIND(TRUST) | KIND(MASTER), ANYBODY }
};

const struct attempts process_attempts = { list,
    sizeof(list) / sizeof(list[0]) };
