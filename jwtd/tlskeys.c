/*
 * The TLS keys.  They sign digests and EMSA-PSS and nothing else: there is no
 * way here to decrypt, and none to a signature of a block that somebody chose.
 */
#define OPENSSL_SUPPRESS_DEPRECATED	/* calls that both libraries have */

#include "tlskeys.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "file.h"
#include "keyname.h"
#include "log.h"
#include "padding.h"
#include "pemkey.h"

struct key {
	uint8_t		 name[TLSKEY_NAME];
	EVP_PKEY	*pkey;
	EVP_PKEY_CTX	*ctx[TLSKEY_KINDS];	/* NULL until it is needed */
};

struct tlskeys {
	struct key	*v;
	size_t		 n;
};

static void __attribute__((noreturn))
unusable(const struct conf_server *server, const char *what, const char *why)
{
	fatalx("certificate %s with key %s: %s%s%s", server->tls_certificate,
	    server->tls_key, what, why != NULL ? ": " : "",
	    why != NULL ? why : "");
}

/* A certificate's file may hold its key as well, so it is read like one. */
static struct pemkey_text *
read_text(const char *path, const char **exposed)
{
	struct pemkey_text *text;
	const char *why;
	int fd;

	if ((fd = pemkey_open(path, &why)) == -1)
		fatalx("%s: %s", path, why);
	*exposed = file_secret_check(fd);
	if ((text = pemkey_read(fd, &why)) == NULL)
		fatalx("%s: %s", path, why);
	close(fd);
	return (text);
}

/*
 * Write the certificates of a file to out, and nothing else that is in there.
 * Returns the first, or NULL if there is none or one of them is broken.
 */
static X509 *
copy_certificates(BIO *in, BIO *out)
{
	/* or libcrypto asks the terminal */
	static char no_passphrase[] = "";
	X509 *first, *next;
	bool good;

	first = NULL;
	good = true;
	while (good && (next = PEM_read_bio_X509(in, NULL, NULL,
	    no_passphrase)) != NULL) {
		good = PEM_write_bio_X509(out, next) == 1;
		if (first == NULL)
			first = next;
		else
			X509_free(next);
	}
	if (!good || ERR_GET_REASON(ERR_peek_last_error()) !=
	    PEM_R_NO_START_LINE) {
		X509_free(first);
		first = NULL;
	}
	ERR_clear_error();
	return (first);
}

static X509 *
load_certificate(const struct conf_server *server, json_t *certificates)
{
	struct pemkey_text *text;
	BIO *in, *out;
	char *pem;
	long len;
	const char *exposed;
	X509 *x509;

	text = read_text(server->tls_certificate, &exposed);
	in = pemkey_bio(text);
	out = BIO_new(BIO_s_mem());
	if (in == NULL || out == NULL)
		fatalx("no memory for a certificate");
	if ((x509 = copy_certificates(in, out)) == NULL)
		unusable(server, "failed to load certificate", NULL);
	len = BIO_get_mem_data(out, &pem);
	if (json_array_append_new(certificates, json_stringn(pem,
	    (size_t)len)) == -1)
		fatalx("no memory for a certificate");
	BIO_free(in);
	BIO_free(out);
	pemkey_free(text);
	return (x509);
}

static bool
get_name(EVP_PKEY *public, uint8_t name[TLSKEY_NAME])
{
	int size;

	switch (EVP_PKEY_base_id(public)) {
	case EVP_PKEY_RSA:
		size = EVP_PKEY_size(public);
		return (size >= TLSKEY_RSA_MIN && size <= TLSKEY_RSA_MAX &&
		    keyname_rsa(EVP_PKEY_get0_RSA(public), name));
	case EVP_PKEY_EC:
		return (keyname_ec(EVP_PKEY_get0_EC_KEY(public), name));
	default:
		return (false);
	}
}

static void
load(struct key *key, const struct conf_server *server, json_t *certificates)
{
	struct pemkey_text *text;
	const char *why, *exposed;
	X509 *x509;

	x509 = load_certificate(server, certificates);
	text = read_text(server->tls_key, &exposed);
	if ((key->pkey = pemkey_parse(text, &why)) == NULL)
		unusable(server, "failed to read private key", why);
	pemkey_free(text);
	if (X509_check_private_key(x509, key->pkey) != 1)
		unusable(server, "private/public key mismatch", NULL);
	if (!get_name(X509_get0_pubkey(x509), key->name))
		unusable(server, "neither an RSA key of 1024 to 8192 bits nor "
		    "an EC key", NULL);
	/* a proxy of the same host may need it, too */
	if (exposed != NULL)
		log_warnx("%s: %s", server->tls_key, exposed);
	X509_free(x509);
	ERR_clear_error();
}

static bool
has_tls(const struct conf_server *server)
{
	size_t i;

	for (i = 0; i < server->nlisteners; i++)
		if (server->listeners[i]->tls)
			return (true);
	return (false);
}

struct tlskeys *
tlskeys_load(const struct conf *conf, json_t **certificates)
{
	const struct conf_server *server;
	struct tlskeys *keys;

	if ((keys = calloc(1, sizeof(*keys))) == NULL ||
	    (*certificates = json_array()) == NULL)
		fatal("keys");
	TAILQ_FOREACH(server, &conf->servers, entry) {
		if (!has_tls(server)) {
			(void)json_array_append_new(*certificates,
			    json_null());
			continue;
		}
		keys->v = reallocarray(keys->v, keys->n + 1, sizeof(*keys->v));
		if (keys->v == NULL)
			fatal("keys");
		memset(&keys->v[keys->n], 0, sizeof(*keys->v));
		load(&keys->v[keys->n++], server, *certificates);
	}
	return (keys);
}

void
tlskeys_free(struct tlskeys *keys)
{
	size_t i, kind;

	for (i = 0; i < keys->n; i++) {
		for (kind = 0; kind < TLSKEY_KINDS; kind++)
			EVP_PKEY_CTX_free(keys->v[i].ctx[kind]);
		EVP_PKEY_free(keys->v[i].pkey);
	}
	free(keys->v);
	free(keys);
}

static struct key *
find(const struct tlskeys *keys, const uint8_t name[TLSKEY_NAME])
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (memcmp(keys->v[i].name, name, TLSKEY_NAME) == 0)
			return (&keys->v[i]);
	return (NULL);
}

static const EVP_MD *
hash_of(uint32_t len)
{
	return (len == 32 ? EVP_sha256() : len == 48 ? EVP_sha384() :
	    EVP_sha512());
}

/* Is that what this key signs? */
static bool
is_for(const struct key *key, const struct tlskey_request *m)
{
	bool rsa;

	rsa = EVP_PKEY_base_id(key->pkey) == EVP_PKEY_RSA;
	switch (m->kind) {
	case TLSKEY_ECDSA:
		return (!rsa);
	case TLSKEY_RSA_PKCS1:
		return (rsa);
	case TLSKEY_RSA_PSS:
		return (rsa && padding_is_pss(m->data, m->len,
		    (unsigned int)EVP_PKEY_bits(key->pkey)));
	default:
		return (false);
	}
}

/* for all signatures of that kind; NULL when memory is short */
static EVP_PKEY_CTX *
new_context(EVP_PKEY *pkey, uint32_t kind)
{
	EVP_PKEY_CTX *ctx;

	if ((ctx = EVP_PKEY_CTX_new(pkey, NULL)) == NULL)
		return (NULL);
	if (EVP_PKEY_sign_init(ctx) != 1 || (kind != TLSKEY_ECDSA &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, kind == TLSKEY_RSA_PKCS1 ?
	    RSA_PKCS1_PADDING : RSA_NO_PADDING) != 1)) {
		EVP_PKEY_CTX_free(ctx);
		return (NULL);
	}
	return (ctx);
}

/*
 * A context costs a good part of an ECDSA signature, so it is kept: one
 * for each kind, as what is set in it for one is never there for another.
 */
size_t
tlskeys_sign(const struct tlskeys *keys, const struct tlskey_request *m,
    uint8_t out[TLSKEY_RSA_MAX])
{
	EVP_PKEY_CTX **ctx;
	struct key *key;
	size_t n;
	bool good;

	if ((key = find(keys, m->name)) == NULL || !is_for(key, m))
		return (0);
	ctx = &key->ctx[m->kind];
	if (*ctx == NULL && (*ctx = new_context(key->pkey, m->kind)) == NULL) {
		ERR_clear_error();
		return (0);
	}
	n = TLSKEY_RSA_MAX;
	good = (m->kind != TLSKEY_RSA_PKCS1 ||
	    EVP_PKEY_CTX_set_signature_md(*ctx, hash_of(m->len)) == 1) &&
	    EVP_PKEY_sign(*ctx, out, &n, m->data, m->len) == 1;
	if (!good) {
		EVP_PKEY_CTX_free(*ctx);
		*ctx = NULL;
	}
	ERR_clear_error();
	return (good ? n : 0);
}
