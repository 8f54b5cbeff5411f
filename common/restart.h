/* When to start a child again: at once, and ever later while it keeps dying. */
#ifndef RESTART_H
#define RESTART_H

#include <stdint.h>

struct restart {
	uint64_t	 started;	/* ms */
	uint64_t	 due;		/* ms; 0: at once */
	unsigned int	 delay;		/* ms */
};

/* ms until it may start; 0 if it may now */
int	restart_wait(const struct restart *, uint64_t now);
void	restart_started(struct restart *, uint64_t now);
/* it died by itself */
void	restart_ended(struct restart *, uint64_t now);
/* it ended because it was told to */
void	restart_reset(struct restart *);

#endif
