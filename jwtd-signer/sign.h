/* The signing keys of the configuration, and tokens made with them. */
#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "jwk.h"

struct keyring;

/*
 * Load every key of the signer block, those of a directory after keydir_fill().
 * Returns NULL after a message that names the file.
 */
struct keyring	*keyring_load(const struct conf_signer *);
void		 keyring_free(struct keyring *);

/*
 * From now on, sign with the key whose turn it is at that time.  It is that of
 * the load until then.
 */
void		 keyring_at(struct keyring *, int64_t now);

/* Which key that is: each of them has another number, and keeps it. */
size_t		 keyring_turn(const struct keyring *);

/* The public keys as a JWK set, which the caller frees. */
char		*keyring_jwks(const struct keyring *);

/* When the certificates of the key that signs expire; 0: it has none. */
uint64_t	 keyring_expiry(const struct keyring *);

/*
 * Make the token, JWS compact serialization (RFC 7515 section 7.1), of these
 * claims.  Returns its length, or 0 if it does not fit or cannot be signed.
 */
size_t		 keyring_sign(struct keyring *, const char *claims, size_t len,
		    char *out, size_t size);

/* the most claims that keyring_sign() can put into size bytes of token */
size_t		 keyring_claims_max(const struct keyring *, size_t size);

#endif
