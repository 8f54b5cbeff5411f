/*
 * The services for tokens that there are: revocation, RFC 7009, and
 * introspection, RFC 7662.
 */
#ifndef TOKEN_SERVICE_H
#define TOKEN_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "conn.h"
#include "link.h"

/* Answer a POST, or send it to a signer and let the connection wait. */
void	token_service(struct conn *, const struct conf_location *, char *body,
	    size_t len);

/*
 * Put the answer that a signer gave, if it is one that a grant has not.
 * Returns false if it is.
 */
bool	token_service_answer(struct conn *, const struct link_context *,
	    const struct message_reply *);

#endif
