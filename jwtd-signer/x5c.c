/*
 * The certificates of a signing key, from a file to the "x5c" of RFC 7515.
 * They are public; a private key in the same file is refused, not passed over.
 */
#include "x5c.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "log.h"

#define X5C_FILE_MAX	65536

struct chain {
	X509	*certs[X5C_MAX];
	size_t	 n;
};

static void
chain_clear(struct chain *chain)
{
	while (chain->n > 0)
		X509_free(chain->certs[--chain->n]);
}

/* Add what a PEM block has.  Returns why it cannot, or NULL. */
static const char *
add_block(struct chain *chain, const char *name, const unsigned char *data,
    long len)
{
	const unsigned char *p;
	X509 *cert;

	if (strcmp(name, "CERTIFICATE") != 0)
		return ("something other than certificates is in it");
	if (chain->n == X5C_MAX)
		return ("too many certificates");
	p = data;
	if ((cert = d2i_X509(NULL, &p, len)) == NULL)
		return ("a certificate cannot be read");
	chain->certs[chain->n++] = cert;
	return (p == data + len ? NULL : "a certificate cannot be read");
}

static const char *
read_blocks(BIO *bio, struct chain *chain)
{
	unsigned char *data;
	char *name, *header;
	const char *why;
	long len;

	why = NULL;
	while (why == NULL &&
	    PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
		why = add_block(chain, name, data, len);
		OPENSSL_free(name);
		OPENSSL_free(header);
		/* it may be a private key that does not belong here */
		OPENSSL_cleanse(data, (size_t)len);
		OPENSSL_free(data);
	}
	if (why == NULL && ERR_GET_REASON(ERR_peek_last_error()) !=
	    PEM_R_NO_START_LINE)
		why = "a certificate cannot be read";
	if (why == NULL && chain->n == 0)
		why = "no certificate in PEM";
	return (why);
}

/* Returns why the file cannot be used, or NULL. */
static const char *
read_chain(const char *path, struct chain *chain)
{
	const char *why;
	size_t len;
	char *text;
	BIO *bio;

	if ((text = file_read(path, X5C_FILE_MAX, &len, &why)) == NULL)
		return (why);
	why = "out of memory";
	if ((bio = BIO_new_mem_buf(text, (int)len)) != NULL)
		why = read_blocks(bio, chain);
	BIO_free(bio);
	ERR_clear_error();
	freezero(text, len);
	return (why);
}

/* "2026-11-24", in UTC */
static void
format_day(const ASN1_TIME *when, char out[16])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(when, &tm) != 1 ||
	    strftime(out, 16, "%Y-%m-%d", &tm) == 0)
		(void)strlcpy(out, "a bad date", 16);
}

static void
warn_of_time(const char *path, size_t number, const X509 *cert)
{
	const ASN1_TIME *from, *to;
	char day[16];

	from = X509_get0_notBefore(cert);
	to = X509_get0_notAfter(cert);
	/* 0 is an error: the time is no time */
	if (X509_cmp_current_time(to) <= 0) {
		format_day(to, day);
		log_warnx("%s: certificate %zu expired on %s", path, number,
		    day);
	} else if (X509_cmp_current_time(from) >= 0) {
		format_day(from, day);
		log_warnx("%s: certificate %zu is not valid before %s", path,
		    number, day);
	}
}

/*
 * RFC 7515 section 4.1.6: the first has the key, and each other one certifies
 * the one before it.
 */
static bool
check_chain(const struct chain *chain, const char *path, EVP_PKEY *pkey,
    const char *key_path)
{
	size_t i;
	int rc;

	rc = X509_check_private_key(chain->certs[0], pkey);
	ERR_clear_error();
	if (rc != 1) {
		log_warnx("%s: the first certificate is not of the key %s",
		    path, key_path);
		return (false);
	}
	for (i = 1; i < chain->n; i++)
		if (X509_check_issued(chain->certs[i], chain->certs[i - 1]) !=
		    X509_V_OK) {
			log_warnx("%s: certificate %zu is not the issuer of "
			    "certificate %zu", path, i + 1, i);
			return (false);
		}
	for (i = 0; i < chain->n; i++)
		warn_of_time(path, i + 1, chain->certs[i]);
	return (true);
}

/* RFC 4648 section 4, of the DER; the caller frees it */
static char *
encode(X509 *cert)
{
	unsigned char *der;
	size_t size;
	char *text;
	int len;

	der = NULL;
	if ((len = i2d_X509(cert, &der)) <= 0)
		return (NULL);
	size = sodium_base64_encoded_len((size_t)len,
	    sodium_base64_VARIANT_ORIGINAL);
	if ((text = malloc(size)) != NULL)
		(void)sodium_bin2base64(text, size, der, (size_t)len,
		    sodium_base64_VARIANT_ORIGINAL);
	OPENSSL_free(der);
	return (text);
}

static json_t *
make_list(const struct chain *chain)
{
	json_t *list;
	size_t i;
	char *text;
	int rc;

	rc = 0;
	if ((list = json_array()) == NULL)
		return (NULL);
	for (i = 0; i < chain->n && rc == 0; i++) {
		text = encode(chain->certs[i]);
		rc = text == NULL ? -1 : json_array_append_new(list,
		    json_string(text));
		free(text);
	}
	if (rc == 0)
		return (list);
	json_decref(list);
	return (NULL);
}

/* When the first of them expires, since the epoch; 0: that is no time. */
static uint64_t
first_expiry(const struct chain *chain)
{
	uint64_t first, expiry;
	struct tm tm;
	size_t i;
	time_t t;

	first = 0;
	for (i = 0; i < chain->n; i++) {
		expiry = 0;
		if (ASN1_TIME_to_tm(X509_get0_notAfter(chain->certs[i]),
		    &tm) == 1 && (t = timegm(&tm)) > 0)
			expiry = (uint64_t)t;
		if (i == 0 || expiry < first)
			first = expiry;
	}
	return (first);
}

json_t *
x5c_load(const char *path, EVP_PKEY *pkey, const char *key_path,
    uint64_t *expiry)
{
	struct chain chain;
	const char *why;
	json_t *list;

	memset(&chain, 0, sizeof(chain));
	list = NULL;
	if ((why = read_chain(path, &chain)) != NULL)
		log_warnx("%s: %s", path, why);
	else if (check_chain(&chain, path, pkey, key_path) &&
	    (list = make_list(&chain)) == NULL)
		log_warnx("%s: out of memory", path);
	if (list != NULL)
		*expiry = first_expiry(&chain);
	chain_clear(&chain);
	return (list);
}
