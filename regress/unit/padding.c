/* jwtd/padding.c: signatures of TLS, and what only looks like one. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "padding.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

#define EM_MAX	1024

static EVP_PKEY *
make_key(int bits)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	pkey = NULL;
	if ((ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL)) == NULL ||
	    EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1 ||
	    EVP_PKEY_keygen(ctx, &pkey) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

/*
 * The block that libcrypto makes of a random digest: a signature, and what it
 * is under the public key.
 */
static size_t
encode(EVP_PKEY *pkey, const EVP_MD *md, const EVP_MD *mgf, int padding,
    int salt, uint8_t em[EM_MAX])
{
	uint8_t digest[EVP_MAX_MD_SIZE], sig[EM_MAX];
	EVP_PKEY_CTX *ctx;
	size_t n;

	arc4random_buf(digest, sizeof(digest));
	n = sizeof(sig);
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) != 1 ||
	    (padding == RSA_PKCS1_PSS_PADDING &&
	    (EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) != 1)) ||
	    EVP_PKEY_sign(ctx, sig, &n, digest,
	    (size_t)EVP_MD_size(md)) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
	if (RSA_public_decrypt((int)n, sig, em,
	    (RSA *)(uintptr_t)EVP_PKEY_get0_RSA(pkey), RSA_NO_PADDING) !=
	    (int)n)
		abort();
	return (n);
}

static void
test_good(EVP_PKEY *pkey, int bits)
{
	static const EVP_MD *(*const mds[])(void) = { EVP_sha256, EVP_sha384,
	    EVP_sha512 };
	uint8_t em[EM_MAX];
	size_t i, n;
	int round;

	for (i = 0; i < 3; i++)
		for (round = 0; round < 5; round++) {
			n = encode(pkey, mds[i](), mds[i](),
			    RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST, em);
			ok(padding_is_pss(em, n, (unsigned int)bits),
			    "PSS, %d bits, hash %zu", bits, i);
		}
}

/* its block begins with a byte that is none of it */
static void
test_short(EVP_PKEY *pkey)
{
	uint8_t em[EM_MAX];
	size_t n;
	int good, i;

	n = encode(pkey, EVP_sha256(), EVP_sha256(), RSA_PKCS1_PSS_PADDING,
	    RSA_PSS_SALTLEN_DIGEST, em);
	good = 0;
	for (i = 0; i < 256; i++) {
		em[0] = (uint8_t)i;
		good += padding_is_pss(em, n, 2041);
	}
	is_int(good, 1, "2041 bits: the first byte is 0");
}

/*
 * No room for SHA-512 and its salt, though all that there is of it is right:
 * for those who watch the memory.
 */
static void
test_small(void)
{
	uint8_t block[64 + 4], mask[64], *em;

	if ((em = malloc(128)) == NULL)
		abort();
	memset(block, 0, sizeof(block));
	if (EVP_Digest(block, sizeof(block), mask, NULL, EVP_sha512(), NULL) !=
	    1)
		abort();
	memset(em, 0, 128);
	memcpy(em, mask, 63);
	em[0] &= 0x7f;
	em[127] = 0xbc;
	ok(!padding_is_pss(em, 128, 1024), "1024 bits and SHA-512");
	free(em);
}

/* one bit that differs is enough, but for those of the salt and of the hash */
static void
test_bits(EVP_PKEY *pkey)
{
	uint8_t em[EM_MAX];
	size_t i, n;
	int good, bit;

	n = encode(pkey, EVP_sha256(), EVP_sha256(), RSA_PKCS1_PSS_PADDING,
	    RSA_PSS_SALTLEN_DIGEST, em);
	good = 0;
	for (i = 0; i < n; i++)
		for (bit = 0; bit < 8; bit++) {
			em[i] ^= (uint8_t)(1 << bit);
			good += padding_is_pss(em, n, 2048);
			em[i] ^= (uint8_t)(1 << bit);
		}
	is_int(good, 32 * 8, "a bit that differs: only in the salt");
	ok(padding_is_pss(em, n, 2048), "the block is as it was");
	ok(!padding_is_pss(em, n - 1, 2048), "a byte too few");
	ok(!padding_is_pss(em, n + 1, 2048), "a byte too many");
	for (bit = 2040; bit < 2048; bit++)
		ok(!padding_is_pss(em, n, (unsigned int)bit) ||
		    (em[0] & (0xff << (bit - 2041)) & 0xff) == 0,
		    "for a modulus of %d bits", bit);
	ok(!padding_is_pss(em, n, 0), "for no modulus");
	ok(!padding_is_pss(em, n, 8), "for next to none");
	ok(!padding_is_pss(em, 0, 2048), "nothing");
	ok(!padding_is_pss(em, n, 4096), "for a longer modulus");
}

static void
test_other(EVP_PKEY *pkey)
{
	uint8_t em[EM_MAX];
	size_t n, i;
	int good;

	n = encode(pkey, EVP_sha256(), EVP_sha256(), RSA_PKCS1_PSS_PADDING,
	    0, em);
	ok(!padding_is_pss(em, n, 2048), "PSS without a salt");
	n = encode(pkey, EVP_sha256(), EVP_sha256(), RSA_PKCS1_PSS_PADDING,
	    RSA_PSS_SALTLEN_MAX_SIGN, em);
	ok(!padding_is_pss(em, n, 2048), "PSS with the longest salt");
	n = encode(pkey, EVP_sha256(), EVP_sha512(), RSA_PKCS1_PSS_PADDING,
	    RSA_PSS_SALTLEN_DIGEST, em);
	ok(!padding_is_pss(em, n, 2048), "PSS with another MGF1");
	n = encode(pkey, EVP_sha1(), EVP_sha1(), RSA_PKCS1_PSS_PADDING,
	    RSA_PSS_SALTLEN_DIGEST, em);
	ok(!padding_is_pss(em, n, 2048), "PSS with SHA-1");
	n = encode(pkey, EVP_sha256(), NULL, RSA_PKCS1_PADDING, 0, em);
	ok(!padding_is_pss(em, n, 2048), "PKCS #1 v1.5");
	good = 0;
	for (i = 0; i < 10000; i++) {
		arc4random_buf(em, n);
		em[0] &= 0x7f;
		em[n - 1] = 0xbc;
		good += padding_is_pss(em, n, 2048);
	}
	is_int(good, 0, "what only ends like PSS");
	memset(em, 0, sizeof(em));
	em[n - 1] = 0xbc;
	ok(!padding_is_pss(em, n, 2048), "zeros that end like PSS");
}

/* what libcrypto puts under PKCS #1 v1.5 for that hash */
static void
test_digest_info(EVP_PKEY *pkey, const EVP_MD *md, size_t expect)
{
	uint8_t em[EM_MAX];
	const uint8_t *info, *digest;
	size_t n, len, info_len, i;
	int good, bit;

	n = encode(pkey, md, NULL, RSA_PKCS1_PADDING, 0, em);
	/* RFC 8017 section 9.2: 00 01 ff ... ff 00 info */
	for (i = 2; i < n && em[i] == 0xff; i++)
		;
	info = em + i + 1;
	info_len = n - i - 1;
	len = 0;
	digest = padding_digest(info, info_len, &len);
	if (expect == 0) {
		ok(digest == NULL, "a hash that is not taken");
		return;
	}
	is_int((long long)len, (long long)expect, "DigestInfo: length");
	ok(digest == info + info_len - expect, "DigestInfo: the digest");
	ok(padding_digest(info, info_len - 1, &len) == NULL, "one byte less");
	ok(padding_digest(info, info_len + 1, &len) == NULL, "one byte more");
	ok(padding_digest(digest, expect, &len) == NULL, "a digest alone");
	good = 0;
	for (i = 0; i < (info_len - expect) * 8; i++) {
		bit = 1 << (i % 8);
		em[info - em + (ptrdiff_t)(i / 8)] ^= (uint8_t)bit;
		good += padding_digest(info, info_len, &len) != NULL;
		em[info - em + (ptrdiff_t)(i / 8)] ^= (uint8_t)bit;
	}
	is_int(good, 0, "a bit before the digest that differs");
}

int
main(void)
{
	/* 2041: the block is a byte shorter than the modulus */
	static const int sizes[] = { 2048, 2047, 2041, 2050, 1056, 3072 };
	EVP_PKEY *pkey;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pkey = make_key(sizes[i]);
		test_good(pkey, sizes[i]);
		if (sizes[i] == 2041)
			test_short(pkey);
		if (i == 0) {
			test_bits(pkey);
			test_other(pkey);
			test_digest_info(pkey, EVP_sha256(), 32);
			test_digest_info(pkey, EVP_sha384(), 48);
			test_digest_info(pkey, EVP_sha512(), 64);
			test_digest_info(pkey, EVP_sha1(), 0);
			test_digest_info(pkey, EVP_sha224(), 0);
			test_digest_info(pkey, EVP_md5(), 0);
			test_digest_info(pkey, EVP_sha3_256(), 0);
		}
		EVP_PKEY_free(pkey);
	}
	test_small();
	return (done());
}
