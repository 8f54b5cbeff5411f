/*
 * jwtctl key: makes and shows the signing keys.  A private key goes from here
 * into a new file of mode 0600 and to nowhere else.
 */
#include <openssl/bio.h>
#include <openssl/ec.h>
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

static const struct key_type {
	const char	*option;	/* of -t */
	const char	*name;
	int		 id;
} types[] = {
	{ "rsa", "RSA", EVP_PKEY_RSA },
	{ "ec", "EC", EVP_PKEY_EC },
	{ "ed25519", "Ed25519", EVP_PKEY_ED25519 }
};

#define NTYPES	(sizeof(types) / sizeof(types[0]))

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
load_conf(const struct conf_key *key, enum jwk_alg *alg)
{
	char err[ERROR_SIZE];
	EVP_PKEY *pkey;

	if ((pkey = keyfile_load_conf(key, alg, err, sizeof(err))) == NULL)
		log_warnx("%s", err);
	return (pkey);
}

static EVP_PKEY *
generate(const struct key_type *type, int bits)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	pkey = NULL;
	ctx = EVP_PKEY_CTX_new_id(type->id, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    (type->id == EVP_PKEY_RSA &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1) ||
	    (type->id == EVP_PKEY_EC &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) != 1) ||
	    EVP_PKEY_keygen(ctx, &pkey) != 1)
		log_warnx("cannot make a key");
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

static int
save(EVP_PKEY *pkey, const struct key_type *type, const char *path)
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
		printf("%s: %s %d, kid %s\n", path, type->name,
		    EVP_PKEY_bits(pkey), kid);
	return (status);
}

/* The type of that name, or NULL after a message. */
static const struct key_type *
find_type(const char *option)
{
	size_t i;

	for (i = 0; i < NTYPES; i++)
		if (strcmp(types[i].option, option) == 0)
			return (&types[i]);
	log_warnx("unknown type of key \"%s\"", option);
	return (NULL);
}

/* The options of "key new".  Returns -1 if they are wrong. */
static int
new_options(int argc, char **argv, const struct key_type **type, int *bits)
{
	const char *errstr;
	int ch;

	*type = &types[0];
	*bits = 0;
	while ((ch = getopt(argc, argv, "+b:t:")) != -1) {
		if (ch == 't') {
			if ((*type = find_type(optarg)) == NULL)
				return (-1);
			continue;
		}
		if (ch != 'b')
			return (-1);
		*bits = (int)strtonum(optarg, JWK_RSA_MIN, JWK_RSA_MAX,
		    &errstr);
		if (errstr != NULL) {
			log_warnx("invalid number of bits \"%s\": %s", optarg,
			    errstr);
			return (-1);
		}
	}
	if (*bits != 0 && (*type)->id != EVP_PKEY_RSA) {
		log_warnx("only RSA keys come in sizes");
		return (-1);
	}
	if (*bits == 0)
		*bits = BITS_DEFAULT;
	return (0);
}

int
ctl_key_new(struct ctl *ctl, int argc, char **argv)
{
	const struct key_type *type;
	const char *path;
	EVP_PKEY *pkey;
	int bits, status;

	if (new_options(argc, argv, &type, &bits) == -1 || argc - optind > 1)
		return (CTL_USAGE);
	path = argc > optind ? argv[optind] : signing_path(ctl);
	if (path == NULL || !ctl_check_new(path) ||
	    (pkey = generate(type, bits)) == NULL)
		return (CTL_FAILED);
	status = save(pkey, type, path);
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

/* Add the public half to a list of JWKs, and free the key. */
static int
add_jwk(json_t *list, const char *path, EVP_PKEY *pkey, enum jwk_alg alg)
{
	int rc;

	/* steals the JWK, and fails where there is none */
	rc = json_array_append_new(list, jwk_public(pkey, alg));
	EVP_PKEY_free(pkey);
	if (rc == -1)
		log_warnx("%s: cannot be published", path);
	return (rc);
}

static int
add_file(json_t *list, const char *path)
{
	EVP_PKEY *pkey;

	if ((pkey = load(path)) == NULL)
		return (-1);
	return (add_jwk(list, path, pkey, jwk_alg_default(pkey)));
}

static int
add_configured(json_t *list, const struct conf_signer *signer)
{
	const struct conf_key *key;
	enum jwk_alg alg;
	EVP_PKEY *pkey;
	int rc;

	rc = 0;
	TAILQ_FOREACH(key, &signer->keys, entry) {
		pkey = load_conf(key, &alg);
		if (pkey == NULL || add_jwk(list, key->path, pkey, alg) == -1)
			rc = -1;
	}
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
	json_t *list;
	int rc, status;

	if ((list = json_array()) == NULL) {
		log_warnx("out of memory");
		return (CTL_FAILED);
	}
	if (path != NULL)
		rc = add_file(list, path);
	else if ((signer = ctl_signer(ctl)) == NULL)
		rc = -1;
	else
		rc = add_configured(list, signer);
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
	enum jwk_alg alg;
	EVP_PKEY *pkey;
	int status;

	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	if ((signer = ctl_signer(ctl)) == NULL)
		return (CTL_FAILED);
	status = CTL_OK;
	TAILQ_FOREACH(key, &signer->keys, entry) {
		pkey = load_conf(key, &alg);
		if (pkey == NULL || jwk_thumbprint(pkey, kid) == -1)
			status = CTL_FAILED;
		else
			printf("%s\t%s\t%s\t%d\t%s\n", kid,
			    key->retired ? "retired" : "active",
			    jwk_alg_name(alg), EVP_PKEY_bits(pkey),
			    key->path);
		EVP_PKEY_free(pkey);
	}
	return (status);
}
