/*
 * The signing keys, and tokens made with them.  The private keys are in this
 * module's memory and leave it in no form.
 */
#include "sign.h"

#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "keyfile.h"
#include "log.h"

#define HEADER_MAX	256
#define SIGNATURE_MAX	(JWK_RSA_MAX / 8)

struct keyring {
	EVP_PKEY	*active;
	EVP_PKEY_CTX	*ctx;		/* kept: a new one costs a tenth more */
	char		 header[HEADER_MAX];	/* encoded, with its dot */
	size_t		 header_len;
	size_t		 signature_len;
	json_t		*jwks;
};

/* RFC 9068 section 2.1: typ is at+jwt */
static int
make_header(struct keyring *ring, EVP_PKEY *pkey)
{
	char kid[JWK_THUMBPRINT + 1], json[HEADER_MAX / 2];
	int n;

	if (jwk_thumbprint(pkey, kid) == -1)
		return (-1);
	n = snprintf(json, sizeof(json),
	    "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	    jwk_alg_name(JWK_RS256), kid);
	if (n < 0 || (size_t)n >= sizeof(json) ||
	    BASE64URL_LEN((size_t)n) + 2 > sizeof(ring->header))
		return (-1);
	ring->header_len = base64url_encode(ring->header,
	    sizeof(ring->header), json, (size_t)n);
	ring->header[ring->header_len++] = '.';
	return (0);
}

/* RS256, RFC 7518 section 3.3 */
static EVP_PKEY_CTX *
make_context(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx;

	if ((ctx = EVP_PKEY_CTX_new(pkey, NULL)) == NULL)
		return (NULL);
	if (EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return (NULL);
	}
	return (ctx);
}

static int
add_key(struct keyring *ring, const struct conf_key *key)
{
	char err[512];
	EVP_PKEY *pkey;
	json_t *keys, *jwk;

	if ((pkey = keyfile_load(key->path, err, sizeof(err))) == NULL) {
		log_warnx("%s", err);
		return (-1);
	}
	keys = json_object_get(ring->jwks, "keys");
	/* the active key comes first, for verifiers that look no further */
	if ((jwk = jwk_public(pkey, JWK_RS256)) == NULL ||
	    (key->retired ? json_array_append_new(keys, jwk) :
	    json_array_insert_new(keys, 0, jwk)) == -1) {
		log_warnx("%s: its public key cannot be written", key->path);
		EVP_PKEY_free(pkey);
		return (-1);
	}
	/* nothing is signed with a retired key, so its private half goes */
	if (key->retired) {
		EVP_PKEY_free(pkey);
		return (0);
	}
	ring->active = pkey;
	ring->signature_len = (size_t)EVP_PKEY_size(pkey);
	if (make_header(ring, pkey) == -1 ||
	    (ring->ctx = make_context(pkey)) == NULL) {
		log_warnx("%s: cannot sign with it", key->path);
		return (-1);
	}
	return (0);
}

struct keyring *
keyring_load(const struct conf_signer *conf)
{
	const struct conf_key *key;
	struct keyring *ring;

	if ((ring = calloc(1, sizeof(*ring))) == NULL ||
	    (ring->jwks = json_pack("{s:[]}", "keys")) == NULL)
		fatal("keyring");
	TAILQ_FOREACH(key, &conf->keys, entry)
		if (add_key(ring, key) == -1) {
			keyring_free(ring);
			return (NULL);
		}
	return (ring);
}

void
keyring_free(struct keyring *ring)
{
	EVP_PKEY_CTX_free(ring->ctx);
	EVP_PKEY_free(ring->active);
	json_decref(ring->jwks);
	free(ring);
}

char *
keyring_jwks(const struct keyring *ring)
{
	return (json_dumps(ring->jwks, JSON_COMPACT));
}

size_t
keyring_claims_max(const struct keyring *ring, size_t size)
{
	size_t rest;

	/* header and dot, claims, dot, signature, NUL */
	rest = ring->header_len + 1 + BASE64URL_LEN(ring->signature_len) + 1;
	if (size <= rest)
		return (0);
	return ((size - rest) / 4 * 3);
}

size_t
keyring_sign(struct keyring *ring, const char *claims, size_t len, char *out,
    size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE], sig[SIGNATURE_MAX];
	unsigned int digest_len;
	size_t n, sig_len;

	if (len == 0 || len > keyring_claims_max(ring, size))
		return (0);
	memcpy(out, ring->header, ring->header_len);
	n = ring->header_len;
	n += base64url_encode(out + n, size - n, claims, len);
	if (EVP_Digest(out, n, digest, &digest_len, EVP_sha256(), NULL) != 1)
		return (0);
	sig_len = sizeof(sig);
	if (EVP_PKEY_sign(ring->ctx, sig, &sig_len, digest, digest_len) != 1)
		return (0);
	out[n++] = '.';
	n += base64url_encode(out + n, size - n, sig, sig_len);
	return (n);
}
