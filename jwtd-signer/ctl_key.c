/*
 * jwtctl key: makes and shows the signing keys.  A private key goes from here
 * into a new file of mode 0600 and to nowhere else.
 */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "ctl.h"
#include "ctl_keymake.h"
#include "jwk.h"
#include "keydir.h"
#include "keyfile.h"
#include "log.h"

#define ERROR_SIZE	1024

/* The path of the configured key that signs, or NULL after a message. */
static const char *
signing_path(struct ctl *ctl)
{
	const struct conf_signer *signer;
	const struct conf_key *key;

	if ((signer = ctl_keys(ctl)) == NULL)
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

static int
save(EVP_PKEY *pkey, const struct keymake *make, const char *path)
{
	char kid[JWK_THUMBPRINT + 1];
	BIO *bio;
	int status;

	if (jwk_thumbprint(pkey, kid) == -1) {
		log_warnx("out of memory");
		return (CTL_FAILED);
	}
	if ((bio = keymake_text(pkey)) == NULL)
		return (CTL_FAILED);
	status = ctl_write_new(path, bio, 0600);
	BIO_free(bio);
	if (status == CTL_OK)
		printf("%s: %s %d, kid %s\n", path, keymake_name(make),
		    EVP_PKEY_bits(pkey), kid);
	return (status);
}

/* Where a new key goes that nobody names a file for; NULL after a message. */
static const char *
new_path(struct ctl *ctl)
{
	const struct conf_signer *signer;

	if ((signer = ctl_signer(ctl)) == NULL)
		return (NULL);
	if (signer->directory == NULL)
		return (signing_path(ctl));
	log_warnx("the keys are in \"%s\": use \"jwtctl key rotate\"",
	    signer->directory);
	return (NULL);
}

int
ctl_key_new(struct ctl *ctl, int argc, char **argv)
{
	struct keymake make;
	const char *path;
	EVP_PKEY *pkey;
	int status;

	if (keymake_options(&make, argc, argv, "+b:t:") == -1 ||
	    argc - optind > 1)
		return (CTL_USAGE);
	keymake_default(&make, NULL);
	path = argc > optind ? argv[optind] : new_path(ctl);
	if (path == NULL || !ctl_check_new(path) ||
	    (pkey = keymake_new(&make)) == NULL)
		return (CTL_FAILED);
	status = save(pkey, &make, path);
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
	else if ((signer = ctl_keys(ctl)) == NULL)
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

/* A line on a key, without its end.  Returns an exit status. */
static int
list_key(const struct conf_key *key, const char *state)
{
	char kid[JWK_THUMBPRINT + 1];
	enum jwk_alg alg;
	EVP_PKEY *pkey;
	int status;

	status = CTL_FAILED;
	pkey = load_conf(key, &alg);
	if (pkey != NULL && jwk_thumbprint(pkey, kid) == 0) {
		printf("%s\t%s\t%s\t%d\t%s", kid, state, jwk_alg_name(alg),
		    EVP_PKEY_bits(pkey), key->path);
		status = CTL_OK;
	}
	EVP_PKEY_free(pkey);
	return (status);
}

static int
list_configured(const struct conf_signer *signer)
{
	const struct conf_key *key;
	int status;

	status = CTL_OK;
	TAILQ_FOREACH(key, &signer->keys, entry) {
		if (list_key(key, key->retired ? "retired" : "active") ==
		    CTL_OK)
			putchar('\n');
		else
			status = CTL_FAILED;
	}
	return (status);
}

/* From when it signs, and until when it is accepted, are two columns more. */
static int
list_found(const struct conf_signer *signer, const struct rotation *all,
    int64_t now)
{
	char since[ROTATION_TIME_SIZE], until[ROTATION_TIME_SIZE];
	struct conf_key key;
	size_t i;
	int status;

	memset(&key, 0, sizeof(key));
	key.alg = signer->directory_alg;
	key.found = true;
	status = CTL_OK;
	for (i = 0; i < all->n; i++) {
		key.path = keydir_path(signer->directory, all->keys[i].name);
		if (list_key(&key, rotation_state_name(rotation_state(all, i,
		    now, signer->lifetime))) == CTL_OK)
			printf("\t%s\t%s\n", rotation_time(since,
			    all->keys[i].since), rotation_time(until,
			    rotation_until(all, i, signer->lifetime)));
		else
			status = CTL_FAILED;
		free(key.path);
	}
	return (status);
}

static int
list_directory(const struct conf_signer *signer)
{
	struct rotation *all;
	const char *why;
	int status;

	if ((all = calloc(1, sizeof(*all))) == NULL)
		fatal("keys");
	status = CTL_FAILED;
	if (keydir_read(signer->directory, all, keydir_log_odd, &why) == -1)
		log_warnx("%s: %s", signer->directory, why);
	else
		status = list_found(signer, all, (int64_t)time(NULL));
	free(all);
	return (status);
}

int
ctl_key_list(struct ctl *ctl, int argc, char **argv)
{
	const struct conf_signer *signer;

	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	if ((signer = ctl_signer(ctl)) == NULL)
		return (CTL_FAILED);
	return (signer->directory != NULL ? list_directory(signer) :
	    list_configured(signer));
}
