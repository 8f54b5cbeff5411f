/*
 * Public keys on their way: from the process that has checked them, through the
 * parent, which does not read them, to the workers.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct child;
struct control;
struct generation;

/*
 * With what the generation before, or NULL, has of servers that are asked for
 * their keys: they may not answer just now.
 */
void	keys_init(struct generation *, const struct generation *before);
void	keys_free(struct generation *);

/*
 * An empty file for the next set of that issuer, the parent's to close; or -1
 * with errno.
 */
int	keys_next(struct generation *, size_t issuer);

/*
 * What a worker that will start, or that was short of room, does not have yet.
 * Returns false if it lacks some still.
 */
void	keys_owe_all(const struct generation *, struct child *worker);
bool	keys_give(const struct generation *, struct child *worker);

/*
 * What a new trust process has to know of each issuer; and the files that it
 * lacks, since it has written one or was short of room.  Both return false if
 * there is more.
 */
bool	keys_brief_trust(struct generation *);
bool	keys_give_trust(struct generation *);
/* ...and what it says, as child->hear. */
void	keys_hear_trust(struct generation *, const struct control *);
/* as child->ready_hook */
void	keys_signer_ready(struct generation *);
void	keys_trust_ready(struct generation *);
/* as child->hear: what a worker says */
void	keys_hear_worker(struct generation *, const struct control *);

/* Are there all that workers cannot start without? */
bool	keys_complete(const struct generation *);

#endif
