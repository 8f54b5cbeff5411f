/* The grant service: Basic in, a token out. */
#ifndef GRANT_H
#define GRANT_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "conn.h"
#include "link.h"

/* Answer a request, or send it to a signer and let the connection wait. */
void	grant(struct conn *, const struct conf_location *, char *body,
	    size_t len);

/* Put the answer that a signer gave; token is not NUL-terminated. */
void	grant_answer(struct conn *, const struct link_context *,
	    const struct message_reply *, const char *token, size_t len);

/* Is the body a form?  Else the request is refused. */
bool	grant_is_form(struct conn *);
/*
 * Send the request, as the client of the Authorization header, to a signer and
 * let the connection wait.  Fills in the client's part of both; the caller
 * wipes the request.  Returns false after it was refused.
 */
bool	grant_ask(struct conn *, struct link_context *,
	    struct message_request *);

#endif
