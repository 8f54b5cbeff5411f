/* Names of TLS keys, from their public halves; see keyname.h. */
#define OPENSSL_SUPPRESS_DEPRECATED	/* calls that both libraries have */

#include "keyname.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

#define POINT_MAX	256	/* bytes; P-521 has 133 */

static bool
hash(const uint8_t *p, size_t len, uint8_t name[TLSKEY_NAME])
{
	return (EVP_Digest(p, len, name, NULL, EVP_sha256(), NULL) == 1);
}

bool
keyname_rsa(const RSA *rsa, uint8_t name[TLSKEY_NAME])
{
	uint8_t buf[TLSKEY_RSA_MAX];
	const BIGNUM *n;
	int len;

	RSA_get0_key(rsa, &n, NULL, NULL);
	if (n == NULL || (len = BN_num_bytes(n)) <= 0 ||
	    (size_t)len > sizeof(buf))
		return (false);
	return (BN_bn2bin(n, buf) == len && hash(buf, (size_t)len, name));
}

bool
keyname_ec(const EC_KEY *ec, uint8_t name[TLSKEY_NAME])
{
	const EC_GROUP *group;
	const EC_POINT *point;
	uint8_t buf[POINT_MAX];
	size_t len;

	if ((group = EC_KEY_get0_group(ec)) == NULL ||
	    (point = EC_KEY_get0_public_key(ec)) == NULL)
		return (false);
	len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED,
	    buf, sizeof(buf), NULL);
	return (len > 0 && hash(buf, len, name));
}
