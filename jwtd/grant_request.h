/* What a client asks the grant service for, besides who it is. */
#ifndef GRANT_REQUEST_H
#define GRANT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "message.h"

/* RFC 6749 section 5.2; both texts are static */
struct grant_error {
	const char	*code;
	const char	*description;
};

/*
 * Read the parameters, of a POST's body or else of a query, decoding them in
 * place.  Fills in the audience, scope, lifetime and flags of a request that is
 * all zero.  Returns false with what is wrong in the error.
 */
bool	grant_request_read(const struct conf_location *, bool post, char *buf,
	    size_t len, struct message_request *, struct grant_error *);

#endif
