/*
 * The requests that a signer has put off, because they need a hash and others
 * are hashing.  Each worker has the same share of the room, and they take
 * turns, so that one that asks for much takes nothing from the others.
 */
#ifndef DEFER_H
#define DEFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "message.h"

#define DEFER_MAX	256

struct deferred {
	uint64_t		 since;		/* clock_ms(); 0: it is free */
	uint64_t		 order;
	size_t			 worker;
	struct message_request	 request;
};

struct defer {
	size_t		 share;			/* of each worker */
	size_t		 n;
	size_t		 count[CONF_MAX_WORKERS];
	size_t		 turn;			/* the last worker's */
	uint64_t	 order;
	struct deferred	 all[DEFER_MAX];
};

/* It is all zero. */
void		 defer_init(struct defer *, size_t workers);

/* Is there room for one more of that worker's? */
bool		 defer_room(const struct defer *, size_t worker);

/* There must be.  Returns its index in all. */
size_t		 defer_add(struct defer *, size_t worker,
		    const struct message_request *, uint64_t now);

/* When the oldest was put off; 0: there is none. */
uint64_t	 defer_oldest(const struct defer *);

/* The oldest of the worker whose turn it is, or NULL. */
struct deferred	*defer_next(struct defer *);

/* It is done with: wipe it, and let the next worker have its turn. */
void		 defer_remove(struct defer *, struct deferred *);

#endif
