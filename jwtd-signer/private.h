/* A private key, ready to sign. */
#ifndef PRIVATE_H
#define PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "jws.h"

struct private_key;

/* Returns NULL if the key cannot sign so.  The caller keeps its own key. */
struct private_key *private_key_new(EVP_PKEY *, enum jwk_alg);
void		 private_key_free(struct private_key *);

/* bytes of each signature */
size_t		 private_key_size(const struct private_key *);

/* The JWS signature of the text.  Returns its length, or 0. */
size_t		 private_key_sign(struct private_key *, const void *text,
		    size_t len, uint8_t out[JWS_SIGNATURE_MAX]);

#endif
