/*
 * Files that hold a private key, in PEM.  What was read is in guarded memory
 * for as long as it takes to parse it, and nowhere else.
 */
#ifndef PEMKEY_H
#define PEMKEY_H

#include <sys/types.h>

#include <stddef.h>

#include <openssl/evp.h>

#define PEMKEY_MAX	(256L * 1024)

/* What pemkey_read() returns is the caller's to free with pemkey_free(). */
struct pemkey_text;

/*
 * Open a regular file that is not too large.  Returns the descriptor, or -1
 * with a text in *why (static, or strerror's).
 */
int		 pemkey_open(const char *path, const char **why);

/* Read it with read(2), since stdio would keep a copy.  NULL with *why. */
struct pemkey_text *pemkey_read(int fd, const char **why);
void		 pemkey_free(struct pemkey_text *);

/* A BIO on the text, which must live longer; or NULL. */
BIO		*pemkey_bio(const struct pemkey_text *);

/* The private key in it, which is not encrypted.  NULL with *why. */
EVP_PKEY	*pemkey_parse(const struct pemkey_text *, const char **why);

#endif
