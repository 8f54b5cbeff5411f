/* Ed25519 keys: RFC 8037 section 2. */
#include "jwk_internal.h"

#include <sodium.h>

#include "base64url.h"

#define PUBLIC_BYTES	crypto_sign_PUBLICKEYBYTES

/*
 * RFC 8032 makes no key outside of the main subgroup; for one of small order
 * there are signatures that anybody can make.
 */
static const char *
bytes_unfit(const uint8_t *bytes)
{
	return (crypto_core_ed25519_is_valid_point(bytes) == 1 ? NULL :
	    "a point that is not on its curve");
}

static EVP_PKEY *
parse(const json_t *jwk, const char **why)
{
	uint8_t bytes[PUBLIC_BYTES];

	*why = "a curve that is not Ed25519";
	if (!jwk_is(jwk, "crv", "Ed25519"))
		return (NULL);
	*why = "an invalid \"x\"";
	if (!jwk_get_bytes(jwk, "x", bytes, sizeof(bytes)) ||
	    (*why = bytes_unfit(bytes)) != NULL)
		return (NULL);
	*why = "out of memory";
	return (EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes,
	    sizeof(bytes)));
}

static bool
get_bytes(EVP_PKEY *pkey, uint8_t bytes[PUBLIC_BYTES])
{
	size_t len;

	len = PUBLIC_BYTES;
	return (EVP_PKEY_get_raw_public_key(pkey, bytes, &len) == 1 &&
	    len == PUBLIC_BYTES);
}

static const char *
unfit(EVP_PKEY *pkey)
{
	uint8_t bytes[PUBLIC_BYTES];

	return (get_bytes(pkey, bytes) ? bytes_unfit(bytes) :
	    "no Ed25519 public key");
}

static json_t *
members(EVP_PKEY *pkey)
{
	char x[BASE64URL_LEN(PUBLIC_BYTES) + 1];
	uint8_t bytes[PUBLIC_BYTES];

	if (!get_bytes(pkey, bytes))
		return (NULL);
	(void)base64url_encode(x, sizeof(x), bytes, sizeof(bytes));
	return (json_pack("{s:s, s:s, s:s}", "kty", "OKP", "crv", "Ed25519",
	    "x", x));
}

const struct jwk_type jwk_okp = {
	"OKP", EVP_PKEY_ED25519, parse, unfit, members
};
