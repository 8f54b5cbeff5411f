/* JWS signatures, RFC 7518 section 3 and RFC 8037 section 3.1. */
#ifndef JWS_H
#define JWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwk.h"

#define JWS_ES256_SIZE		64
#define JWS_SIGNATURE_MAX	(JWK_RSA_MAX / 8)

/*
 * Is that the key's signature of the text, by the key's own algorithm?  Leaves
 * nothing in libcrypto's queue of errors.
 */
bool	jws_verify(const struct jwk *, const void *text, size_t len,
	    const uint8_t *sig, size_t sig_len);
/*
 * Keep with the key what jws_verify() would make anew each time, which is a
 * fifth of its time.  jwkset_clear() frees it.
 */
void	jws_keep(struct jwk *);

/*
 * For signing, too: set up a context of EVP_PKEY_sign_init() or ..verify_init()
 * for any algorithm but EdDSA, which has no use for one; and bring what
 * EVP_PKEY_sign() made of an EC key into the form of a JWS.
 */
bool	jws_set_up(EVP_PKEY_CTX *, enum jwk_alg);
bool	jws_from_der(const uint8_t *der, size_t len,
	    uint8_t out[JWS_ES256_SIZE]);

#endif
