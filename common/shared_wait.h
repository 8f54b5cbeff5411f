/*
 * Waiting for sockets that other processes wait for as well, of which one that
 * is woken is enough.  Where the system knows no such thing all are.
 */
#ifndef SHARED_WAIT_H
#define SHARED_WAIT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

#define SHARED_WAIT_MAX	(CONF_MAX_WORKERS + 1)

struct shared_wait {
	int	 fds[SHARED_WAIT_MAX];
	size_t	 n;
	int	 one;		/* of system_wait_open(), or -1 */
};

/*
 * Before the sandbox, by the process that is going to wait.  All are woken for
 * the first descriptor; of the others -1 is none.
 */
void	shared_wait_open(struct shared_wait *, const int *fds, size_t n);

/*
 * Wait for something on those that are wanted, for so many ms, and say on
 * which; signals of the mask are heard meanwhile.  What a process was woken for
 * and does not take, another finds after its own ms.  Returns how many are
 * ready, or -1 with errno.
 */
int	shared_wait(const struct shared_wait *, const bool *wanted,
	    bool *ready, int ms, const sigset_t *);

void	shared_wait_close(struct shared_wait *);

#endif
