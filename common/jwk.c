/*
 * RFC 7517 keys and key sets, public halves only, and RFC 7638 thumbprints.
 * What is read here comes from outside: everything is checked, and a key that
 * cannot be used is skipped, never half taken.
 */
#define OPENSSL_SUPPRESS_DEPRECATED	/* the RSA calls that both libraries have */

#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "json.h"

#define RSA_BYTES_MAX	(JWK_RSA_MAX / 8)
#define EXPONENT_BYTES	8

const char *
jwk_alg_name(enum jwk_alg alg)
{
	switch (alg) {
	case JWK_RS256:
		return ("RS256");
	}
	return (NULL);
}

/* A base64url number of at most max bytes.  NULL if it is none. */
static BIGNUM *
get_number(const json_t *jwk, const char *name, size_t max)
{
	uint8_t buf[RSA_BYTES_MAX + 1];
	const json_t *value;
	ssize_t n;

	value = json_object_get(jwk, name);
	if (!json_is_string(value))
		return (NULL);
	n = base64url_decode(buf, max, json_string_value(value),
	    json_string_length(value));
	if (n <= 0)
		return (NULL);
	return (BN_bin2bn(buf, (int)n, NULL));
}

/*
 * Numbers that nobody could sign with, or anybody.  The limits are ours; the
 * rest is what each RSA key has.  Returns NULL, or what is wrong.
 */
static const char *
rsa_unfit(const BIGNUM *n, const BIGNUM *e)
{
	if (BN_num_bits(n) < JWK_RSA_MIN || BN_num_bits(n) > JWK_RSA_MAX)
		return ("RSA modulus of a size that is not accepted");
	if (!BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e))
		return ("no RSA public key");
	return (NULL);
}

/* RFC 7518 section 6.3.1.  NULL with *why. */
static EVP_PKEY *
rsa_from(BIGNUM *n, BIGNUM *e, const char **why)
{
	EVP_PKEY *pkey;
	RSA *rsa;

	if ((*why = rsa_unfit(n, e)) != NULL)
		goto fail;
	*why = "out of memory";
	if ((rsa = RSA_new()) == NULL)
		goto fail;
	if (RSA_set0_key(rsa, n, e, NULL) != 1) {
		RSA_free(rsa);
		goto fail;
	}
	/* n and e are the RSA object's from here on */
	if ((pkey = EVP_PKEY_new()) == NULL ||
	    EVP_PKEY_assign_RSA(pkey, rsa) != 1) {
		EVP_PKEY_free(pkey);
		RSA_free(rsa);
		return (NULL);
	}
	return (pkey);
fail:
	BN_free(n);
	BN_free(e);
	return (NULL);
}

/* RFC 7517 sections 4.2 and 4.3: is it a key to verify with? */
static bool
is_for_verifying(const json_t *jwk)
{
	const json_t *use, *ops, *op;
	size_t i;

	use = json_object_get(jwk, "use");
	if (use != NULL && (!json_is_string(use) ||
	    strcmp(json_string_value(use), "sig") != 0))
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

/* One key of a set.  Returns NULL, or why it cannot be used. */
static const char *
parse_one(const json_t *jwk, struct jwk *out)
{
	const json_t *kty, *alg, *kid;
	BIGNUM *n, *e;
	const char *why;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(jwk))
		return ("no JSON object");
	kty = json_object_get(jwk, "kty");
	if (!json_is_string(kty))
		return ("no \"kty\"");
	if (strcmp(json_string_value(kty), "RSA") != 0)
		return ("a key type that is not available in this version");
	if (json_object_get(jwk, "d") != NULL)
		return ("a private key, which does not belong here");
	if (!is_for_verifying(jwk))
		return ("not for verifying signatures");
	alg = json_object_get(jwk, "alg");
	if (alg != NULL && (!json_is_string(alg) ||
	    strcmp(json_string_value(alg), "RS256") != 0))
		return ("an algorithm that is not available in this version");
	out->alg = JWK_RS256;
	kid = json_object_get(jwk, "kid");
	if (kid != NULL) {
		if (!json_is_string(kid) || json_string_length(kid) == 0 ||
		    json_string_length(kid) > JWK_KID_MAX)
			return ("an invalid \"kid\"");
		memcpy(out->kid, json_string_value(kid),
		    json_string_length(kid) + 1);
	}
	n = get_number(jwk, "n", RSA_BYTES_MAX + 1);
	e = get_number(jwk, "e", EXPONENT_BYTES);
	if (n == NULL || e == NULL) {
		BN_free(n);
		BN_free(e);
		return ("an invalid \"n\" or \"e\"");
	}
	out->pkey = rsa_from(n, e, &why);
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

/* The key of a PEM block, or NULL. */
static EVP_PKEY *
pem_key(const char *name, const unsigned char *data, long n)
{
	const unsigned char *p;
	EVP_PKEY *pkey;
	X509 *cert;

	p = data;
	if (strcmp(name, "PUBLIC KEY") == 0)
		return (d2i_PUBKEY(NULL, &p, n));
	if (strcmp(name, "CERTIFICATE") != 0 ||
	    (cert = d2i_X509(NULL, &p, n)) == NULL)
		return (NULL);
	pkey = X509_get_pubkey(cert);
	X509_free(cert);
	return (pkey);
}

static bool
fit_for_verifying(EVP_PKEY *pkey)
{
	const BIGNUM *n, *e;
	const RSA *rsa;

	if (EVP_PKEY_base_id(pkey) != EVP_PKEY_RSA ||
	    (rsa = EVP_PKEY_get0_RSA(pkey)) == NULL)
		return (false);
	RSA_get0_key(rsa, &n, &e, NULL);
	return (rsa_unfit(n, e) == NULL);
}

static void
read_pem(BIO *bio, struct jwkset *set, void (*warn)(const char *, ...))
{
	unsigned char *data;
	char *name, *header;
	EVP_PKEY *pkey;
	long len;
	int n;

	for (n = 1; PEM_read_bio(bio, &name, &header, &data, &len) == 1; n++) {
		pkey = pem_key(name, data, len);
		OPENSSL_free(name);
		OPENSSL_free(header);
		/* it may be a private key that does not belong here */
		OPENSSL_cleanse(data, (size_t)len);
		OPENSSL_free(data);
		if (pkey == NULL || !fit_for_verifying(pkey) ||
		    set->nkeys == JWK_SET_MAX) {
			warn("PEM block %d is skipped: %s", n,
			    set->nkeys == JWK_SET_MAX ? "too many keys" :
			    "no public key that can be used");
			EVP_PKEY_free(pkey);
			continue;
		}
		set->keys[set->nkeys].alg = JWK_RS256;
		set->keys[set->nkeys++].pkey = pkey;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		warn("PEM block %d cannot be read: what follows is skipped", n);
}

int
jwkset_parse_pem(const char *buf, size_t len, struct jwkset *set,
    void (*warn)(const char *, ...), const char **why)
{
	BIO *bio;

	memset(set, 0, sizeof(*set));
	*why = "out of memory";
	if (len > INT_MAX || (bio = BIO_new_mem_buf(buf, (int)len)) == NULL)
		return (-1);
	set->kidless = true;
	set->keys = calloc(JWK_SET_MAX, sizeof(*set->keys));
	if (set->keys != NULL) {
		read_pem(bio, set, warn);
		*why = "no public key that can be used";
	}
	BIO_free(bio);
	ERR_clear_error();
	if (set->nkeys > 0)
		return (0);
	jwkset_clear(set);
	return (-1);
}

void
jwkset_clear(struct jwkset *set)
{
	size_t i;

	for (i = 0; i < set->nkeys; i++)
		EVP_PKEY_free(set->keys[i].pkey);
	free(set->keys);
	memset(set, 0, sizeof(*set));
}

/*
 * The public half as an object of its own: asking the private one for its RSA
 * would make the library copy the whole of it.
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

/* A number as base64url without leading zeros, RFC 7518 section 2. */
static int
put_number(const BIGNUM *number, char *out, size_t size)
{
	uint8_t buf[RSA_BYTES_MAX];
	int n;

	n = BN_num_bytes(number);
	if (n <= 0 || (size_t)n > sizeof(buf) ||
	    BASE64URL_LEN((size_t)n) + 1 > size)
		return (-1);
	(void)BN_bn2bin(number, buf);
	(void)base64url_encode(out, size, buf, (size_t)n);
	return (0);
}

#define NUMBER_TEXT	(BASE64URL_LEN(RSA_BYTES_MAX) + 1)

static int
rsa_numbers(EVP_PKEY *pkey, char n[NUMBER_TEXT], char e[NUMBER_TEXT])
{
	const BIGNUM *bn, *be;
	EVP_PKEY *half;
	const RSA *rsa;
	int result;

	if (EVP_PKEY_base_id(pkey) != EVP_PKEY_RSA ||
	    (half = public_half(pkey)) == NULL)
		return (-1);
	result = -1;
	if ((rsa = EVP_PKEY_get0_RSA(half)) != NULL) {
		RSA_get0_key(rsa, &bn, &be, NULL);
		if (put_number(bn, n, NUMBER_TEXT) == 0 &&
		    put_number(be, e, NUMBER_TEXT) == 0)
			result = 0;
	}
	EVP_PKEY_free(half);
	return (result);
}

/* RFC 7638 section 3: the required members, in order, without white space */
static int
thumbprint(const char *n, const char *e, char out[JWK_THUMBPRINT + 1])
{
	char text[2 * NUMBER_TEXT + 64];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len;
	int len;

	len = snprintf(text, sizeof(text),
	    "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e, n);
	if (len < 0 || (size_t)len >= sizeof(text) ||
	    EVP_Digest(text, (size_t)len, digest, &digest_len, EVP_sha256(),
	    NULL) != 1 || digest_len != 32)
		return (-1);
	(void)base64url_encode(out, JWK_THUMBPRINT + 1, digest, digest_len);
	return (0);
}

int
jwk_thumbprint(EVP_PKEY *pkey, char out[JWK_THUMBPRINT + 1])
{
	char n[NUMBER_TEXT], e[NUMBER_TEXT];

	if (rsa_numbers(pkey, n, e) == -1)
		return (-1);
	return (thumbprint(n, e, out));
}

json_t *
jwk_public(EVP_PKEY *pkey, enum jwk_alg alg)
{
	char n[NUMBER_TEXT], e[NUMBER_TEXT], kid[JWK_THUMBPRINT + 1];

	if (rsa_numbers(pkey, n, e) == -1 || thumbprint(n, e, kid) == -1)
		return (NULL);
	return (json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kty", "RSA",
	    "use", "sig", "alg", jwk_alg_name(alg), "kid", kid, "n", n,
	    "e", e));
}
