/*
 * Calls of sandbox_linux_calls.c that some architecture, or the headers of some
 * older kernel, do not have: -1 is passed over.
 */
#ifndef SANDBOX_LINUX_ABSENT_H
#define SANDBOX_LINUX_ABSENT_H

#ifndef __NR_access
#define __NR_access	(-1)
#endif
#ifndef __NR_alarm
#define __NR_alarm	(-1)
#endif
#ifndef __NR_arch_prctl
#define __NR_arch_prctl	(-1)
#endif
#ifndef __NR_clone3
#define __NR_clone3	(-1)
#endif
#ifndef __NR_close_range
#define __NR_close_range	(-1)
#endif
#ifndef __NR_dup2
#define __NR_dup2	(-1)
#endif
#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2	(-1)
#endif
#ifndef __NR_epoll_wait
#define __NR_epoll_wait	(-1)
#endif
#ifndef __NR_faccessat2
#define __NR_faccessat2	(-1)
#endif
#ifndef __NR_fork
#define __NR_fork	(-1)
#endif
#ifndef __NR_getpgrp
#define __NR_getpgrp	(-1)
#endif
#ifndef __NR_getrlimit
#define __NR_getrlimit	(-1)
#endif
#ifndef __NR_landlock_add_rule
#define __NR_landlock_add_rule	(-1)
#endif
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset	(-1)
#endif
#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self	(-1)
#endif
#ifndef __NR_lstat
#define __NR_lstat	(-1)
#endif
#ifndef __NR_mkdir
#define __NR_mkdir	(-1)
#endif
#ifndef __NR_open
#define __NR_open	(-1)
#endif
#ifndef __NR_pipe
#define __NR_pipe	(-1)
#endif
#ifndef __NR_poll
#define __NR_poll	(-1)
#endif
#ifndef __NR_readlink
#define __NR_readlink	(-1)
#endif
#ifndef __NR_rename
#define __NR_rename	(-1)
#endif
#ifndef __NR_renameat
#define __NR_renameat	(-1)
#endif
#ifndef __NR_rseq
#define __NR_rseq	(-1)
#endif
#ifndef __NR_select
#define __NR_select	(-1)
#endif
#ifndef __NR_setrlimit
#define __NR_setrlimit	(-1)
#endif
#ifndef __NR_stat
#define __NR_stat	(-1)
#endif
#ifndef __NR_statx
#define __NR_statx	(-1)
#endif
#ifndef __NR_time
#define __NR_time	(-1)
#endif
#ifndef __NR_unlink
#define __NR_unlink	(-1)
#endif

#endif
