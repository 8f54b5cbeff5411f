/*
 * The signing keys, and tokens made with them: each with the key whose turn it
 * is by the clock.  Of a private key only what private.h holds is kept, and it
 * leaves in no form.
 */
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base64url.h"
#include "keyfile.h"
#include "log.h"
#include "message.h"
#include "private.h"
#include "x5c.h"

/* the most that it may take of a token, which is to have claims too */
#define HEADER_MAX	(MESSAGE_TOKEN_MAX / 2)

struct signing {
	struct private_key	*key;
	char			*header;	/* encoded, with its dot */
	size_t			 header_len;
	int64_t			 since;		/* it signs from then */
	uint64_t		 expiry;	/* of certificates, or 0 */
};

struct keyring {
	struct signing		*signing;	/* by time */
	size_t			 n;
	const struct signing	*active;
	json_t			*jwks;
};

/*
 * RFC 9068 section 2.1: typ is at+jwt.  x5c may be NULL.  The text is the
 * caller's, or NULL.
 */
static char *
header_text(EVP_PKEY *pkey, enum jwk_alg alg, json_t *x5c)
{
	char kid[JWK_THUMBPRINT + 1], *text;
	json_t *header;

	text = NULL;
	if (jwk_thumbprint(pkey, kid) == -1)
		return (NULL);
	header = json_pack("{s:s, s:s, s:s}", "alg", jwk_alg_name(alg), "typ",
	    "at+jwt", "kid", kid);
	if (header != NULL && (x5c == NULL ||
	    json_object_set(header, "x5c", x5c) == 0))
		text = json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(header);
	return (text);
}

/* The header of all tokens of that key.  Returns -1 after a message. */
static int
make_header(struct signing *new, const struct conf_key *key, EVP_PKEY *pkey,
    enum jwk_alg alg)
{
	json_t *x5c;
	size_t len, size;
	char *text;

	x5c = NULL;
	if (key->certificate != NULL && (x5c = x5c_load(key->certificate,
	    pkey, key->path, &new->expiry)) == NULL)
		return (-1);
	text = header_text(pkey, alg, x5c);
	json_decref(x5c);
	len = text == NULL ? 0 : strlen(text);
	size = BASE64URL_LEN(len) + 2;
	if (size > HEADER_MAX)
		log_warnx("%s: %zu bytes in every token are too large: at "
		    "most %zu", key->certificate, size, HEADER_MAX);
	else if (text == NULL || (new->header = malloc(size)) == NULL)
		log_warnx("%s: out of memory", key->path);
	else {
		new->header_len = base64url_encode(new->header, size, text,
		    len);
		new->header[new->header_len++] = '.';
	}
	free(text);
	return (new->header == NULL ? -1 : 0);
}

/* Make it ready to sign.  Returns -1 after a message. */
static int
add_signing(struct keyring *ring, const struct conf_key *key, EVP_PKEY *pkey,
    enum jwk_alg alg)
{
	struct signing *all, *new;

	/* what moves are pointers, and no part of a key */
	all = reallocarray(ring->signing, ring->n + 1, sizeof(*all));
	if (all == NULL) {
		log_warnx("%s: out of memory", key->path);
		return (-1);
	}
	ring->signing = all;
	new = &all[ring->n++];
	memset(new, 0, sizeof(*new));
	new->since = key->since;
	if (make_header(new, key, pkey, alg) == -1)
		return (-1);
	if ((new->key = private_key_new(pkey, alg)) == NULL) {
		log_warnx("%s: cannot sign with it", key->path);
		return (-1);
	}
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
	/*
	 * Nothing is signed with a retired key, and its certificate not read;
	 * but for those whose turn comes, or would come again with the time.
	 */
	rc = key->retired && !key->found ? 0 :
	    add_signing(ring, key, pkey, alg);
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
	keyring_at(ring, (int64_t)time(NULL));
	return (ring);
}

/* As rotation_active(). */
void
keyring_at(struct keyring *ring, int64_t now)
{
	size_t i;

	if (ring->n == 0)
		return;
	for (i = ring->n - 1; i > 0 && ring->signing[i].since > now; i--)
		;
	ring->active = &ring->signing[i];
}

size_t
keyring_turn(const struct keyring *ring)
{
	return ((size_t)(ring->active - ring->signing));
}

void
keyring_free(struct keyring *ring)
{
	size_t i;

	for (i = 0; i < ring->n; i++) {
		private_key_free(ring->signing[i].key);
		free(ring->signing[i].header);
	}
	free(ring->signing);
	json_decref(ring->jwks);
	free(ring);
}

char *
keyring_jwks(const struct keyring *ring)
{
	return (json_dumps(ring->jwks, JSON_COMPACT));
}

uint64_t
keyring_expiry(const struct keyring *ring)
{
	return (ring->active != NULL ? ring->active->expiry : 0);
}

size_t
keyring_claims_max(const struct keyring *ring, size_t size)
{
	size_t rest;

	/* header and dot, claims, dot, signature, NUL */
	rest = ring->active->header_len + 1 +
	    BASE64URL_LEN(private_key_size(ring->active->key)) + 1;
	if (size <= rest)
		return (0);
	return ((size - rest) / 4 * 3);
}

size_t
keyring_sign(struct keyring *ring, const char *claims, size_t len, char *out,
    size_t size)
{
	uint8_t sig[JWS_SIGNATURE_MAX];
	const struct signing *active;
	size_t n, sig_len;

	if (len == 0 || len > keyring_claims_max(ring, size))
		return (0);
	active = ring->active;
	memcpy(out, active->header, active->header_len);
	n = active->header_len;
	n += base64url_encode(out + n, size - n, claims, len);
	if ((sig_len = private_key_sign(active->key, out, n, sig)) == 0)
		return (0);
	out[n++] = '.';
	n += base64url_encode(out + n, size - n, sig, sig_len);
	return (n);
}
