/* What clients may do with tokens that there are: revoke, or look into them. */
#ifndef REVOKING_H
#define REVOKING_H

#include "message.h"
#include "serve.h"
#include "store.h"

/*
 * Whoever may only revoke their own tokens may do so as often, so that nobody
 * fills the table of all.
 */
#define REVOKING_COUNT		600
#define REVOKING_SECONDS	3600

/*
 * A valid request with one of MESSAGE_OTHERS, by a user who is who they say.
 * Returns MESSAGE_DONE, MESSAGE_DENIED, MESSAGE_UNAVAILABLE, MESSAGE_BROKEN or
 * MESSAGE_THROTTLED, with *wait in ms.
 */
enum message_status revoking_decide(struct serve *,
	    const struct message_request *, const char *name,
	    const struct user *, uint64_t *wait);

#endif
