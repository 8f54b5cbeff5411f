/* The files of trust blocks, and when they have changed.  In the parent. */
#ifndef WATCH_H
#define WATCH_H

struct generation;

void	watch_init(struct generation *);
void	watch_free(struct generation *);

/* Give all of them, as they are now, to the trust process.  0 or -1. */
int	watch_all(struct generation *);

/*
 * If it is time, look at each and give the trust process those that are new.
 * Returns the ms until it is time again, or -1 if there are none.
 */
int	watch_look(struct generation *);

#endif
