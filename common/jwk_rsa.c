/* RSA keys: RFC 7518 section 6.3. */
#define OPENSSL_SUPPRESS_DEPRECATED	/* calls that both libraries have */

#include "jwk_internal.h"

#include <openssl/bn.h>
#include <openssl/rsa.h>

#include <stdint.h>

#include "base64url.h"

#define RSA_BYTES_MAX	(JWK_RSA_MAX / 8)
#define EXPONENT_BYTES	8
#define NUMBER_TEXT	(BASE64URL_LEN(RSA_BYTES_MAX) + 1)

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
numbers_unfit(const BIGNUM *n, const BIGNUM *e)
{
	if (BN_num_bits(n) < JWK_RSA_MIN)
		return ("RSA key is too short");
	if (BN_num_bits(n) > JWK_RSA_MAX)
		return ("RSA key is too long");
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

	if ((*why = numbers_unfit(n, e)) != NULL)
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

static EVP_PKEY *
parse(const json_t *jwk, const char **why)
{
	BIGNUM *n, *e;

	n = get_number(jwk, "n", RSA_BYTES_MAX + 1);
	e = get_number(jwk, "e", EXPONENT_BYTES);
	if (n == NULL || e == NULL) {
		BN_free(n);
		BN_free(e);
		*why = "an invalid \"n\" or \"e\"";
		return (NULL);
	}
	return (rsa_from(n, e, why));
}

static const char *
unfit(EVP_PKEY *pkey)
{
	const BIGNUM *n, *e;
	const RSA *rsa;

	if ((rsa = EVP_PKEY_get0_RSA(pkey)) == NULL)
		return ("no RSA public key");
	RSA_get0_key(rsa, &n, &e, NULL);
	return (numbers_unfit(n, e));
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

static json_t *
members(EVP_PKEY *pkey)
{
	char n[NUMBER_TEXT], e[NUMBER_TEXT];
	const BIGNUM *bn, *be;
	const RSA *rsa;

	if ((rsa = EVP_PKEY_get0_RSA(pkey)) == NULL)
		return (NULL);
	RSA_get0_key(rsa, &bn, &be, NULL);
	if (put_number(bn, n, sizeof(n)) == -1 ||
	    put_number(be, e, sizeof(e)) == -1)
		return (NULL);
	return (json_pack("{s:s, s:s, s:s}", "kty", "RSA", "n", n, "e", e));
}

const struct jwk_type jwk_rsa = { "RSA", EVP_PKEY_RSA, parse, unfit, members };
