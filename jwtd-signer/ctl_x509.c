/*
 * Certificates that keys sign for themselves.  Nothing here reads or writes a
 * file, and none of them may sign others.
 */
#include "ctl_x509.h"

#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <sodium.h>
#include <string.h>

#define SERIAL_BYTES	16

/* X509V3_EXT_conf_nid() has a language of its own, which it reads value in */
int
ctl_x509_extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension;
	char copy[64];
	X509V3_CTX ctx;
	int rc;

	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	/* LibreSSL's takes a char * on some versions */
	if (strlcpy(copy, value, sizeof(copy)) >= sizeof(copy))
		return (-1);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, copy);
	if (extension == NULL)
		return (-1);
	rc = X509_add_ext(x509, extension, -1) == 1 ? 0 : -1;
	X509_EXTENSION_free(extension);
	return (rc);
}

/* RFC 5280 section 4.1.2.2: positive and unique, at most 20 bytes */
static int
set_serial(X509 *x509)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	int rc;

	randombytes_buf(bytes, sizeof(bytes));
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	if ((number = BN_bin2bn(bytes, sizeof(bytes), NULL)) == NULL)
		return (-1);
	rc = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL ?
	    0 : -1;
	BN_free(number);
	return (rc);
}

static int
set_subject(X509 *x509, const char *name)
{
	X509_NAME *subject;

	subject = X509_get_subject_name(x509);
	/* a common name has at most 64 characters; nobody reads it any more */
	if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
	    (const unsigned char *)(strlen(name) <= ub_common_name ? name :
	    "jwtd"), -1, -1, 0) != 1)
		return (-1);
	return (X509_set_issuer_name(x509, subject) == 1 ? 0 : -1);
}

X509 *
ctl_x509_new(EVP_PKEY *pkey, const char *name, int days)
{
	X509 *x509;

	if ((x509 = X509_new()) == NULL)
		return (NULL);
	if (X509_set_version(x509, 2) == 1 &&	/* version 3 */
	    set_serial(x509) == 0 && set_subject(x509, name) == 0 &&
	    X509_gmtime_adj(X509_getm_notBefore(x509), 0) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(x509), days, 0, NULL) != NULL &&
	    X509_set_pubkey(x509, pkey) == 1 &&
	    ctl_x509_extend(x509, NID_basic_constraints,
	    "critical,CA:FALSE") == 0 &&
	    ctl_x509_extend(x509, NID_key_usage,
	    "critical,digitalSignature") == 0 &&
	    ctl_x509_extend(x509, NID_subject_key_identifier, "hash") == 0)
		return (x509);
	X509_free(x509);
	return (NULL);
}

int
ctl_x509_sign(X509 *x509, EVP_PKEY *pkey)
{
	const EVP_MD *md;

	/* RFC 8410 section 3: Ed25519 has its own */
	md = EVP_PKEY_base_id(pkey) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
	return (X509_sign(x509, pkey, md) > 0 ? 0 : -1);
}
