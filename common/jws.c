/* JWS signatures; see jws.h. */
#include "jws.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <sodium.h>
#include <string.h>

#define SHA256_SIZE	32
#define HALF		(JWS_ES256_SIZE / 2)
#define DER_MAX		(2 + 2 * (2 + 1 + HALF))

bool
jws_set_up(EVP_PKEY_CTX *ctx, enum jwk_alg alg)
{
	if (EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1)
		return (false);
	switch (alg) {
	case JWK_RS256:
		return (EVP_PKEY_CTX_set_rsa_padding(ctx,
		    RSA_PKCS1_PADDING) == 1);
	case JWK_PS256:
		/* RFC 7518 section 3.5: a salt as long as the hash */
		return (EVP_PKEY_CTX_set_rsa_padding(ctx,
		    RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
		    RSA_PSS_SALTLEN_DIGEST) == 1);
	case JWK_ES256:
		return (true);
	case JWK_EDDSA:
		break;
	}
	return (false);
}

/* RFC 7518 section 3.4: r and s, each of 32 bytes, however small it is */
bool
jws_from_der(const uint8_t *der, size_t len, uint8_t out[JWS_ES256_SIZE])
{
	const unsigned char *p;
	const BIGNUM *r, *s;
	ECDSA_SIG *sig;
	bool good;

	if (len > DER_MAX)
		return (false);
	p = der;
	if ((sig = d2i_ECDSA_SIG(NULL, &p, (long)len)) == NULL)
		return (false);
	ECDSA_SIG_get0(sig, &r, &s);
	good = p == der + len && !BN_is_negative(r) && !BN_is_negative(s) &&
	    BN_bn2binpad(r, out, HALF) == HALF &&
	    BN_bn2binpad(s, out + HALF, HALF) == HALF;
	ECDSA_SIG_free(sig);
	return (good);
}

/* Returns the length, or 0. */
static size_t
to_der(const uint8_t in[JWS_ES256_SIZE], uint8_t out[DER_MAX])
{
	ECDSA_SIG *sig;
	unsigned char *p;
	BIGNUM *r, *s;
	int n;

	sig = ECDSA_SIG_new();
	r = BN_bin2bn(in, HALF, NULL);
	s = BN_bin2bn(in + HALF, HALF, NULL);
	if (sig == NULL || r == NULL || s == NULL ||
	    ECDSA_SIG_set0(sig, r, s) != 1) {
		ECDSA_SIG_free(sig);
		BN_free(r);
		BN_free(s);
		return (0);
	}
	/* two numbers of 32 bytes cannot need more than DER_MAX */
	p = out;
	n = i2d_ECDSA_SIG(sig, &p);
	ECDSA_SIG_free(sig);
	return (n > 0 ? (size_t)n : 0);
}

static EVP_PKEY_CTX *
verify_context(const struct jwk *key)
{
	EVP_PKEY_CTX *ctx;

	if ((ctx = EVP_PKEY_CTX_new(key->pkey, NULL)) == NULL)
		return (NULL);
	if (EVP_PKEY_verify_init(ctx) != 1 || !jws_set_up(ctx, key->alg)) {
		EVP_PKEY_CTX_free(ctx);
		return (NULL);
	}
	return (ctx);
}

static EVP_MD_CTX *
digest_context(void)
{
	EVP_MD_CTX *ctx;

	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return (NULL);
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		return (NULL);
	}
	return (ctx);
}

void
jws_keep(struct jwk *key)
{
	if (key->alg == JWK_EDDSA || !jwk_alg_fits(key->alg, key->pkey))
		return;
	if (key->verify == NULL)
		key->verify = verify_context(key);
	if (key->digest == NULL)
		key->digest = digest_context();
	ERR_clear_error();
}

static bool
sha256(const struct jwk *key, const void *text, size_t len,
    uint8_t digest[SHA256_SIZE])
{
	if (key->digest == NULL)
		return (EVP_Digest(text, len, digest, NULL, EVP_sha256(),
		    NULL) == 1);
	/* without a type, begin again with the one that it has */
	return (EVP_DigestInit_ex(key->digest, NULL, NULL) == 1 &&
	    EVP_DigestUpdate(key->digest, text, len) == 1 &&
	    EVP_DigestFinal_ex(key->digest, digest, NULL) == 1);
}

static bool
evp_verify(const struct jwk *key, const uint8_t *digest, const uint8_t *sig,
    size_t sig_len)
{
	EVP_PKEY_CTX *ctx;
	bool good;

	if ((ctx = key->verify) == NULL && (ctx = verify_context(key)) == NULL)
		return (false);
	good = EVP_PKEY_verify(ctx, sig, sig_len, digest, SHA256_SIZE) == 1;
	if (ctx != key->verify)
		EVP_PKEY_CTX_free(ctx);
	return (good);
}

/* libcrypto refuses an r or s that is 0 or not less than the group's order */
static bool
ecdsa_verify(const struct jwk *key, const uint8_t *digest, const uint8_t *sig,
    size_t sig_len)
{
	uint8_t der[DER_MAX];
	size_t n;

	return (sig_len == JWS_ES256_SIZE && (n = to_der(sig, der)) > 0 &&
	    evp_verify(key, digest, der, n));
}

/*
 * RFC 8032 section 5.1.7.  libsodium, which is twice as fast at it, refuses an
 * S that is not less than the group's order, and keys of small order.
 */
static bool
ed25519_verify(const struct jwk *key, const void *text, size_t len,
    const uint8_t *sig, size_t sig_len)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	size_t n;

	n = sizeof(public);
	return (sig_len == crypto_sign_BYTES &&
	    EVP_PKEY_get_raw_public_key(key->pkey, public, &n) == 1 &&
	    n == sizeof(public) &&
	    crypto_sign_verify_detached(sig, text, len, public) == 0);
}

bool
jws_verify(const struct jwk *key, const void *text, size_t len,
    const uint8_t *sig, size_t sig_len)
{
	uint8_t digest[SHA256_SIZE];
	bool good;

	/* whatever the header of a token said */
	if (!jwk_alg_fits(key->alg, key->pkey))
		return (false);
	if (key->alg == JWK_EDDSA)
		return (ed25519_verify(key, text, len, sig, sig_len));
	if (!sha256(key, text, len, digest))
		good = false;
	else if (key->alg == JWK_ES256)
		good = ecdsa_verify(key, digest, sig, sig_len);
	else
		/* RFC 8017 sections 8.1.2, 8.2.2: as long as the modulus */
		good = sig_len == (size_t)EVP_PKEY_size(key->pkey) &&
		    evp_verify(key, digest, sig, sig_len);
	/* why it does not match is nobody's business, least of all libtls's */
	if (ERR_peek_error() != 0)
		ERR_clear_error();
	return (good);
}
