/* Memory with secrets in it, kept out of swap. */
#ifndef MEMLOCK_H
#define MEMLOCK_H

#include <stdbool.h>

/* Can memlock() work in a child that calls memlock_allow()? */
bool	memlock_available(void);

/* As root, before that is given up: let this process lock what it likes. */
void	memlock_allow(void);

/*
 * Lock what is mapped now; a child has to do it again.  What comes later is not
 * locked, since a password hash needs more than most may lock.  Returns 0, or
 * -1 with errno if the system does not let us.
 */
int	memlock(void);

#endif
