/* From one request to one answer: look up, check the password, sign. */
#ifndef ISSUE_H
#define ISSUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "serve.h"

/* what one request needs; kept, so that it is not made anew for each */
#define ISSUE_ID	16		/* bytes of a token's id */
#define ISSUE_IDS	32

struct issue_scratch {
	struct message_reply	 reply;		/* without the token */
	char			 token[MESSAGE_TOKEN_MAX + 1];
	size_t			 token_len;
	struct reuse_token	 kept;		/* one of before */
	char			 claims[MESSAGE_TOKEN_MAX];
	/* drawn together, which costs as much as one */
	unsigned char		 ids[ISSUE_IDS][ISSUE_ID];
	size_t			 nids;		/* that are left */
};

/*
 * Decide on one valid request, which is there since that clock_ms().  Fills in
 * the reply's status and, if that is MESSAGE_OK, the token.  Returns false if
 * it takes a hash while others hash: then nothing is decided, and it has to be
 * asked again.
 */
bool	issue_token(struct serve *, const struct message_request *,
	    uint64_t since, struct issue_scratch *);

#endif
