/*
 * Files that hold a private key; see pemkey.h.  Nothing here logs or writes,
 * and stdio is not used.
 */
#include "pemkey.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

struct pemkey_text {
	size_t	 len;
	char	 buf[PEMKEY_MAX];
};

int
pemkey_open(const char *path, const char **why)
{
	struct stat st;
	int fd;

	/* O_NONBLOCK, so that a FIFO is refused instead of waited for */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 || fstat(fd, &st) == -1)
		*why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		*why = "not a regular file";
	else if (st.st_size > PEMKEY_MAX)
		*why = "too large for a key";
	else
		return (fd);
	if (fd != -1)
		close(fd);
	return (-1);
}

struct pemkey_text *
pemkey_read(int fd, const char **why)
{
	struct pemkey_text *text;
	ssize_t n;

	if ((text = sodium_malloc(sizeof(*text))) == NULL) {
		*why = strerror(errno);
		return (NULL);
	}
	text->len = 0;
	while (text->len < PEMKEY_MAX) {
		n = read(fd, text->buf + text->len, PEMKEY_MAX - text->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			*why = strerror(errno);
			sodium_free(text);
			return (NULL);
		}
		if (n == 0)
			break;
		text->len += (size_t)n;
	}
	return (text);
}

void
pemkey_free(struct pemkey_text *text)
{
	sodium_free(text);
}

BIO *
pemkey_bio(const struct pemkey_text *text)
{
	return (BIO_new_mem_buf(text->buf, (int)text->len));
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

EVP_PKEY *
pemkey_parse(const struct pemkey_text *text, const char **why)
{
	EVP_PKEY *pkey;
	bool asked;
	BIO *bio;

	asked = false;
	pkey = NULL;
	if ((bio = pemkey_bio(text)) != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase,
		    &asked);
	BIO_free(bio);
	ERR_clear_error();
	if (pkey == NULL)
		*why = asked ? "the key is encrypted" :
		    "no private key in PEM";
	return (pkey);
}
