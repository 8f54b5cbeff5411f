/* What jwk.c asks of the types of keys, each in a file of its own. */
#ifndef JWK_INTERNAL_H
#define JWK_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jwk.h"

struct jwk_type {
	const char	*kty;
	int		 id;		/* EVP_PKEY_... */
	/* the public key of a JWK with that kty, or NULL with *why */
	EVP_PKEY	*(*parse)(const json_t *, const char **why);
	/* both for public keys: jwk_unfit(), and what RFC 7638 asks for */
	const char	*(*unfit)(EVP_PKEY *);
	json_t		*(*members)(EVP_PKEY *);
};

extern const struct jwk_type jwk_rsa, jwk_ec, jwk_okp;

/* A member that is the base64url of exactly len bytes. */
bool	jwk_get_bytes(const json_t *, const char *name, uint8_t *out,
	    size_t len);
bool	jwk_is(const json_t *, const char *name, const char *text);

#endif
