/*
 * Giving a token again; see again.h.  What was revoked, or may have been, is
 * given to nobody.
 */
#include "again.h"

#include <string.h>

#include "clock.h"

/* ms: the longest between two looks at what was revoked, and some more */
#define SEEN		2000

/*
 * The table is the one that workers refuse tokens by.  If nobody could look for
 * a while whether there is more, each token is new.
 */
static bool
may_be_revoked(const struct serve *serve, const char *name,
    const struct reuse_token *token)
{
	if (serve->revoked == NULL)
		return (false);
	return (clock_ms() > revoked_checked(serve->revoked) + SEEN ||
	    revoked_look(serve->revoked, token->id, name, token->issued) !=
	    REVOKED_NO);
}

/*
 * A client of a registry counts expires_in from issued_at, and others from now:
 * so it is issued now.
 */
static void
give(const struct reuse_token *token, int64_t now,
    struct issue_scratch *scratch)
{
	struct message_reply *reply;

	memcpy(scratch->token, token->token, token->len);
	scratch->token_len = token->len;
	reply = &scratch->reply;
	(void)strlcpy(reply->scope, token->scope, sizeof(reply->scope));
	reply->lifetime = (uint32_t)(token->expires - now);
	reply->issued_at = now;
	reply->flags = MESSAGE_REUSED;
}

bool
again_give(struct serve *serve, const struct reuse_wish *wish, int64_t now,
    struct reuse_tag *tag, struct issue_scratch *scratch)
{
	struct reuse_token *kept;
	bool given;

	if (serve->reuse == NULL)
		return (false);
	kept = &scratch->kept;
	reuse_tag(serve->reuse, wish, tag);
	if (!reuse_find(serve->reuse, tag, now, kept))
		return (false);
	given = !may_be_revoked(serve, wish->name, kept);
	if (given) {
		give(kept, now, scratch);
		metrics_add(&serve->metrics->reused, 1);
	}
	explicit_bzero(kept->token, kept->len);
	return (given);
}

void
again_keep(struct serve *serve, const struct reuse_tag *tag, const char *id,
    struct issue_scratch *scratch)
{
	struct reuse_token *kept;

	kept = &scratch->kept;
	if (serve->reuse == NULL || scratch->token_len > sizeof(kept->token))
		return;
	kept->issued = scratch->reply.issued_at;
	kept->expires = kept->issued + scratch->reply.lifetime;
	(void)strlcpy(kept->id, id, sizeof(kept->id));
	(void)strlcpy(kept->scope, scratch->reply.scope, sizeof(kept->scope));
	memcpy(kept->token, scratch->token, scratch->token_len);
	kept->len = scratch->token_len;
	reuse_keep(serve->reuse, tag, kept);
	explicit_bzero(kept->token, kept->len);
}
