/* What a worker makes of the signer's own tokens, with the keys that it has. */
#ifndef VERIFY_H
#define VERIFY_H

#include <string.h>

#include "jwk.h"
#include "jwt.h"
#include "tap.h"

static inline void
verify_no_warning(const char *fmt, ...)
{
	ok(0, "a key of ours is skipped: %s", fmt);
}

/* of the issuer "i", for the audience "a", at 500 */
static inline enum jwt_error
verify(const char *jwks, const char *token, size_t len)
{
	char a[] = "a";
	char *audience[] = { a };
	struct jwt_issuer issuer = { "i", true, { NULL, 0, false } };
	struct jwt_policy policy = { &issuer, 1, audience, 1, 500, NULL };
	enum jwt_error error;
	struct jwt jwt;
	const char *why;

	if (jwkset_parse(jwks, strlen(jwks), &issuer.set, verify_no_warning,
	    &why) == -1)
		return (JWT_KEY);
	error = jwt_verify(token, len, &policy, &jwt);
	if (error == JWT_OK)
		jwt_clear(&jwt);
	jwkset_clear(&issuer.set);
	return (error);
}

#endif
