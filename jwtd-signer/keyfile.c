/*
 * Private keys for signing.  The PEM text is read with read(2) into guarded
 * memory that is wiped; stdio would leave a copy of it behind.  Nothing here
 * logs or writes.
 */
#include "keyfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "file.h"

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

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1) {
		fail(err, errsize, path, "%s", strerror(errno));
		if (fd != -1)
			close(fd);
		return (-1);
	}
	why = NULL;
	if (!S_ISREG(st.st_mode))
		why = "not a regular file";
	else if (st.st_size > KEYFILE_MAX)
		why = "too large for a key";
	if (why != NULL)
		fail(err, errsize, path, "%s", why);
	else if ((why = file_secret_check(fd)) != NULL)
		fail(err, errsize, path, "%s (mode %04o)", why,
		    (unsigned int)st.st_mode & 07777);
	if (why != NULL) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* The file's bytes in memory for sodium_free(), or NULL. */
static char *
read_secret(int fd, size_t *len)
{
	ssize_t n;
	char *buf;

	if ((buf = sodium_malloc(KEYFILE_MAX)) == NULL)
		return (NULL);
	*len = 0;
	while (*len < KEYFILE_MAX) {
		n = read(fd, buf + *len, KEYFILE_MAX - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			sodium_free(buf);
			return (NULL);
		}
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return (buf);
}

/* Without this, libcrypto asks the terminal. */
static int
refuse_passphrase(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return (-1);
}

static EVP_PKEY *
parse(const char *buf, size_t len, const char **why)
{
	EVP_PKEY *pkey;
	bool asked;
	BIO *bio;

	asked = false;
	pkey = NULL;
	if ((bio = BIO_new_mem_buf(buf, (int)len)) != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase,
		    &asked);
	BIO_free(bio);
	ERR_clear_error();
	if (pkey == NULL)
		*why = asked ? "the key is encrypted" :
		    "no private key in PEM";
	return (pkey);
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
	EVP_PKEY *pkey;
	const char *why;
	char *buf;
	size_t len;
	int fd;

	if ((fd = open_checked(path, err, errsize)) == -1)
		return (NULL);
	buf = read_secret(fd, &len);
	if (buf == NULL) {
		fail(err, errsize, path, "%s", strerror(errno));
		close(fd);
		return (NULL);
	}
	close(fd);
	pkey = parse(buf, len, &why);
	sodium_free(buf);
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
	if (key->alg != CONF_ALG_DEFAULT)
		*alg = key->alg == CONF_ALG_PS256 ? JWK_PS256 : JWK_RS256;
	if (jwk_alg_fits(*alg, pkey))
		return (pkey);
	fail(err, errsize, key->path, "not a key for %s", jwk_alg_name(*alg));
	EVP_PKEY_free(pkey);
	return (NULL);
}
