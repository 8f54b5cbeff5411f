/*
 * Revocation, RFC 7009, and introspection, RFC 7662.  The token is verified
 * here, where the public keys are; who the client is, and whether they may, a
 * signer decides.
 */
#include "token_service.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "grant.h"
#include "jwt.h"
#include "message.h"
#include "reply.h"
#include "revocation.h"
#include "token_request.h"

/* One of our own tokens, for whomever it is.  The caller clears it if so. */
static bool
is_ours(const struct worker *worker, struct span token, struct jwt *jwt)
{
	struct jwt_policy policy;

	memset(&policy, 0, sizeof(policy));
	/* our own issuer is the first */
	policy.issuers = worker->issuers;
	policy.nissuers = 1;
	policy.now = (int64_t)time(NULL);
	return (jwt_verify(token.p, token.len, &policy, jwt) == JWT_OK);
}

/* Say which token it is.  Returns false if it is one without a usable id. */
static bool
name_token(const struct jwt *jwt, struct message_request *request)
{
	const char *id;

	id = json_string_value(json_object_get(jwt->claims, "jti"));
	if (id == NULL || *id == '\0' || strlcpy(request->token_id, id,
	    sizeof(request->token_id)) >= sizeof(request->token_id) ||
	    strlcpy(request->subject, jwt->subject,
	    sizeof(request->subject)) >= sizeof(request->subject))
		return (false);
	request->expires = json_integer_value(json_object_get(jwt->claims,
	    "exp"));
	return (message_token_valid(request));
}

/* Returns false after the request was refused. */
static bool
prepare_revocation(struct conn *conn, struct span token,
    struct message_request *request)
{
	struct jwt jwt;
	bool named;

	request->flags = MESSAGE_REVOKE;
	/* RFC 7009 section 2.2: any other is as good as revoked */
	if (!is_ours(conn->worker, token, &jwt))
		return (true);
	named = name_token(&jwt, request);
	jwt_clear(&jwt);
	if (!named)
		reply_oauth_error(conn, 400, "unsupported_token_type",
		    "the token has no id by which it could be revoked", NULL);
	return (named);
}

/* RFC 7662 section 2.2.  NULL if there is no memory. */
static char *
describe(const struct jwt *jwt)
{
	static const char *const members[] = { "scope", "client_id", "exp",
	    "iat", "nbf", "sub", "aud", "iss", "jti" };
	json_t *all, *claim;
	char *text;
	size_t i;

	all = json_pack("{s:b, s:s, s:s}", "active", 1, "username",
	    jwt->subject, "token_type", "Bearer");
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if ((claim = json_object_get(jwt->claims, members[i])) != NULL)
			(void)json_object_set(all, members[i], claim);
	text = all != NULL ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	return (text);
}

/* What the client will be told, if they may; NULL: it is not known. */
static char *
prepare_introspection(struct conn *conn, struct span token)
{
	static const char inactive[] = "{\"active\":false}";
	enum revoked_answer revoked;
	struct jwt jwt;
	char *told;

	if (!is_ours(conn->worker, token, &jwt))
		return (strdup(inactive));
	revoked = revocation_of(conn->worker, &jwt);
	told = NULL;
	if (revoked == REVOKED_NO)
		told = describe(&jwt);
	else if (revoked == REVOKED_YES)
		told = strdup(inactive);
	jwt_clear(&jwt);
	return (told);
}

void
token_service(struct conn *conn, const struct conf_location *location,
    char *body, size_t len)
{
	struct message_request request;
	struct link_context context;
	struct grant_error error;
	struct span token;
	bool prepared;

	memset(&request, 0, sizeof(request));
	grant_begin(conn, location, &context);
	if (!grant_is_form(conn, &context)) {
		grant_refused(conn, &context);
		return;
	}
	if (!token_request_read(body, len, &token, &error)) {
		reply_oauth_error(conn, 400, error.code, error.description,
		    NULL);
		context.reason = GRANT_MALFORMED;
		grant_refused(conn, &context);
		return;
	}
	if (location->scope != NULL)
		(void)strlcpy(request.scope, location->scope,
		    sizeof(request.scope));
	prepared = true;
	if (location->service == CONF_REVOKE)
		prepared = prepare_revocation(conn, token, &request);
	else {
		request.flags = MESSAGE_INTROSPECT;
		context.told = prepare_introspection(conn, token);
	}
	if (!prepared)
		context.reason = GRANT_MALFORMED;
	if (!prepared || !grant_ask(conn, &context, &request)) {
		grant_refused(conn, &context);
		free(context.told);
	}
	explicit_bzero(&request, sizeof(request));
}

/*
 * RFC 7009 section 2.1 has such a request refused with an error of RFC 6749
 * section 5.2.  That gives 400 "unless specified otherwise": here it is 403, as
 * the client is known, and asking again will not help.
 */
static void
refuse(struct conn *conn, enum conf_service service)
{
	reply_oauth_error(conn, 403, "unauthorized_client",
	    service == CONF_REVOKE ?
	    "the token is another client's" :
	    "the client may not look into tokens", NULL);
}

static void
done(struct conn *conn, const struct link_context *context)
{
	static const char fields[] =
	    "Cache-Control: no-store\r\nPragma: no-cache\r\n";
	struct reply reply;

	memset(&reply, 0, sizeof(reply));
	reply.status = 200;
	reply.fields = fields;
	reply.fields_len = sizeof(fields) - 1;
	if (context->location->service == CONF_INTROSPECTION) {
		if (context->told == NULL) {
			revocation_unknown(conn);
			return;
		}
		reply.type = "application/json";
		reply.body = context->told;
		reply.body_len = strlen(context->told);
	}
	reply_send(conn, &reply);
}

bool
token_service_answer(struct conn *conn, const struct link_context *context,
    const struct message_reply *reply)
{
	switch (reply->status) {
	case MESSAGE_DONE:
		done(conn, context);
		return (true);
	case MESSAGE_DENIED:
		refuse(conn, context->location->service);
		return (true);
	case MESSAGE_OK:
		/* a token that nobody has asked for */
		reply_error(conn, 500);
		return (true);
	}
	return (false);
}
