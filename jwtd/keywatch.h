/* The signer's directory of keys, and when others are to be loaded. */
#ifndef KEYWATCH_H
#define KEYWATCH_H

#include <stdbool.h>

struct generation;

/* What is there now, which its signers are going to load. */
void	keywatch_init(struct generation *);
void	keywatch_free(struct generation *);

/* Returns the ms until it is time to look, or -1 if there is no directory. */
int	keywatch_wait(struct generation *);

/*
 * If it is time, look.  Returns true, after a message, if another generation
 * should be started.
 */
bool	keywatch_changed(struct generation *);

#endif
