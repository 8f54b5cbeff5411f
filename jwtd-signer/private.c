/*
 * A private key, ready to sign: for RSA and P-256 a context of libcrypto, kept
 * because a new one costs a tenth more; for Ed25519, which libsodium signs
 * twice as fast, its secret in guarded memory and nowhere else.
 */
#include "private.h"

#include <openssl/err.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct private_key {
	enum jwk_alg	 alg;
	size_t		 size;
	EVP_PKEY_CTX	*ctx;		/* or NULL */
	unsigned char	*ed25519;	/* or NULL; of sodium_malloc() */
};

/* RFC 8032 section 5.1.5: the secret is a seed, and the rest comes from it */
static unsigned char *
get_ed25519(EVP_PKEY *pkey)
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES];
	unsigned char *seed, *secret;
	size_t n;
	bool good;

	n = crypto_sign_SEEDBYTES;
	seed = sodium_malloc(n);
	secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	good = seed != NULL && secret != NULL &&
	    EVP_PKEY_get_raw_private_key(pkey, seed, &n) == 1 &&
	    n == crypto_sign_SEEDBYTES &&
	    crypto_sign_seed_keypair(public, secret, seed) == 0 &&
	    sodium_mprotect_readonly(secret) == 0;
	sodium_free(seed);
	if (!good) {
		sodium_free(secret);
		return (NULL);
	}
	return (secret);
}

static EVP_PKEY_CTX *
make_context(EVP_PKEY *pkey, enum jwk_alg alg)
{
	EVP_PKEY_CTX *ctx;

	if ((ctx = EVP_PKEY_CTX_new(pkey, NULL)) == NULL)
		return (NULL);
	if (EVP_PKEY_sign_init(ctx) != 1 || !jws_set_up(ctx, alg)) {
		EVP_PKEY_CTX_free(ctx);
		return (NULL);
	}
	return (ctx);
}

struct private_key *
private_key_new(EVP_PKEY *pkey, enum jwk_alg alg)
{
	struct private_key *key;
	bool good;

	if (!jwk_alg_fits(alg, pkey) || (key = calloc(1, sizeof(*key))) == NULL)
		return (NULL);
	key->alg = alg;
	if (alg == JWK_EDDSA) {
		key->size = crypto_sign_BYTES;
		good = (key->ed25519 = get_ed25519(pkey)) != NULL;
	} else {
		key->size = alg == JWK_ES256 ? JWS_ES256_SIZE :
		    (size_t)EVP_PKEY_size(pkey);
		good = (key->ctx = make_context(pkey, alg)) != NULL;
	}
	ERR_clear_error();
	if (!good) {
		private_key_free(key);
		return (NULL);
	}
	return (key);
}

void
private_key_free(struct private_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_CTX_free(key->ctx);
	sodium_free(key->ed25519);
	free(key);
}

size_t
private_key_size(const struct private_key *key)
{
	return (key->size);
}

size_t
private_key_sign(struct private_key *key, const void *text, size_t len,
    uint8_t out[JWS_SIGNATURE_MAX])
{
	uint8_t digest[EVP_MAX_MD_SIZE], sig[JWS_SIGNATURE_MAX];
	unsigned int digest_len;
	size_t n;

	if (key->alg == JWK_EDDSA)
		return (crypto_sign_detached(out, NULL, text, len,
		    key->ed25519) == 0 ? key->size : 0);
	n = sizeof(sig);
	if (EVP_Digest(text, len, digest, &digest_len, EVP_sha256(), NULL) !=
	    1 || EVP_PKEY_sign(key->ctx, sig, &n, digest, digest_len) != 1)
		return (0);
	if (key->alg == JWK_ES256)
		return (jws_from_der(sig, n, out) ? key->size : 0);
	memcpy(out, sig, n);
	return (n);
}
