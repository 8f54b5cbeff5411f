/* The claims of a token: the user's grants, and what they cannot override. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "message.h"

struct claims_request {
	const char			*issuer;
	const char			*subject;
	/* the audiences and scope that are asked for, and the most seconds */
	const struct message_request	*wanted;
	const struct strings		*audiences;	/* of the locations */
	int64_t				 now;
	unsigned int			 lifetime;	/* seconds */
	const char			*id;		/* for jti */
};

struct claims_result {
	size_t			 len;
	unsigned int		 lifetime;	/* seconds */
	char			 scope[MESSAGE_SCOPE_MAX + 1];
	const char		*why;		/* static; for MESSAGE_BROKEN */
};

/*
 * Write the claims, compact JSON, into out.  grants is a JSON object.  Returns
 * MESSAGE_OK with what was granted in the result, MESSAGE_BAD_SCOPE,
 * MESSAGE_BAD_TARGET, or MESSAGE_BROKEN.
 */
enum message_status claims_write(const char *grants, size_t grants_len,
		    const struct claims_request *, char *out, size_t size,
		    struct claims_result *);

/* Is each of these scopes one that the grants, a JSON object, have? */
bool	claims_scope_held(const char *grants, size_t grants_len,
	    const char *scope);

#endif
