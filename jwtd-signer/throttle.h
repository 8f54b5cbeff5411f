/*
 * How many failures to log in there were, for each user and client network. A
 * table of fixed size in memory that all signers share, without locks: a
 * signer that dies at any point leaves nothing behind that another waits for.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include <sodium.h>
#include <stdint.h>

#include "message.h"

#define THROTTLE_SETS	8192		/* a power of 2 */
#define THROTTLE_WAYS	8

struct throttle {
	uint8_t		 key[crypto_shorthash_KEYBYTES];
	uint64_t	 interval;	/* ms that one failure takes to decay */
	uint64_t	 limit;		/* ms that all may take; 0: no limit */
	/* a mark of whose it is, and when its failures will have decayed */
	uint64_t	 sets[THROTTLE_SETS][THROTTLE_WAYS];
};

/*
 * So many failures in that many seconds; 0 of them: no limit.  It is all zero.
 */
void		 throttle_init(struct throttle *, unsigned int count,
		    unsigned int seconds);

/*
 * For how many ms nobody of the request's network may try that user: 0 if he
 * may now.  Times are clock_ms().
 */
uint64_t	 throttle_wait(const struct throttle *, const char *user,
		    const struct message_request *, uint64_t now);

/* One has failed. */
void		 throttle_failed(struct throttle *, const char *user,
		    const struct message_request *, uint64_t now);

#endif
