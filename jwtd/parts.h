/* A token that a signer sends in parts: MESSAGE_PARTS packets at the most. */
#ifndef PARTS_H
#define PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"

struct parts {
	char		*token;		/* NULL until there is a first part */
	size_t		 len;
	uint32_t	 next;		/* the part that must come */
	uint32_t	 parts;		/* as the first one said */
};

enum parts_result {
	PARTS_MORE,
	PARTS_DONE,			/* token and len are the whole */
	PARTS_BAD			/* not the part that must come next */
};

/*
 * Take the next part, of a valid reply with MESSAGE_OK.  The struct begins as
 * zeros.
 */
enum parts_result parts_add(struct parts *, const struct message_reply *);
/* wiped, and zeros again */
void		 parts_clear(struct parts *);

#endif
