/*
 * The signing keys, and tokens made with them.  Of a private key only what
 * private.h holds is kept, and it leaves in no form.
 */
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "keyfile.h"
#include "log.h"
#include "private.h"

#define HEADER_MAX	256

struct keyring {
	struct private_key	*active;
	char			 header[HEADER_MAX];	/* encoded, with its dot */
	size_t			 header_len;
	json_t			*jwks;
};

/* RFC 9068 section 2.1: typ is at+jwt */
static int
make_header(struct keyring *ring, EVP_PKEY *pkey, enum jwk_alg alg)
{
	char kid[JWK_THUMBPRINT + 1], json[HEADER_MAX / 2];
	int n;

	if (jwk_thumbprint(pkey, kid) == -1)
		return (-1);
	n = snprintf(json, sizeof(json),
	    "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	    jwk_alg_name(alg), kid);
	if (n < 0 || (size_t)n >= sizeof(json) ||
	    BASE64URL_LEN((size_t)n) + 2 > sizeof(ring->header))
		return (-1);
	ring->header_len = base64url_encode(ring->header,
	    sizeof(ring->header), json, (size_t)n);
	ring->header[ring->header_len++] = '.';
	return (0);
}

static int
add_key(struct keyring *ring, const struct conf_key *key)
{
	char err[512];
	enum jwk_alg alg;
	EVP_PKEY *pkey;
	json_t *keys, *jwk;
	int rc;

	if ((pkey = keyfile_load_conf(key, &alg, err, sizeof(err))) == NULL) {
		log_warnx("%s", err);
		return (-1);
	}
	keys = json_object_get(ring->jwks, "keys");
	/* the active key comes first, for verifiers that look no further */
	if ((jwk = jwk_public(pkey, alg)) == NULL ||
	    (key->retired ? json_array_append_new(keys, jwk) :
	    json_array_insert_new(keys, 0, jwk)) == -1) {
		log_warnx("%s: its public key cannot be written", key->path);
		EVP_PKEY_free(pkey);
		return (-1);
	}
	rc = 0;
	/* nothing is signed with a retired key */
	if (!key->retired && (make_header(ring, pkey, alg) == -1 ||
	    (ring->active = private_key_new(pkey, alg)) == NULL)) {
		log_warnx("%s: cannot sign with it", key->path);
		rc = -1;
	}
	EVP_PKEY_free(pkey);
	return (rc);
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
	private_key_free(ring->active);
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
	rest = ring->header_len + 1 +
	    BASE64URL_LEN(private_key_size(ring->active)) + 1;
	if (size <= rest)
		return (0);
	return ((size - rest) / 4 * 3);
}

size_t
keyring_sign(struct keyring *ring, const char *claims, size_t len, char *out,
    size_t size)
{
	uint8_t sig[JWS_SIGNATURE_MAX];
	size_t n, sig_len;

	if (len == 0 || len > keyring_claims_max(ring, size))
		return (0);
	memcpy(out, ring->header, ring->header_len);
	n = ring->header_len;
	n += base64url_encode(out + n, size - n, claims, len);
	if ((sig_len = private_key_sign(ring->active, out, n, sig)) == 0)
		return (0);
	out[n++] = '.';
	n += base64url_encode(out + n, size - n, sig, sig_len);
	return (n);
}
