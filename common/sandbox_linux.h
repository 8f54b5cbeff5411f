/* The parts of the sandbox on Linux; for common/sandbox_linux*.c alone. */
#ifndef SANDBOX_LINUX_H
#define SANDBOX_LINUX_H

#include <linux/filter.h>

#include "sandbox.h"

#define SANDBOX_GROUPS		24	/* of calls, that a role can have */
#define SANDBOX_CONDITIONS	3
#define SANDBOX_FILTER_MAX	2048	/* instructions; of 4096 */
#define SANDBOX_SELF		UINT32_MAX	/* a value: its own pid */

/*
 * The argument's low half under the mask is the value.  All that are looked at
 * are of type int to the kernel, or flags that fit in; of a pointer, the high
 * half is looked at too.
 */
struct sandbox_condition {
	unsigned int	 argument;	/* from 1; 0: no condition */
	uint32_t	 mask;
	uint32_t	 value;
	bool		 high;		/* the high half */
};

struct sandbox_call {
	int			 nr;	/* -1: not on this architecture */
	struct sandbox_condition when[SANDBOX_CONDITIONS];
	int			 error;	/* 0: allowed; else it fails so */
};

struct sandbox_group {
	const struct sandbox_call	*calls;
	size_t				 n;
};

/* sandbox_linux_calls.c: what a role may call.  Returns how many groups. */
size_t	sandbox_groups(enum sandbox_role, const struct sandbox_needs *,
	    const struct sandbox_group *[SANDBOX_GROUPS]);

/*
 * sandbox_linux_seccomp.c.  The filter's length, or 0 where there is none for
 * this architecture.
 */
size_t	sandbox_filter(enum sandbox_role, const struct sandbox_needs *,
	    struct sock_filter[SANDBOX_FILTER_MAX]);
bool	sandbox_filter_available(void);
void	sandbox_filter_install(enum sandbox_role, const struct sandbox_needs *);

/* sandbox_linux_landlock.c: 0 if the kernel has none */
int	sandbox_landlock_abi(void);
/* The directories are open with O_PATH. */
void	sandbox_landlock(enum sandbox_role, const struct sandbox_needs *,
	    const int *directories, size_t n);

/* sandbox_linux_caps.c: as root, before and after the user is changed */
bool	sandbox_caps_can_bound(void);
void	sandbox_caps_early(void);
void	sandbox_caps(enum sandbox_role);

#endif
