/*
 * jwtd-signer/x5c.c and sign.c: the certificates of a signing key, in its
 * tokens.
 */
#include "x5c.h"

#include <sys/stat.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <sodium.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "jwt.h"
#include "log.h"
#include "message.h"
#include "sign.h"
#include "tap.h"
#include "token.h"
#include "verify.h"

#define CLAIMS	"{\"iss\":\"i\",\"sub\":\"s\",\"aud\":\"a\",\"exp\":1000}"
#define DAY	86400

static char dir[] = "/tmp/x5c-XXXXXXXX";
static char key_path[64], cert_path[64], log_path[64];
static EVP_PKEY *key, *ca_key, *other;
static uint64_t expiry;

/* A certificate of pkey, for the days from and to, by that issuer. */
static X509 *
make(EVP_PKEY *pkey, EVP_PKEY *by, const char *subject, const char *issuer,
    long from, long to)
{
	X509 *x509;

	if ((x509 = X509_new()) == NULL || X509_set_version(x509, 2) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) != 1 ||
	    X509_NAME_add_entry_by_NID(X509_get_subject_name(x509),
	    NID_commonName, MBSTRING_UTF8, (const unsigned char *)subject, -1,
	    -1, 0) != 1 ||
	    X509_NAME_add_entry_by_NID(X509_get_issuer_name(x509),
	    NID_commonName, MBSTRING_UTF8, (const unsigned char *)issuer, -1,
	    -1, 0) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x509), from * DAY) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x509), to * DAY) == NULL ||
	    X509_set_pubkey(x509, pkey) != 1 ||
	    X509_sign(x509, by, EVP_PKEY_base_id(by) == EVP_PKEY_ED25519 ?
	    NULL : EVP_sha256()) <= 0)
		abort();
	return (x509);
}

static X509 *
self_signed(EVP_PKEY *pkey)
{
	return (make(pkey, pkey, "self", "self", -1, 1));
}

/* The certificates in a file, which it frees, and text around them. */
static void
put(const char *before, const char *after, size_t n, X509 **certs)
{
	size_t i;
	FILE *f;

	if ((f = fopen(cert_path, "w")) == NULL || fputs(before, f) == EOF)
		abort();
	for (i = 0; i < n; i++) {
		if (PEM_write_X509(f, certs[i]) != 1)
			abort();
		X509_free(certs[i]);
	}
	if (fputs(after, f) == EOF || fclose(f) != 0)
		abort();
}

static void
put_one(X509 *cert)
{
	put("", "", 1, &cert);
}

/* What it says on stderr, without the file; the caller frees it. */
static char *
said(void)
{
	const char *why;
	char *text, *p;
	size_t len;

	if ((text = file_read(log_path, 65536, &len, &why)) == NULL ||
	    truncate(log_path, 0) == -1)
		abort();
	(void)lseek(STDERR_FILENO, 0, SEEK_SET);
	if ((p = strstr(text, cert_path)) != NULL)
		memmove(text, p + strlen(cert_path) + 2, strlen(p +
		    strlen(cert_path) + 2) + 1);
	return (text);
}

static void
refused(EVP_PKEY *pkey, const char *want, const char *what)
{
	json_t *list;
	char *text;

	expiry = 7;
	list = x5c_load(cert_path, pkey, "/k", &expiry);
	ok(list == NULL && expiry == 7, "%s: refused", what);
	json_decref(list);
	text = said();
	is_str(text, want, "... and says why");
	free(text);
}

/* base64 of the DER, by libcrypto alone */
static char *
base64(X509 *cert)
{
	unsigned char *der;
	char *text;
	int len;

	der = NULL;
	if ((len = i2d_X509(cert, &der)) <= 0 ||
	    (text = malloc((size_t)(len + 2) / 3 * 4 + 1)) == NULL)
		abort();
	(void)EVP_EncodeBlock((unsigned char *)text, der, len);
	OPENSSL_free(der);
	return (text);
}

/* A certificate with a byte behind it, in the same block. */
static void
put_longer(X509 *cert)
{
	unsigned char *der, *more;
	FILE *f;
	int len;

	der = NULL;
	if ((len = i2d_X509(cert, &der)) <= 0 ||
	    (more = calloc(1, (size_t)len + 1)) == NULL ||
	    (f = fopen(cert_path, "w")) == NULL)
		abort();
	memcpy(more, der, (size_t)len);
	if (PEM_write(f, "CERTIFICATE", "", more, len + 1) <= 0 ||
	    fclose(f) != 0)
		abort();
	free(more);
	OPENSSL_free(der);
	X509_free(cert);
}

static void
test_chain(void)
{
	X509 *certs[X5C_MAX + 1];
	char *want[2], *text;
	json_t *list;
	int n;

	certs[0] = make(key, ca_key, "leaf", "ca", -1, 3);
	certs[1] = make(ca_key, ca_key, "ca", "ca", -1, 2);
	want[0] = base64(certs[0]);
	want[1] = base64(certs[1]);
	put("some text\n", "more text\n", 2, certs);
	list = x5c_load(cert_path, key, "/k", &expiry);
	is_int((long long)json_array_size(list), 2, "two certificates");
	for (n = 0; n < 2; n++) {
		is_str(json_string_value(json_array_get(list, (size_t)n)),
		    want[n], "... in their order, as base64 of DER");
		free(want[n]);
	}
	json_decref(list);
	text = said();
	is_str(text, "", "... and no message");
	free(text);
	ok(llabs((long long)expiry - (long long)time(NULL) - 2 * DAY) < 60,
	    "... and the first to expire says when");

	certs[1] = make(key, ca_key, "leaf", "ca", -1, 1);
	certs[0] = make(ca_key, ca_key, "ca", "ca", -1, 1);
	put("", "", 2, certs);
	refused(key, "the first certificate is not of the key /k\n",
	    "the wrong order");
	certs[0] = self_signed(key);
	certs[1] = make(ca_key, ca_key, "ca", "ca", -1, 1);
	put("", "", 2, certs);
	refused(key, "certificate 2 is not the issuer of certificate 1\n",
	    "one that does not belong to it");
	certs[0] = make(key, other, "leaf", "middle", -1, 1);
	certs[1] = make(other, ca_key, "middle", "ca", -1, 1);
	certs[2] = make(ca_key, ca_key, "ca", "ca", -1, 1);
	put("", "", 3, certs);
	list = x5c_load(cert_path, key, "/k", &expiry);
	is_int((long long)json_array_size(list), 3,
	    "each one is of the next");
	json_decref(list);
	for (n = 0; n < X5C_MAX; n++)
		certs[n] = self_signed(key);
	put("", "", X5C_MAX, certs);
	list = x5c_load(cert_path, key, "/k", &expiry);
	is_int((long long)json_array_size(list), X5C_MAX, "the most");
	json_decref(list);
	for (n = 0; n <= X5C_MAX; n++)
		certs[n] = self_signed(key);
	put("", "", X5C_MAX + 1, certs);
	refused(key, "too many certificates\n", "one more");
}

static void
test_bad(void)
{
	X509 *cert;

	put("", "", 0, NULL);
	refused(key, "no certificate in PEM\n", "an empty file");
	put("x", "", 0, NULL);
	refused(key, "no certificate in PEM\n", "some text");
	put("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "", 0, NULL);
	refused(key, "a certificate cannot be read\n", "no DER");
	put("-----BEGIN CERTIFICATE-----\nAA", "", 0, NULL);
	refused(key, "a certificate cannot be read\n", "half a block");
	cert = self_signed(key);
	put("", "-----BEGIN CERTIFICATE-----\nAA", 1, &cert);
	refused(key, "a certificate cannot be read\n", "half a second one");
	cert = self_signed(key);
	put("", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
	    "\n", 1, &cert);
	refused(key, "something other than certificates is in it\n",
	    "a private key behind it");
	put_longer(self_signed(key));
	refused(key, "a certificate cannot be read\n", "a byte behind it");
	put_one(self_signed(other));
	refused(key, "the first certificate is not of the key /k\n",
	    "of another key");
	put_one(self_signed(ca_key));
	refused(key, "the first certificate is not of the key /k\n",
	    "of a key of another type");
	put_one(make(other, key, "self", "self", -1, 1));
	refused(key, "the first certificate is not of the key /k\n",
	    "signed with it, for another");
	(void)unlink(cert_path);
	refused(key, "No such file or directory\n", "no file");
	if (mkdir(cert_path, 0700) == -1)
		abort();
	refused(key, "not a regular file\n", "a directory");
	(void)rmdir(cert_path);
}

static void
test_time(void)
{
	char want[128], day[16];
	json_t *list;
	struct tm tm;
	time_t now;
	char *text;
	int i;

	now = time(NULL);
	for (i = 0; i < 2; i++) {
		now += i == 0 ? -3 * DAY : 6 * DAY;
		(void)strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&now,
		    &tm));
		snprintf(want, sizeof(want), i == 0 ?
		    "certificate 1 expired on %s\n" :
		    "certificate 1 is not valid before %s\n", day);
		put_one(i == 0 ? make(key, key, "a", "a", -9, -3) :
		    make(key, key, "a", "a", 3, 9));
		list = x5c_load(cert_path, key, "/k", &expiry);
		is_int((long long)json_array_size(list), 1, i == 0 ?
		    "an expired one is taken" : "one of the future is taken");
		json_decref(list);
		text = said();
		is_str(text, want, "... with a warning");
		free(text);
	}
}

static struct keyring *
load(bool retired)
{
	struct conf_key a = { .path = key_path };
	struct conf_key b = { .path = key_path, .retired = true,
	    .certificate = cert_path };
	struct conf_signer conf = { .issuer = NULL };

	TAILQ_INIT(&conf.keys);
	TAILQ_INSERT_TAIL(&conf.keys, &a, entry);
	if (retired)
		TAILQ_INSERT_TAIL(&conf.keys, &b, entry);
	else
		a.certificate = cert_path;
	return (keyring_load(&conf));
}

static void
test_token(void)
{
	char claims[MESSAGE_TOKEN_MAX], token[MESSAGE_TOKEN_MAX + 1];
	json_t *header, *payload, *x5c;
	char *jwks, *want;
	struct keyring *ring;
	size_t n, max;
	X509 *cert;

	cert = self_signed(key);
	want = base64(cert);
	put_one(cert);
	if (!ok((ring = load(false)) != NULL, "a key with a certificate"))
		return;
	jwks = keyring_jwks(ring);
	n = keyring_sign(ring, CLAIMS, strlen(CLAIMS), token, sizeof(token));
	is_int(verify(jwks, token, n), JWT_OK, "its token is verified");
	if (jwt_peek(token, n, &header, &payload) == 0) {
		x5c = json_object_get(header, "x5c");
		is_int((long long)json_array_size(x5c), 1, "x5c has one");
		is_str(json_string_value(json_array_get(x5c, 0)), want,
		    "... the certificate");
		is_int((long long)json_object_size(header), 4,
		    "alg, typ and kid are there");
		json_decref(header);
		json_decref(payload);
	} else
		ok(0, "the token can be read");
	max = keyring_claims_max(ring, sizeof(token));
	memset(claims, ' ', sizeof(claims));
	memcpy(claims, CLAIMS, strlen(CLAIMS));
	n = keyring_sign(ring, claims, max, token, sizeof(token));
	ok(n > 0 && n <= MESSAGE_TOKEN_MAX, "the longest token: %zu bytes", n);
	is_int(verify(jwks, token, n), JWT_OK, "... is verified");
	is_int((long long)keyring_sign(ring, claims, max + 1, token,
	    sizeof(token)), 0, "... and none is longer");
	ok(strstr(jwks, "x5c") == NULL, "the key set has no certificate");
	free(want);
	free(jwks);
	keyring_free(ring);
}

/* a certificate with so many bytes more */
static X509 *
large(size_t size)
{
	ASN1_OCTET_STRING *value;
	X509_EXTENSION *extension;
	unsigned char *bytes;
	X509 *x509;

	x509 = self_signed(key);
	if ((bytes = calloc(1, size)) == NULL ||
	    (value = ASN1_OCTET_STRING_new()) == NULL ||
	    ASN1_OCTET_STRING_set(value, bytes, (int)size) != 1 ||
	    (extension = X509_EXTENSION_create_by_NID(NULL,
	    NID_netscape_comment, 0, value)) == NULL ||
	    X509_add_ext(x509, extension, -1) != 1 ||
	    X509_sign(x509, key, EVP_sha256()) <= 0)
		abort();
	free(bytes);
	ASN1_OCTET_STRING_free(value);
	X509_EXTENSION_free(extension);
	return (x509);
}

static void
test_large(void)
{
	struct keyring *ring;
	char token[MESSAGE_TOKEN_MAX + 1], *text;

	put_one(large(2800));
	if (ok((ring = load(false)) != NULL, "a large certificate")) {
		ok(keyring_claims_max(ring, sizeof(token)) > 4000,
		    "... leaves room for claims");
		keyring_free(ring);
	}
	put_one(large(3400));
	ok((ring = load(false)) == NULL, "one that is too large");
	text = said();
	ok(strstr(text, " bytes in every token are too large: at most 6912\n")
	    != NULL, "... which is said: %s", text);
	free(text);
}

static void
test_retired(void)
{
	struct keyring *ring;

	(void)unlink(cert_path);
	ok((ring = load(true)) != NULL,
	    "the certificate of a retired key is not read");
	if (ring != NULL)
		keyring_free(ring);
	ok(load(false) == NULL, "... while that of an active one is");
}

static void
test_types(void)
{
	static const int types[] = { EVP_PKEY_EC, EVP_PKEY_ED25519 };
	json_t *list;
	EVP_PKEY *pkey;
	size_t i;

	for (i = 0; i < 2; i++) {
		pkey = token_key(types[i], 0);
		put_one(self_signed(pkey));
		list = x5c_load(cert_path, pkey, "/k", &expiry);
		is_int((long long)json_array_size(list), 1, i == 0 ? "EC" :
		    "Ed25519");
		json_decref(list);
		EVP_PKEY_free(pkey);
	}
}

int
main(void)
{
	FILE *f;
	int fd;

	if (sodium_init() == -1 || mkdtemp(dir) == NULL)
		return (1);
	snprintf(key_path, sizeof(key_path), "%s/key.pem", dir);
	snprintf(cert_path, sizeof(cert_path), "%s/key.crt", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	key = token_key(EVP_PKEY_RSA, 2048);
	other = token_key(EVP_PKEY_RSA, 2048);
	ca_key = token_key(EVP_PKEY_EC, 0);
	if ((f = fopen(key_path, "w")) == NULL || PEM_write_PrivateKey(f, key,
	    NULL, NULL, 0, NULL, NULL) != 1 || fclose(f) != 0 ||
	    chmod(key_path, 0600) == -1 ||
	    (fd = open(log_path, O_RDWR | O_CREAT, 0600)) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		return (1);
	close(fd);
	log_init("x5c", 1, 0);
	test_chain();
	test_bad();
	test_time();
	test_types();
	test_token();
	test_large();
	test_retired();
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(ca_key);
	(void)unlink(key_path);
	(void)unlink(cert_path);
	(void)unlink(log_path);
	(void)rmdir(dir);
	return (done());
}
