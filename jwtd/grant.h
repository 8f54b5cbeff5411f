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

/* The client did not wait for it. */
void	grant_gone(struct worker *, const struct link_context *);

/* The context of a request for a signer, as it is before anything is read. */
void	grant_begin(struct conn *, const struct conf_location *,
	    struct link_context *);
/* Is the body a form?  Else the request is refused. */
bool	grant_is_form(struct conn *, struct link_context *);
/*
 * Send the request, as the client of the Authorization header, to a signer and
 * let the connection wait.  Fills in the client's part of both; the caller
 * wipes the request.  Returns false after it was refused.
 */
bool	grant_ask(struct conn *, struct link_context *,
	    struct message_request *);
/* It was, for the context's reason: log it. */
void	grant_refused(struct conn *, const struct link_context *);

#endif
