/* A JSON Web Token, verified as RFC 7515, RFC 7519 and RFC 8725 ask. */
#ifndef JWT_H
#define JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "jwk.h"

#define JWT_MAX		14336		/* bytes of a whole token */
#define JWT_LEEWAY	60		/* seconds */

enum jwt_error {
	JWT_OK,
	JWT_MALFORMED,		/* not three base64url parts of strict JSON */
	JWT_TYPE,		/* typ is another thing's */
	JWT_CRITICAL,		/* crit */
	JWT_ALGORITHM,		/* none, unknown, or not the key's */
	JWT_KEY,		/* kid unknown */
	JWT_SIGNATURE,
	JWT_ISSUER,
	JWT_AUDIENCE,
	JWT_SUBJECT,
	JWT_EXPIRED,
	JWT_NOT_YET,		/* nbf or iat in the future */
	JWT_TIME,		/* a time that is absent or no integer */
	JWT_SCOPE		/* no string, or list, of scope-tokens */
};
#define JWT_ERRORS	(JWT_SCOPE + 1)

/* whose tokens are accepted, and with which keys */
struct jwt_issuer {
	const char	*name;
	bool		 own;		/* our own signer */
	struct jwkset	 set;
};

/*
 * The header of the last token that was good, as text and as what is in it.
 * All tokens of a key have the same one as a rule: then it is not read anew.
 * Start with all zero; jwt_header_clear() frees it.
 */
struct jwt_header {
	char	*text;			/* base64url, as it was in the token */
	size_t	 text_len;
	json_t	*object;
};

struct jwt_policy {
	const struct jwt_issuer	*issuers;
	size_t			 nissuers;
	/* one of these must be there; NULL: whatever is */
	char *const		*audience;
	size_t			 naudience;
	int64_t			 now;		/* seconds since the epoch */
	struct jwt_header	*last;		/* NULL: none is kept */
};

/* when a token is good: until exp, and from the later of nbf and iat on */
struct jwt_times {
	int64_t		 expires;
	int64_t		 from;		/* INT64_MIN: always */
};

struct jwt {
	json_t		*claims;
	char		*text;		/* of the claims, for json_member() */
	size_t		 text_len;
	const char	*subject;	/* points into claims */
	char		*scope;		/* a valid one; "" if absent */
	size_t		 issuer;	/* in the policy; on JWT_KEY too */
	struct jwt_times times;
};

/*
 * Fills out only on JWT_OK; then the caller calls jwt_clear().
 *
 * The scope is the claim "scope", a string.  Other issuers than our own may
 * have "scp" in its place or, without that, "scopes": a string, or a list of
 * scope-tokens.
 */
enum jwt_error	 jwt_verify(const char *token, size_t len,
		    const struct jwt_policy *, struct jwt *out);
void		 jwt_clear(struct jwt *);
void		 jwt_header_clear(struct jwt_header *);
/* JWT_OK, JWT_EXPIRED or JWT_NOT_YET, with the leeway */
enum jwt_error	 jwt_check_times(const struct jwt_times *, int64_t now);
const char	*jwt_strerror(enum jwt_error);

/* a single word, for logs and metrics; NULL past the last */
const char	*jwt_error_name(enum jwt_error);

/*
 * The header and claims of a token that nobody verified, for a person to look
 * at.  Returns 0 and two objects that the caller decrefs, or -1.
 */
int		 jwt_peek(const char *token, size_t len, json_t **header,
		    json_t **claims);

#endif
