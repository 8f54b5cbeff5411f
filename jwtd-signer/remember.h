/*
 * Passwords that were found to be right a short time ago, as keyed hashes of
 * them with the user and the stored hash: another stored hash is another
 * password. A table of fixed size in memory that all signers share, without
 * locks.
 */
#ifndef REMEMBER_H
#define REMEMBER_H

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

#define REMEMBER_SETS	4096		/* a power of 2 */
#define REMEMBER_WAYS	8

struct remember_entry {
	uint64_t	 expires;	/* clock_ms(); 0: nothing is there */
	uint64_t	 tag[2];
};

struct remember {
	uint8_t			 key[crypto_generichash_KEYBYTES];
	uint64_t		 ms;	/* for that long; 0: never */
	struct remember_entry	 sets[REMEMBER_SETS][REMEMBER_WAYS];
};

/* For that many seconds; 0: nothing is remembered.  It is all zero. */
void	remember_init(struct remember *, unsigned int seconds);

/*
 * Was the password right for that user with that stored hash?  It takes the
 * same time whichever it is.  now is clock_ms().
 */
bool	remember_known(const struct remember *, const char *hash,
	    const char *user, const char *password, uint64_t now);

/* It was right just now. */
void	remember_add(struct remember *, const char *hash, const char *user,
	    const char *password, uint64_t now);

#endif
