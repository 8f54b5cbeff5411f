/*
 * How many signers may hash passwords at the same time, and whose turn it is.
 * In memory that all signers share, without locks; what a dead signer had there
 * is given back by its master.
 */
#ifndef HASHING_H
#define HASHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/* how often one that waits has to ask */
#define HASHING_ASK_MS	2
/* who holds a place for longer hangs, and another may have it */
#define HASHING_LEASE	2000	/* ms */

struct hashing_waiter {
	uint64_t	since;		/* clock_ms(); 0: it does not wait */
	uint64_t	seen;		/* when it last asked */
};

struct hashing {
	size_t			 places;
	/* since when which signer hashes there; 0: nobody does */
	uint64_t		 taken[CONF_MAX_SIGNERS];
	struct hashing_waiter	 waiters[CONF_MAX_SIGNERS];
};

/*
 * No more than there are processors, since that gains nothing and costs memory;
 * and one signer less than there are, for requests that need no hash.
 */
void	hashing_init(struct hashing *, unsigned int signers,
	    long processors);

/*
 * May the signer in that slot hash for a request that it has since then?
 * Among those that wait the oldest is first.  hashing_begin() also takes the
 * place, and if it did, hashing_done() must follow.
 */
bool	hashing_turn(const struct hashing *, size_t slot, uint64_t since,
	    uint64_t now);
bool	hashing_begin(struct hashing *, size_t slot, uint64_t since,
	    uint64_t now);
void	hashing_done(struct hashing *, size_t slot);

/* That signer has a request that waits since then; 0: it has none. */
void	hashing_wait(struct hashing *, size_t slot, uint64_t since,
	    uint64_t now);

#endif
