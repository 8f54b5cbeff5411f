/*
 * What a TLS signature with RSA is made of, before the key is used: pure
 * functions that tell it from anything else that could be put to a key.
 */
#ifndef PADDING_H
#define PADDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The digest in a DER DigestInfo of SHA-256, SHA-384 or SHA-512 (RFC 8017
 * section 9.2), and its length.  NULL for anything else.
 */
const uint8_t	*padding_digest(const uint8_t *info, size_t len,
		    size_t *digest_len);

/*
 * Is that EMSA-PSS (RFC 8017 section 9.1.1) for a modulus of so many bits, with
 * one of these hashes, MGF1 with the same and a salt of its length, which is
 * what TLS has (RFC 8446 section 4.2.3)?  Nobody can make it so for bytes of
 * his choice: a ciphertext or a signature of another form is never that.
 */
bool		 padding_is_pss(const uint8_t *em, size_t len,
		    unsigned int modulus_bits);

#endif
