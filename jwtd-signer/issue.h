/* From one request to one answer: look up, check the password, sign. */
#ifndef ISSUE_H
#define ISSUE_H

#include <stddef.h>

#include "message.h"
#include "serve.h"

/* what one request needs; kept, so that it is not made anew for each */
struct issue_scratch {
	struct message_reply	 reply;		/* without the token */
	char			 token[MESSAGE_TOKEN_MAX + 1];
	size_t			 token_len;
	char			 claims[MESSAGE_TOKEN_MAX];
};

/*
 * Decide on one valid request.  Fills in the reply's status and, if that is
 * MESSAGE_OK, the token.
 */
void	issue_token(struct serve *, const struct message_request *,
	    struct issue_scratch *);

#endif
