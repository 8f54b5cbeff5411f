/*
 * The parts of a token become one.  Pure but for its memory, whose size is
 * nothing that the peer says.
 */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

enum parts_result
parts_add(struct parts *p, const struct message_reply *reply)
{
	if (reply->part != p->next || (p->next != 0 &&
	    reply->parts != p->parts))
		return (PARTS_BAD);
	if (p->token == NULL &&
	    (p->token = malloc(MESSAGE_TOKEN_MAX)) == NULL)
		return (PARTS_BAD);
	/* message_reply_valid() keeps both within their limits */
	memcpy(p->token + p->len, reply->data, reply->len);
	p->len += reply->len;
	p->parts = reply->parts;
	p->next++;
	return (p->next == p->parts ? PARTS_DONE : PARTS_MORE);
}

void
parts_clear(struct parts *p)
{
	freezero(p->token, MESSAGE_TOKEN_MAX);
	memset(p, 0, sizeof(*p));
}
