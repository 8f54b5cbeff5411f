/* RFC 7517 keys and key sets, public halves only, and RFC 7638 thumbprints. */
#ifndef JWK_H
#define JWK_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <openssl/evp.h>

#define JWK_KID_MAX	128
#define JWK_THUMBPRINT	43		/* base64url of a SHA-256 */
#define JWK_RSA_MIN	2048		/* bits, RFC 7518 section 3.3 */
#define JWK_RSA_MAX	8192
#define JWK_SET_MAX	64		/* keys in a set */

/* RFC 7518 section 3.1, RFC 8037 section 3.1; a key has one of them */
enum jwk_alg {
	JWK_RS256,
	JWK_PS256,
	JWK_ES256,
	JWK_EDDSA
};

struct jwk {
	char		 kid[JWK_KID_MAX + 1];	/* "" if it has none */
	enum jwk_alg	 alg;
	EVP_PKEY	*pkey;
	EVP_PKEY_CTX	*verify;	/* of jws_keep(), or NULL... */
	EVP_MD_CTX	*digest;	/* ...and this, too */
};

struct jwkset {
	struct jwk	*keys;
	size_t		 nkeys;
	bool		 kidless;	/* PEM: a token's kid is ignored */
};

const char *jwk_alg_name(enum jwk_alg);
/* Is it an algorithm of that type of key? */
bool	 jwk_alg_fits(enum jwk_alg, EVP_PKEY *);
/* what a key signs if nothing says more; only for keys that are fit */
enum jwk_alg jwk_alg_default(EVP_PKEY *);

/*
 * NULL, or why nothing should be signed or verified with this key.  Whether a
 * private half belongs to the public one is not looked at.
 */
const char *jwk_unfit(EVP_PKEY *);

/*
 * Read a key set.  Keys that cannot be used are skipped, with a text to warn();
 * returns 0, or -1 with a static text in *why if it is no set or none is left.
 * The caller frees the set with jwkset_clear().
 */
int	 jwkset_parse(const char *buf, size_t len, struct jwkset *,
	    void (*warn)(const char *, ...), const char **why);
/* as jwkset_parse(), from one or more PEM public keys or certificates */
int	 jwkset_parse_pem(const char *buf, size_t len, struct jwkset *,
	    void (*warn)(const char *, ...), const char **why);
void	 jwkset_clear(struct jwkset *);

/* RFC 7638 thumbprint of a key's public half.  Returns 0 or -1. */
int	 jwk_thumbprint(EVP_PKEY *, char out[JWK_THUMBPRINT + 1]);

/*
 * The public JWK of a key that is fit, with kid, alg and use.  The caller
 * decrefs it.  NULL if there is no memory for it.
 */
json_t	*jwk_public(EVP_PKEY *, enum jwk_alg);

#endif
