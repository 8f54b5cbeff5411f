/* EC keys, on P-256 and no other curve: RFC 7518 section 6.2. */
#define OPENSSL_SUPPRESS_DEPRECATED	/* calls that both libraries have */

#include "jwk_internal.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <string.h>

#include "base64url.h"

#define COORDINATE	32
#define POINT		(1 + 2 * COORDINATE)	/* SEC 1: 4, x, y */

/* RFC 5480: a SubjectPublicKeyInfo of P-256, up to the point */
static const uint8_t spki_head[] = {
	0x30, 0x59, 0x30, 0x13,
	/* id-ecPublicKey, prime256v1 */
	0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
	0x03, 0x42, 0x00
};

/*
 * As DER, from which either library makes a key of its own kind, and refuses a
 * point that is not on the curve.
 */
static EVP_PKEY *
parse(const json_t *jwk, const char **why)
{
	uint8_t der[sizeof(spki_head) + POINT], *point;
	const unsigned char *p;
	EVP_PKEY *pkey;

	*why = "a curve that is not P-256";
	if (!jwk_is(jwk, "crv", "P-256"))
		return (NULL);
	memcpy(der, spki_head, sizeof(spki_head));
	point = der + sizeof(spki_head);
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	*why = "an invalid \"x\" or \"y\"";
	if (!jwk_get_bytes(jwk, "x", point + 1, COORDINATE) ||
	    !jwk_get_bytes(jwk, "y", point + 1 + COORDINATE, COORDINATE))
		return (NULL);
	*why = "a point that is not on its curve";
	p = der;
	pkey = d2i_PUBKEY(NULL, &p, sizeof(der));
	ERR_clear_error();
	return (pkey);
}

/*
 * A curve with a name is that curve; one that is spelled out could differ in
 * its generator, which makes private keys for other people's public ones.
 */
static const char *
unfit(EVP_PKEY *pkey)
{
	const EC_GROUP *group;
	const EC_KEY *ec;

	if ((ec = EVP_PKEY_get0_EC_KEY(pkey)) == NULL ||
	    (group = EC_KEY_get0_group(ec)) == NULL)
		return ("no EC public key");
	if (EC_GROUP_get_curve_name(group) != NID_X9_62_prime256v1 ||
	    EC_GROUP_get_asn1_flag(group) != OPENSSL_EC_NAMED_CURVE)
		return ("EC key is not on P-256");
	if (EC_KEY_check_key(ec) != 1)
		return ("no EC public key");
	return (NULL);
}

static json_t *
members(EVP_PKEY *pkey)
{
	char x[BASE64URL_LEN(COORDINATE) + 1], y[BASE64URL_LEN(COORDINATE) + 1];
	uint8_t point[POINT];
	const EC_KEY *ec;

	/* whatever form the key's own encoding has */
	if ((ec = EVP_PKEY_get0_EC_KEY(pkey)) == NULL ||
	    EC_POINT_point2oct(EC_KEY_get0_group(ec),
	    EC_KEY_get0_public_key(ec), POINT_CONVERSION_UNCOMPRESSED, point,
	    sizeof(point), NULL) != sizeof(point))
		return (NULL);
	(void)base64url_encode(x, sizeof(x), point + 1, COORDINATE);
	(void)base64url_encode(y, sizeof(y), point + 1 + COORDINATE,
	    COORDINATE);
	return (json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "P-256",
	    "x", x, "y", y));
}

const struct jwk_type jwk_ec = { "EC", EVP_PKEY_EC, parse, unfit, members };
