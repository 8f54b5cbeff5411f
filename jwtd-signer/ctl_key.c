/*
 * jwtctl key: makes and shows the signing keys.  A private key goes from here
 * into a new file of mode 0600 and to nowhere else.
 */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "ctl.h"
#include "jwk.h"
#include "keyfile.h"
#include "log.h"

#define BITS_DEFAULT	2048
#define ERROR_SIZE	1024

/* The path of the configured key that signs, or NULL after a message. */
static const char *
signing_path(struct ctl *ctl)
{
	const struct conf_signer *signer;
	const struct conf_key *key;

	if ((signer = ctl_signer(ctl)) == NULL)
		return (NULL);
	TAILQ_FOREACH(key, &signer->keys, entry)
		if (!key->retired)
			return (key->path);
	log_warnx("%s: no key signs", ctl->conf_path);
	return (NULL);
}

static EVP_PKEY *
load(const char *path)
{
	char err[ERROR_SIZE];
	EVP_PKEY *pkey;

	if ((pkey = keyfile_load(path, err, sizeof(err))) == NULL)
		log_warnx("%s", err);
	return (pkey);
}

static EVP_PKEY *
generate(int bits)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	pkey = NULL;
	ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1 ||
	    EVP_PKEY_keygen(ctx, &pkey) != 1)
		log_warnx("cannot make a key");
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

static int
save(EVP_PKEY *pkey, const char *path)
{
	char kid[JWK_THUMBPRINT + 1];
	BIO *bio;
	int status;

	if (jwk_thumbprint(pkey, kid) == -1 ||
	    (bio = BIO_new(BIO_s_mem())) == NULL) {
		log_warnx("out of memory");
		return (CTL_FAILED);
	}
	(void)PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL,
	    NULL);
	status = ctl_write_new(path, bio, 0600);
	BIO_free(bio);
	if (status == CTL_OK)
		printf("%s: RSA %d, kid %s\n", path, EVP_PKEY_bits(pkey), kid);
	return (status);
}

int
ctl_key_new(struct ctl *ctl, int argc, char **argv)
{
	const char *path, *errstr;
	EVP_PKEY *pkey;
	int bits, ch, status;

	bits = BITS_DEFAULT;
	while ((ch = getopt(argc, argv, "+b:")) != -1) {
		if (ch != 'b')
			return (CTL_USAGE);
		bits = (int)strtonum(optarg, JWK_RSA_MIN, JWK_RSA_MAX, &errstr);
		if (errstr != NULL) {
			log_warnx("invalid number of bits \"%s\": %s", optarg,
			    errstr);
			return (CTL_USAGE);
		}
	}
	if (argc - optind > 1)
		return (CTL_USAGE);
	path = argc > optind ? argv[optind] : signing_path(ctl);
	if (path == NULL || !ctl_check_new(path) ||
	    (pkey = generate(bits)) == NULL)
		return (CTL_FAILED);
	status = save(pkey, path);
	EVP_PKEY_free(pkey);
	return (status);
}

/* SubjectPublicKeyInfo, RFC 7468 section 13 */
static int
show_pem(const char *path)
{
	EVP_PKEY *pkey;
	BIO *bio;
	int status;

	if ((pkey = load(path)) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	if ((bio = BIO_new(BIO_s_mem())) != NULL) {
		(void)PEM_write_bio_PUBKEY(bio, pkey);
		status = ctl_write_new(NULL, bio, 0);
	}
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return (status);
}

/* Add the public half to a list of JWKs. */
static int
add_jwk(json_t *list, const char *path)
{
	EVP_PKEY *pkey;
	int rc;

	if ((pkey = load(path)) == NULL)
		return (-1);
	/* steals the JWK, and fails where there is none */
	rc = json_array_append_new(list, jwk_public(pkey, JWK_RS256));
	EVP_PKEY_free(pkey);
	if (rc == -1)
		log_warnx("%s: cannot be published", path);
	return (rc);
}

static int
print_set(json_t *list)
{
	json_t *set;
	char *text;

	if ((set = json_pack("{s:O}", "keys", list)) == NULL ||
	    (text = json_dumps(set, JSON_INDENT(2) |
	    JSON_PRESERVE_ORDER)) == NULL) {
		log_warnx("out of memory");
		json_decref(set);
		return (CTL_FAILED);
	}
	printf("%s\n", text);
	free(text);
	json_decref(set);
	return (CTL_OK);
}

/* RFC 7517 section 5: of the file, or else of all configured keys */
static int
show_set(struct ctl *ctl, const char *path)
{
	const struct conf_signer *signer;
	const struct conf_key *key;
	json_t *list;
	int rc, status;

	if ((list = json_array()) == NULL) {
		log_warnx("out of memory");
		return (CTL_FAILED);
	}
	rc = 0;
	if (path != NULL)
		rc = add_jwk(list, path);
	else if ((signer = ctl_signer(ctl)) == NULL)
		rc = -1;
	else
		TAILQ_FOREACH(key, &signer->keys, entry)
			if (add_jwk(list, key->path) == -1)
				rc = -1;
	status = rc == 0 ? print_set(list) : CTL_FAILED;
	json_decref(list);
	return (status);
}

int
ctl_key_show(struct ctl *ctl, int argc, char **argv)
{
	const char *path;
	bool set;
	int ch;

	set = false;
	while ((ch = getopt(argc, argv, "+j")) != -1) {
		if (ch != 'j')
			return (CTL_USAGE);
		set = true;
	}
	if (argc - optind > 1)
		return (CTL_USAGE);
	path = argc > optind ? argv[optind] : NULL;
	if (set)
		return (show_set(ctl, path));
	if (path == NULL && (path = signing_path(ctl)) == NULL)
		return (CTL_FAILED);
	return (show_pem(path));
}

int
ctl_key_list(struct ctl *ctl, int argc, char **argv)
{
	char kid[JWK_THUMBPRINT + 1];
	const struct conf_signer *signer;
	const struct conf_key *key;
	EVP_PKEY *pkey;
	int status;

	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	if ((signer = ctl_signer(ctl)) == NULL)
		return (CTL_FAILED);
	status = CTL_OK;
	TAILQ_FOREACH(key, &signer->keys, entry) {
		pkey = load(key->path);
		if (pkey == NULL || jwk_thumbprint(pkey, kid) == -1)
			status = CTL_FAILED;
		else
			printf("%s\t%s\t%s\t%d\t%s\n", kid,
			    key->retired ? "retired" : "active",
			    jwk_alg_name(JWK_RS256), EVP_PKEY_bits(pkey),
			    key->path);
		EVP_PKEY_free(pkey);
	}
	return (status);
}
