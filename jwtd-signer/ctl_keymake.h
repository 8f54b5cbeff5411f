/* New signing keys, for the commands that make one. */
#ifndef CTL_KEYMAKE_H
#define CTL_KEYMAKE_H

#include <openssl/bio.h>
#include <openssl/evp.h>

struct keymake {
	const struct key_type	*type;	/* NULL: not said */
	int			 bits;	/* 0: not said */
	const char		*wait;	/* of -w; NULL: not said */
};

/* Read these options of getopt(3).  Returns 0, or -1 if they are wrong. */
int	 keymake_options(struct keymake *, int argc, char **argv,
	    const char *options);

/* What is not said is as in that key or, if it is NULL, RSA of 2048 bits. */
void	 keymake_default(struct keymake *, EVP_PKEY *);

/* Returns NULL after a message; else the caller frees it. */
EVP_PKEY *keymake_new(const struct keymake *);

/*
 * In PEM, which the caller wipes and frees.  Returns NULL after a message.
 */
BIO	*keymake_text(EVP_PKEY *);

/* "RSA", "EC", "Ed25519" */
const char *keymake_name(const struct keymake *);

#endif
