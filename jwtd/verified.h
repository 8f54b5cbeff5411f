/*
 * Tokens that this worker has verified, and the answers that they got: one that
 * is seen again costs a hash and no signature.  What is kept is a keyed hash of
 * the token, under a key made at start, and never the token.
 */
#ifndef VERIFIED_H
#define VERIFIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwt.h"

#define VERIFIED_ENTRIES	4096
#define VERIFIED_WAYS		4	/* entries that a token may have */
#define VERIFIED_FIELDS_MAX	1024	/* bytes of a kept answer */

struct verified;

/* a token, for the two below */
struct verified_tag {
	uint8_t		 hash[16];
};

/*
 * As large as it ever gets, besides the answers.  Returns NULL with errno; the
 * other functions take NULL for one that is always empty.
 */
struct verified	*verified_new(void);

/* With NULL, one that is of no use. */
void		 verified_tag(const struct verified *, const char *token,
		    size_t len, struct verified_tag *);

/*
 * The fields of the answer that the token got at that place, if it is still
 * within its times, or NULL.  They are good until the next call.
 */
const char	*verified_find(struct verified *, const void *place,
		    const struct verified_tag *, int64_t now,
		    size_t *fields_len);

/*
 * The token is good at that place within those times, until verified_forget().
 * Long answers are not kept.
 */
void		 verified_keep(struct verified *, const void *place,
		    const struct verified_tag *, const struct jwt_times *,
		    const char *fields, size_t fields_len);

/*
 * Keys or what is revoked have changed: whatever was verified has to be again.
 */
void		 verified_forget(struct verified *);

#endif
