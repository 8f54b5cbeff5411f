/*
 * Who may revoke a token, or be told what is in one.  The worker has verified
 * the token, and a worker is held for hostile: what it says of one can at worst
 * revoke too much, by somebody whose password is right, and gives nobody
 * anything.  Which scopes count is the configuration's to say.
 */
#include "revoking.h"

#include <string.h>
#include <time.h>

#include "claims.h"
#include "clock.h"
#include "jwt.h"
#include "log.h"

/* Is that the scope of a location for it? */
static bool
is_configured(const struct conf *conf, enum conf_service service,
    const char *scope)
{
	const struct conf_location *location;
	const struct conf_server *server;

	TAILQ_FOREACH(server, &conf->servers, entry)
		TAILQ_FOREACH(location, &server->locations, entry)
			if (location->service == service &&
			    location->scope != NULL &&
			    strcmp(location->scope, scope) == 0)
				return (true);
	return (false);
}

/* Has the user the scope that the location asks for? */
static bool
may(const struct serve *serve, enum conf_service service, const char *scope,
    const struct user *user)
{
	return (scope[0] != '\0' &&
	    is_configured(serve->conf, service, scope) &&
	    claims_scope_held(user->grants, user->grants_len, scope));
}

static enum message_status
revoke_token(struct serve *serve, const struct message_request *request)
{
	int64_t now;

	now = (int64_t)time(NULL);
	/* before it is answered, and whether or not it can be kept */
	if (serve->reuse != NULL)
		reuse_forget(serve->reuse, request->token_id);
	/* RFC 7009 section 2.2: what is no token any more is revoked enough */
	if (request->expires <= now - JWT_LEEWAY)
		return (MESSAGE_DONE);
	if (request->expires > now + CONF_LIFETIME_MAX + JWT_LEEWAY) {
		log_warnx("a token that expires later than any of ours");
		return (MESSAGE_BROKEN);
	}
	return (store_revoke(serve->store, request->token_id,
	    request->expires) == STORE_FOUND ? MESSAGE_DONE :
	    MESSAGE_UNAVAILABLE);
}

/* For how many ms that client has revoked enough, wherever they come from. */
static uint64_t
count_own(struct throttle *throttle, const char *name)
{
	struct message_request anywhere;
	uint64_t now, wait;

	memset(&anywhere, 0, sizeof(anywhere));
	now = clock_ms();
	if ((wait = throttle_wait(throttle, name, &anywhere, now)) == 0)
		throttle_failed(throttle, name, &anywhere, now);
	return (wait);
}

enum message_status
revoking_decide(struct serve *serve, const struct message_request *request,
    const char *name, const struct user *user, uint64_t *wait)
{
	if ((request->flags & MESSAGE_INTROSPECT) != 0)
		return (may(serve, CONF_INTROSPECTION, request->scope, user) ?
		    MESSAGE_DONE : MESSAGE_DENIED);
	if (!serve->conf->signer->revocations.on)
		return (MESSAGE_DENIED);
	/* RFC 7009 section 2.2: an invalid one is no error */
	if (request->token_id[0] == '\0')
		return (MESSAGE_DONE);
	/* section 2.1: one of the client's own, or else by a right to any */
	if (!may(serve, CONF_REVOKE, request->scope, user)) {
		if (strcmp(request->subject, name) != 0)
			return (MESSAGE_DENIED);
		*wait = count_own(&serve->shared->revoking, name);
		if (*wait > 0)
			return (MESSAGE_THROTTLED);
	}
	return (revoke_token(serve, request));
}
