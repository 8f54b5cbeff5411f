/* jwtd/tlskeys.c: what the TLS keys sign, and what they do not. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tlskeys.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "keyname.h"
#include "tap.h"

static const char conf_text[] =
"server \"rsa\" {\n"
"\tlisten on 127.0.0.1 tls port 8443\n"
"\ttls {\n\t\tcertificate \"%s/rsa.pem\"\n\t\tkey \"%s/rsa.pem\"\n\t}\n"
"\tlocation \"/\" { health }\n}\n"
"server \"plain\" {\n"
"\tlisten on 127.0.0.1 port 8080\n"
"\tlocation \"/\" { health }\n}\n"
"server \"ec\" {\n"
"\tlisten on 127.0.0.1 tls port 8443\n"
"\ttls {\n\t\tcertificate \"%s/ec.pem\"\n\t\tkey \"%s/ec.pem\"\n\t}\n"
"\tlocation \"/\" { health }\n}\n";

static EVP_PKEY *
make_key(int type)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	pkey = NULL;
	if ((ctx = EVP_PKEY_CTX_new_id(type, NULL)) == NULL ||
	    EVP_PKEY_keygen_init(ctx) != 1 ||
	    (type == EVP_PKEY_EC && EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) != 1) ||
	    EVP_PKEY_keygen(ctx, &pkey) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

/* One file with a key and its certificate, twice. */
static void
write_pem(const char *dir, const char *name, EVP_PKEY *pkey)
{
	char path[256];
	X509 *x509;
	FILE *f;
	int i;

	(void)snprintf(path, sizeof(path), "%s/%s.pem", dir, name);
	if ((x509 = X509_new()) == NULL || (f = fopen(path, "w")) == NULL ||
	    X509_set_version(x509, 2) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x509), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x509), 3600) == NULL ||
	    X509_set_pubkey(x509, pkey) != 1 ||
	    X509_sign(x509, pkey, EVP_sha256()) == 0 ||
	    PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	for (i = 0; i < 2; i++)
		if (PEM_write_X509(f, x509) != 1)
			abort();
	(void)fclose(f);
	X509_free(x509);
}

static struct tlskeys *
load(EVP_PKEY *rsa, EVP_PKEY *ec, json_t **certificates)
{
	char dir[] = "/tmp/tlskeys.XXXXXXXXXX", text[2048], path[256];
	struct tlskeys *keys;
	struct conf *conf;
	int n;

	if (mkdtemp(dir) == NULL)
		abort();
	write_pem(dir, "rsa", rsa);
	write_pem(dir, "ec", ec);
	n = snprintf(text, sizeof(text), conf_text, dir, dir, dir, dir);
	if ((conf = conf_load_buffer("conf", text, (size_t)n, stderr)) == NULL)
		abort();
	keys = tlskeys_load(conf, certificates);
	conf_free(conf);
	(void)snprintf(path, sizeof(path), "%s/rsa.pem", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/ec.pem", dir);
	(void)unlink(path);
	(void)rmdir(dir);
	return (keys);
}

static void
test_certificates(const json_t *certificates)
{
	const char *pem;
	int i;

	is_int((long long)json_array_size(certificates), 3, "three servers");
	ok(json_is_null(json_array_get(certificates, 1)), "one without TLS");
	for (i = 0; i < 3; i += 2) {
		pem = json_string_value(json_array_get(certificates,
		    (size_t)i));
		if (!ok(pem != NULL, "server %d has some", i))
			continue;
		ok(strstr(pem, "PRIVATE") == NULL, "... and no key");
		pem = strstr(pem, "BEGIN CERTIFICATE");
		ok(pem != NULL && strstr(pem + 1, "BEGIN CERTIFICATE") != NULL,
		    "... both of them");
	}
}

static struct tlskey_request
request(EVP_PKEY *pkey, enum tlskey_kind kind, uint32_t len)
{
	struct tlskey_request m;
	bool named;

	memset(&m, 0, sizeof(m));
	m.magic = TLSKEY_REQUEST;
	m.id = 1;
	m.kind = kind;
	m.len = len;
	arc4random_buf(m.data, len);
	named = EVP_PKEY_base_id(pkey) == EVP_PKEY_RSA ?
	    keyname_rsa(EVP_PKEY_get0_RSA(pkey), m.name) :
	    keyname_ec(EVP_PKEY_get0_EC_KEY(pkey), m.name);
	if (!named)
		abort();
	return (m);
}

static bool
verifies(EVP_PKEY *pkey, const struct tlskey_request *m, const uint8_t *sig,
    size_t len)
{
	EVP_PKEY_CTX *ctx;
	bool good;

	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    (m->kind != TLSKEY_RSA_PKCS1 ||
	    (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, m->len == 32 ? EVP_sha256() :
	    m->len == 48 ? EVP_sha384() : EVP_sha512()) == 1)) &&
	    EVP_PKEY_verify(ctx, sig, len, m->data, m->len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return (good);
}

static void
test_digests(const struct tlskeys *keys, EVP_PKEY *rsa, EVP_PKEY *ec)
{
	static const uint32_t lengths[] = { 32, 48, 64 };
	struct tlskey_request m;
	uint8_t sig[TLSKEY_RSA_MAX];
	size_t i, n;

	for (i = 0; i < 3; i++) {
		m = request(rsa, TLSKEY_RSA_PKCS1, lengths[i]);
		n = tlskeys_sign(keys, &m, sig);
		is_int((long long)n, 256, "PKCS #1: length");
		ok(verifies(rsa, &m, sig, n), "PKCS #1: verifies");
		m.data[0] ^= 1;
		ok(!verifies(rsa, &m, sig, n), "PKCS #1: that digest alone");
		m = request(ec, TLSKEY_ECDSA, lengths[i]);
		n = tlskeys_sign(keys, &m, sig);
		ok(n > 0 && verifies(ec, &m, sig, n), "ECDSA: verifies");
		m.data[0] ^= 1;
		ok(!verifies(ec, &m, sig, n), "ECDSA: that digest alone");
	}
}

static void
test_pss(const struct tlskeys *keys, EVP_PKEY *rsa, EVP_PKEY *ec)
{
	uint8_t sig[TLSKEY_RSA_MAX], digest[32];
	struct tlskey_request m;
	EVP_PKEY_CTX *ctx;
	size_t n;
	RSA *key;

	key = (RSA *)(uintptr_t)EVP_PKEY_get0_RSA(rsa);
	m = request(rsa, TLSKEY_RSA_PSS, 256);
	arc4random_buf(digest, sizeof(digest));
	if (RSA_padding_add_PKCS1_PSS(key, m.data, digest, EVP_sha256(),
	    RSA_PSS_SALTLEN_DIGEST) != 1)
		abort();
	n = tlskeys_sign(keys, &m, sig);
	is_int((long long)n, 256, "PSS: length");
	ctx = EVP_PKEY_CTX_new(rsa, NULL);
	ok(ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_verify(ctx, sig, n, digest, sizeof(digest)) == 1,
	    "PSS: verifies");
	EVP_PKEY_CTX_free(ctx);
	m.data[100] ^= 1;
	is_int((long long)tlskeys_sign(keys, &m, sig), 0,
	    "PSS: a block that is not quite");
	/* the same for another key */
	m.data[100] ^= 1;
	(void)keyname_ec(EVP_PKEY_get0_EC_KEY(ec), m.name);
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "PSS: with EC");
}

/* What a stolen worker would like: a ciphertext, or a signature of its own. */
static void
test_refused(const struct tlskeys *keys, EVP_PKEY *rsa, EVP_PKEY *ec)
{
	uint8_t sig[TLSKEY_RSA_MAX], secret[48];
	struct tlskey_request m;
	EVP_PKEY *other;
	int i, signed_;
	RSA *key;

	key = (RSA *)(uintptr_t)EVP_PKEY_get0_RSA(rsa);
	arc4random_buf(secret, sizeof(secret));
	signed_ = 0;
	for (i = 0; i < 2000; i++) {
		m = request(rsa, TLSKEY_RSA_PSS, 256);
		if (RSA_public_encrypt(sizeof(secret), secret, m.data, key,
		    RSA_PKCS1_PADDING) != 256)
			abort();
		/* one in 256 ends like PSS: those that pass the first check */
		m.data[255] = 0xbc;
		signed_ += tlskeys_sign(keys, &m, sig) != 0;
	}
	is_int(signed_, 0, "no ciphertext is decrypted");
	m = request(rsa, TLSKEY_RSA_PSS, 256);
	m.data[0] &= 0x7f;
	m.data[255] = 0xbc;
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "no random block");
	m = request(rsa, TLSKEY_ECDSA, 32);
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "ECDSA with RSA");
	m = request(ec, TLSKEY_RSA_PKCS1, 32);
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "PKCS #1 with EC");
	m.kind = TLSKEY_KINDS;
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "unknown kind");
	other = make_key(EVP_PKEY_EC);
	m = request(other, TLSKEY_ECDSA, 32);
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "another key");
	EVP_PKEY_free(other);
	other = make_key(EVP_PKEY_RSA);
	m = request(other, TLSKEY_RSA_PKCS1, 32);
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "another RSA key");
	EVP_PKEY_free(other);
	m = request(ec, TLSKEY_ECDSA, 32);
	memset(m.name, 0, sizeof(m.name));
	is_int((long long)tlskeys_sign(keys, &m, sig), 0, "no key");
}

int
main(void)
{
	struct tlskeys *keys;
	EVP_PKEY *rsa, *ec;
	json_t *certificates;

	if (sodium_init() == -1)
		abort();
	rsa = make_key(EVP_PKEY_RSA);
	ec = make_key(EVP_PKEY_EC);
	keys = load(rsa, ec, &certificates);
	test_certificates(certificates);
	test_digests(keys, rsa, ec);
	test_pss(keys, rsa, ec);
	test_refused(keys, rsa, ec);
	tlskeys_free(keys);
	json_decref(certificates);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	return (done());
}
