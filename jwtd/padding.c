/*
 * The two encodings of RSA signatures in TLS; see padding.h.  It needs a hash
 * function and no key.
 */
#include "padding.h"

#include <string.h>

#include <openssl/evp.h>

#define PREFIX		19
#define DIGEST_MAX	64
#define EM_MAX		1024
#define TRAILER		0xbc

struct hash {
	size_t		  len;
	const EVP_MD	*(*md)(void);
	/* RFC 8017 section 9.2, note 1 */
	uint8_t		  prefix[PREFIX];
};

static const struct hash hashes[] = {
	{ 32, EVP_sha256, { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
	    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
	    0x20 } },
	{ 48, EVP_sha384, { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
	    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04,
	    0x30 } },
	{ 64, EVP_sha512, { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
	    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04,
	    0x40 } }
};
#define HASHES	(sizeof(hashes) / sizeof(hashes[0]))

const uint8_t *
padding_digest(const uint8_t *info, size_t len, size_t *digest_len)
{
	size_t i;

	for (i = 0; i < HASHES; i++)
		if (len == PREFIX + hashes[i].len &&
		    memcmp(info, hashes[i].prefix, PREFIX) == 0) {
			*digest_len = hashes[i].len;
			return (info + PREFIX);
		}
	return (NULL);
}

/* XOR with the mask of that seed, RFC 8017 section B.2.1.  False: no memory. */
static bool
unmask(const struct hash *hash, const uint8_t *seed, uint8_t *p, size_t len)
{
	uint8_t block[DIGEST_MAX + 4], mask[DIGEST_MAX];
	uint32_t counter;
	size_t i;

	memcpy(block, seed, hash->len);
	for (counter = 0; len > 0; counter++) {
		block[hash->len] = (uint8_t)(counter >> 24);
		block[hash->len + 1] = (uint8_t)(counter >> 16);
		block[hash->len + 2] = (uint8_t)(counter >> 8);
		block[hash->len + 3] = (uint8_t)counter;
		if (EVP_Digest(block, hash->len + 4, mask, NULL, hash->md(),
		    NULL) != 1)
			return (false);
		for (i = 0; i < hash->len && len > 0; i++, len--)
			*p++ ^= mask[i];
	}
	return (true);
}

/*
 * DB is zeros, a one and the salt, once it is unmasked; the bits above those of
 * EM were cleared after masking, so they are not looked at.
 */
static bool
is_pss_of(const struct hash *hash, const uint8_t *em, size_t len,
    unsigned int top_bits)
{
	uint8_t db[EM_MAX];
	size_t db_len, zeros, i;

	if (len < 2 * hash->len + 2)
		return (false);
	db_len = len - hash->len - 1;
	memcpy(db, em, db_len);
	if (!unmask(hash, em + db_len, db, db_len))
		return (false);
	db[0] &= (uint8_t)(0xff >> top_bits);
	zeros = db_len - hash->len - 1;
	for (i = 0; i < zeros; i++)
		if (db[i] != 0)
			return (false);
	return (db[zeros] == 1);
}

bool
padding_is_pss(const uint8_t *em, size_t len, unsigned int modulus_bits)
{
	unsigned int em_bits, top_bits;
	size_t i;

	if (modulus_bits < 16 || len != (modulus_bits + 7) / 8 ||
	    len > EM_MAX || em[len - 1] != TRAILER)
		return (false);
	em_bits = modulus_bits - 1;
	/* it is a byte shorter than this modulus */
	if (em_bits % 8 == 0) {
		if (em[0] != 0)
			return (false);
		em++;
		len--;
	}
	top_bits = (unsigned int)(8 * len) - em_bits;
	if ((em[0] & ~(0xff >> top_bits) & 0xff) != 0)
		return (false);
	for (i = 0; i < HASHES; i++)
		if (is_pss_of(&hashes[i], em, len, top_bits))
			return (true);
	return (false);
}
