/*
 * Key sets from PEM, RFC 7468: public keys and certificates, one after another.
 * PEM says nothing of algorithms, so a key's type decides.
 */
#include "jwk.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

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
		if (pkey == NULL || jwk_unfit(pkey) != NULL ||
		    set->nkeys == JWK_SET_MAX) {
			warn("PEM block %d is skipped: %s", n,
			    set->nkeys == JWK_SET_MAX ? "too many keys" :
			    "no public key that can be used");
			EVP_PKEY_free(pkey);
			continue;
		}
		set->keys[set->nkeys].alg = jwk_alg_default(pkey);
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
