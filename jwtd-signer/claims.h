/* The claims of a token: the user's grants, and what they cannot override. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "message.h"

struct claims_request {
	const char		*issuer;
	const char		*subject;
	const char		*audience;
	bool			 foreign;	/* only the grants may allow it */
	const char		*scope;		/* "": all that the user has */
	const struct strings	*audiences;	/* of the grant locations */
	int64_t			 now;
	unsigned int		 lifetime;	/* seconds */
	const char		*id;		/* for jti */
};

/*
 * Write the claims, compact JSON, into out and what scope was granted into
 * scope.  grants is a JSON object.  Returns MESSAGE_OK with *len set,
 * MESSAGE_BAD_SCOPE, MESSAGE_BAD_TARGET, or MESSAGE_BROKEN with a static text in
 * *why.
 */
enum message_status claims_write(const char *grants, size_t grants_len,
		    const struct claims_request *, char *out, size_t size,
		    size_t *len, char scope[MESSAGE_SCOPE_MAX + 1],
		    const char **why);

#endif
