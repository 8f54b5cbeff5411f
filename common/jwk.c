/*
 * RFC 7517 keys and key sets, public halves only, and RFC 7638 thumbprints.
 * What is read here comes from outside: everything is checked, and a key that
 * cannot be used is skipped, never half taken.
 */
#include "jwk_internal.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "json.h"
#include "utf8.h"

static const struct jwk_type *const types[] = { &jwk_rsa, &jwk_ec, &jwk_okp };

#define NTYPES	(sizeof(types) / sizeof(types[0]))

/* the first of a type is its default */
static const struct {
	const char		*name;
	const struct jwk_type	*type;
} algs[] = {
	[JWK_RS256] = { "RS256", &jwk_rsa },
	[JWK_PS256] = { "PS256", &jwk_rsa },
	[JWK_ES256] = { "ES256", &jwk_ec },
	[JWK_EDDSA] = { "EdDSA", &jwk_okp }
};

#define NALGS	(sizeof(algs) / sizeof(algs[0]))

static const struct jwk_type *
find_type(EVP_PKEY *pkey)
{
	size_t i;

	for (i = 0; i < NTYPES; i++)
		if (types[i]->id == EVP_PKEY_base_id(pkey))
			return (types[i]);
	return (NULL);
}

/* The type's algorithm of that name, or with NULL its default; or NALGS. */
static size_t
find_alg(const struct jwk_type *type, const char *name)
{
	size_t i;

	for (i = 0; i < NALGS; i++)
		if (algs[i].type == type &&
		    (name == NULL || strcmp(algs[i].name, name) == 0))
			break;
	return (i);
}

const char *
jwk_alg_name(enum jwk_alg alg)
{
	return (algs[alg].name);
}

bool
jwk_alg_fits(enum jwk_alg alg, EVP_PKEY *pkey)
{
	return (algs[alg].type == find_type(pkey));
}

enum jwk_alg
jwk_alg_default(EVP_PKEY *pkey)
{
	return ((enum jwk_alg)find_alg(find_type(pkey), NULL));
}

bool
jwk_is(const json_t *jwk, const char *name, const char *text)
{
	const json_t *value;

	value = json_object_get(jwk, name);
	return (json_is_string(value) &&
	    strcmp(json_string_value(value), text) == 0);
}

bool
jwk_get_bytes(const json_t *jwk, const char *name, uint8_t *out, size_t len)
{
	const json_t *value;

	value = json_object_get(jwk, name);
	return (json_is_string(value) && base64url_decode(out, len,
	    json_string_value(value), json_string_length(value)) ==
	    (ssize_t)len);
}

/* RFC 7517 sections 4.2 and 4.3: is it a key to verify with? */
static bool
is_for_verifying(const json_t *jwk)
{
	const json_t *ops, *op;
	size_t i;

	if (json_object_get(jwk, "use") != NULL && !jwk_is(jwk, "use", "sig"))
		return (false);
	if ((ops = json_object_get(jwk, "key_ops")) == NULL)
		return (true);
	if (!json_is_array(ops))
		return (false);
	json_array_foreach(ops, i, op)
		if (json_is_string(op) &&
		    strcmp(json_string_value(op), "verify") == 0)
			return (true);
	return (false);
}

/* RFC 7517 section 4.4: the key's own word for what it signs, if it has one */
static bool
get_alg(const json_t *jwk, const struct jwk_type *type, enum jwk_alg *out)
{
	const json_t *alg;
	size_t i;

	alg = json_object_get(jwk, "alg");
	if (alg != NULL && !json_is_string(alg))
		return (false);
	i = find_alg(type, alg != NULL ? json_string_value(alg) : NULL);
	*out = (enum jwk_alg)i;
	return (i < NALGS);
}

static bool
get_kid(const json_t *jwk, char out[JWK_KID_MAX + 1])
{
	const json_t *kid;

	if ((kid = json_object_get(jwk, "kid")) == NULL)
		return (true);
	if (!json_is_string(kid) || json_string_length(kid) == 0 ||
	    json_string_length(kid) > JWK_KID_MAX ||
	    !utf8_no_controls(json_string_value(kid), json_string_length(kid)))
		return (false);
	memcpy(out, json_string_value(kid), json_string_length(kid) + 1);
	return (true);
}

/* One key of a set.  Returns NULL, or why it cannot be used. */
static const char *
parse_one(const json_t *jwk, struct jwk *out)
{
	const char *why;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(jwk))
		return ("no JSON object");
	for (i = 0; i < NTYPES; i++)
		if (jwk_is(jwk, "kty", types[i]->kty))
			break;
	if (i == NTYPES)
		return ("a key type that is not supported");
	if (json_object_get(jwk, "d") != NULL)
		return ("a private key, which does not belong here");
	if (!is_for_verifying(jwk))
		return ("not for verifying signatures");
	if (!get_alg(jwk, types[i], &out->alg))
		return ("an algorithm that is not supported");
	if (!get_kid(jwk, out->kid))
		return ("an invalid \"kid\"");
	out->pkey = types[i]->parse(jwk, &why);
	return (out->pkey == NULL ? why : NULL);
}

static bool
has_kid(const struct jwkset *set, const char *kid)
{
	size_t i;

	for (i = 0; i < set->nkeys; i++)
		if (*kid != '\0' && strcmp(set->keys[i].kid, kid) == 0)
			return (true);
	return (false);
}

int
jwkset_parse(const char *buf, size_t len, struct jwkset *set,
    void (*warn)(const char *, ...), const char **why)
{
	const char *skip;
	json_t *json, *keys, *key;
	size_t i;

	memset(set, 0, sizeof(*set));
	if ((json = json_object_parse(buf, len, why)) == NULL)
		return (-1);
	keys = json_object_get(json, "keys");
	if (!json_is_array(keys)) {
		*why = "no \"keys\" list";
		goto fail;
	}
	set->keys = calloc(JWK_SET_MAX, sizeof(*set->keys));
	if (set->keys == NULL) {
		*why = "out of memory";
		goto fail;
	}
	json_array_foreach(keys, i, key) {
		if (set->nkeys == JWK_SET_MAX) {
			warn("more than %d keys: the rest is skipped",
			    JWK_SET_MAX);
			break;
		}
		skip = parse_one(key, &set->keys[set->nkeys]);
		if (skip == NULL && has_kid(set, set->keys[set->nkeys].kid)) {
			EVP_PKEY_free(set->keys[set->nkeys].pkey);
			skip = "a \"kid\" that an earlier key has";
		}
		if (skip != NULL)
			warn("key %zu is skipped: %s", i + 1, skip);
		else
			set->nkeys++;
	}
	json_decref(json);
	if (set->nkeys == 0) {
		jwkset_clear(set);
		*why = "no key that can be used";
		return (-1);
	}
	return (0);
fail:
	json_decref(json);
	return (-1);
}

void
jwkset_clear(struct jwkset *set)
{
	size_t i;

	for (i = 0; i < set->nkeys; i++) {
		EVP_PKEY_CTX_free(set->keys[i].verify);
		EVP_MD_CTX_free(set->keys[i].digest);
		EVP_PKEY_free(set->keys[i].pkey);
	}
	free(set->keys);
	memset(set, 0, sizeof(*set));
}

/*
 * The public half as an object of its own: asking the private one for its RSA
 * or EC key would make the library copy the whole of it.
 */
static EVP_PKEY *
public_half(EVP_PKEY *pkey)
{
	EVP_PKEY *half;
	unsigned char *der;
	const unsigned char *p;
	int n;

	der = NULL;
	if ((n = i2d_PUBKEY(pkey, &der)) <= 0)
		return (NULL);
	p = der;
	half = d2i_PUBKEY(NULL, &p, n);
	OPENSSL_free(der);
	return (half);
}

const char *
jwk_unfit(EVP_PKEY *pkey)
{
	const struct jwk_type *type;
	const char *why;
	EVP_PKEY *half;

	if ((type = find_type(pkey)) == NULL)
		return ("key type is not supported");
	if ((half = public_half(pkey)) == NULL)
		why = "no public key";
	else
		why = type->unfit(half);
	EVP_PKEY_free(half);
	ERR_clear_error();
	return (why);
}

/* The members that make a key what it is, RFC 7638 section 3.2. */
static json_t *
get_members(EVP_PKEY *pkey)
{
	const struct jwk_type *type;
	EVP_PKEY *half;
	json_t *members;

	if ((type = find_type(pkey)) == NULL ||
	    (half = public_half(pkey)) == NULL)
		return (NULL);
	members = type->members(half);
	EVP_PKEY_free(half);
	return (members);
}

/* RFC 7638 section 3: the required members, in order, without white space */
static int
thumbprint(const json_t *members, char out[JWK_THUMBPRINT + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len;
	char *text;
	int rc;

	text = json_dumps(members, JSON_COMPACT | JSON_SORT_KEYS);
	if (text == NULL)
		return (-1);
	rc = -1;
	if (EVP_Digest(text, strlen(text), digest, &digest_len, EVP_sha256(),
	    NULL) == 1 && digest_len == 32) {
		(void)base64url_encode(out, JWK_THUMBPRINT + 1, digest,
		    digest_len);
		rc = 0;
	}
	free(text);
	return (rc);
}

int
jwk_thumbprint(EVP_PKEY *pkey, char out[JWK_THUMBPRINT + 1])
{
	json_t *members;
	int rc;

	if ((members = get_members(pkey)) == NULL)
		return (-1);
	rc = thumbprint(members, out);
	json_decref(members);
	return (rc);
}

json_t *
jwk_public(EVP_PKEY *pkey, enum jwk_alg alg)
{
	char kid[JWK_THUMBPRINT + 1];
	json_t *jwk, *more;

	if ((jwk = get_members(pkey)) == NULL)
		return (NULL);
	if (thumbprint(jwk, kid) == -1 ||
	    (more = json_pack("{s:s, s:s, s:s}", "use", "sig", "alg",
	    jwk_alg_name(alg), "kid", kid)) == NULL) {
		json_decref(jwk);
		return (NULL);
	}
	if (json_object_update(jwk, more) == -1) {
		json_decref(jwk);
		jwk = NULL;
	}
	json_decref(more);
	return (jwk);
}
