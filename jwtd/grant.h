/* The grant service: Basic in, a token out. */
#ifndef GRANT_H
#define GRANT_H

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

#endif
