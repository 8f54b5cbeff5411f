/*
 * Private keys for signing: who else could read the file, and is what is in it
 * fit to sign with.  Nothing here logs or writes.
 */
#include "keyfile.h"

#include <sys/stat.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/err.h>

#include "file.h"
#include "pemkey.h"

static void __attribute__((format(printf, 4, 5)))
fail(char *err, size_t errsize, const char *path, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(err, errsize, "%s: ", path);
	if (n < 0 || (size_t)n >= errsize)
		return;		/* cut, and ends in a NUL */
	va_start(ap, fmt);
	(void)vsnprintf(err + n, errsize - (size_t)n, fmt, ap);
	va_end(ap);
}

/* Open it, and look at who else could. */
static int
open_checked(const char *path, char *err, size_t errsize)
{
	struct stat st;
	const char *why;
	int fd;

	if ((fd = pemkey_open(path, &why)) == -1) {
		fail(err, errsize, path, "%s", why);
		return (-1);
	}
	if ((why = file_secret_check(fd)) == NULL)
		return (fd);
	if (fstat(fd, &st) == -1)
		st.st_mode = 0;
	fail(err, errsize, path, "%s (mode %04o)", why,
	    (unsigned int)st.st_mode & 07777);
	close(fd);
	return (-1);
}

/* a key that does not add up gives itself away by the signatures it makes */
static bool
consistent(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx;
	bool good;

	/* RFC 8410 section 7: nothing but a seed, which fits whatever it is */
	if (EVP_PKEY_base_id(pkey) == EVP_PKEY_ED25519)
		return (true);
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	good = ctx != NULL && EVP_PKEY_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return (good);
}

static const char *
unfit(EVP_PKEY *pkey)
{
	const char *why;

	if ((why = jwk_unfit(pkey)) == NULL && !consistent(pkey))
		why = "the key's numbers do not fit together";
	return (why);
}

EVP_PKEY *
keyfile_load(const char *path, char *err, size_t errsize)
{
	struct pemkey_text *text;
	EVP_PKEY *pkey;
	const char *why;
	int fd;

	if ((fd = open_checked(path, err, errsize)) == -1)
		return (NULL);
	pkey = NULL;
	if ((text = pemkey_read(fd, &why)) != NULL)
		pkey = pemkey_parse(text, &why);
	pemkey_free(text);
	close(fd);
	if (pkey != NULL && (why = unfit(pkey)) != NULL) {
		fail(err, errsize, path, "%s", why);
		EVP_PKEY_free(pkey);
		return (NULL);
	}
	if (pkey == NULL)
		fail(err, errsize, path, "%s", why);
	return (pkey);
}

EVP_PKEY *
keyfile_load_conf(const struct conf_key *key, enum jwk_alg *alg, char *err,
    size_t errsize)
{
	EVP_PKEY *pkey;

	if ((pkey = keyfile_load(key->path, err, errsize)) == NULL)
		return (NULL);
	*alg = jwk_alg_default(pkey);
	/* what is said of a directory is said of its RSA keys */
	if (key->alg != CONF_ALG_DEFAULT && !(key->found &&
	    EVP_PKEY_base_id(pkey) != EVP_PKEY_RSA))
		*alg = key->alg == CONF_ALG_PS256 ? JWK_PS256 : JWK_RS256;
	if (jwk_alg_fits(*alg, pkey))
		return (pkey);
	fail(err, errsize, key->path, "not a key for %s", jwk_alg_name(*alg));
	EVP_PKEY_free(pkey);
	return (NULL);
}
