/* fork and exec, with chosen descriptors at fixed numbers and no other. */
#ifndef SPAWN_H
#define SPAWN_H

#include <sys/types.h>

#include <stddef.h>

struct spawn {
	const char	*path;		/* absolute */
	char *const	*argv;
	const int	*fds;		/* fds[i] becomes 3 + i; -1: null */
	size_t		 nfds;
	char *const	*env;		/* NULL: this process's own */
};

/*
 * Returns the pid, or -1 with errno.  A failed exec is the child's status 127.
 */
pid_t	spawn(const struct spawn *);

#endif
