/*
 * Attempts on the kernel: calls that no process of ours has a use for, and
 * whose code is where the holes were.  Their arguments are bad, so that none of
 * them does anything where it is allowed; its own error says then that it was.
 */
#include "escape.h"

#include <sys/syscall.h>

#include <errno.h>
#include <unistd.h>


#define TRY(name)							\
static int								\
try_##name(void)							\
{									\
	return (syscall(__NR_##name, -1L, -1L, -1L, -1L, -1L, -1L) ==	\
	    -1 ? errno : 0);						\
}

TRY(keyctl)
TRY(add_key)
TRY(request_key)
TRY(bpf)
TRY(perf_event_open)
TRY(io_uring_setup)
TRY(userfaultfd)
TRY(personality)
TRY(reboot)
TRY(init_module)
TRY(finit_module)
TRY(delete_module)
TRY(kexec_load)
TRY(swapon)
TRY(acct)
TRY(syslog)
TRY(settimeofday)
TRY(clock_settime)
TRY(sethostname)
TRY(quotactl)
TRY(fanotify_init)
TRY(inotify_init1)
TRY(timer_create)
TRY(shmget)
TRY(shmat)
TRY(msgget)
TRY(semget)
TRY(mq_open)
TRY(io_setup)
TRY(move_pages)
TRY(remap_file_pages)
TRY(splice)
TRY(vmsplice)
TRY(memfd_secret)
TRY(pkey_mprotect)
TRY(kcmp)
TRY(name_to_handle_at)
TRY(fsopen)
TRY(open_tree)
TRY(mount_setattr)
TRY(process_madvise)
TRY(openat2)

#define ENTRY(name)	{ #name, try_##name, 0, NEVER }

static const struct attempt list[] = {
	ENTRY(keyctl), ENTRY(add_key), ENTRY(request_key), ENTRY(bpf),
	ENTRY(perf_event_open), ENTRY(io_uring_setup), ENTRY(userfaultfd),
	ENTRY(personality), ENTRY(reboot), ENTRY(init_module),
	ENTRY(finit_module), ENTRY(delete_module), ENTRY(kexec_load),
	ENTRY(swapon), ENTRY(acct), ENTRY(syslog), ENTRY(settimeofday),
	ENTRY(clock_settime), ENTRY(sethostname), ENTRY(quotactl),
	ENTRY(fanotify_init), ENTRY(inotify_init1), ENTRY(timer_create),
	ENTRY(shmget), ENTRY(shmat), ENTRY(msgget), ENTRY(semget),
	ENTRY(mq_open), ENTRY(io_setup), ENTRY(move_pages),
	ENTRY(remap_file_pages), ENTRY(splice), ENTRY(vmsplice),
	ENTRY(memfd_secret), ENTRY(pkey_mprotect), ENTRY(kcmp),
	ENTRY(name_to_handle_at), ENTRY(fsopen), ENTRY(open_tree),
	ENTRY(mount_setattr), ENTRY(process_madvise), ENTRY(openat2)
};

const struct attempts kernel_attempts = { list,
    sizeof(list) / sizeof(list[0]) };
