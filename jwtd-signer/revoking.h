/* What clients may do with tokens that there are: revoke, or look into them. */
#ifndef REVOKING_H
#define REVOKING_H

#include "message.h"
#include "serve.h"
#include "store.h"

/*
 * A valid request with one of MESSAGE_OTHERS, by a user who is who they say.
 * Returns MESSAGE_DONE, MESSAGE_DENIED, MESSAGE_UNAVAILABLE or MESSAGE_BROKEN.
 */
enum message_status revoking_decide(struct serve *,
	    const struct message_request *, const char *name,
	    const struct user *);

#endif
