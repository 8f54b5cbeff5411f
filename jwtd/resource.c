/*
 * The resource service.  202 if and only if the request carries a token that
 * jwt_verify() takes for this location's audience and that has its scope.
 */
#include "resource.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authorization.h"
#include "issuers.h"
#include "json.h"
#include "jwt.h"
#include "percent.h"
#include "reply.h"
#include "revocation.h"
#include "scope.h"

/* of a forwarded value; a longer one is sent empty */
#define VALUE_MAX	1024

/* RFC 6750 section 3.  The texts are ours: none comes from the request. */
static void
challenge(struct conn *conn, const struct conf_location *location, int status,
    const char *error, const char *description)
{
	char fields[1024];
	struct reply reply;
	int n;

	if (error == NULL)
		n = snprintf(fields, sizeof(fields),
		    "WWW-Authenticate: Bearer realm=\"%s\"\r\n",
		    location->realm);
	else
		n = snprintf(fields, sizeof(fields),
		    "WWW-Authenticate: Bearer realm=\"%s\", error=\"%s\", "
		    "error_description=\"%s\"%s%s%s\r\n", location->realm,
		    error, description, status == 403 ? ", scope=\"" : "",
		    status == 403 ? location->scope : "",
		    status == 403 ? "\"" : "");
	memset(&reply, 0, sizeof(reply));
	reply.status = status;
	if (n > 0 && (size_t)n < sizeof(fields)) {
		reply.fields = fields;
		reply.fields_len = (size_t)n;
	}
	reply_send(conn, &reply);
}

/* jwt_strerror() without what would end a quoted string */
static void
token_refused(struct conn *conn, const struct conf_location *location,
    enum jwt_error error)
{
	char text[128];
	size_t i;

	(void)strlcpy(text, jwt_strerror(error), sizeof(text));
	for (i = 0; text[i] != '\0'; i++)
		if (text[i] == '"' || text[i] == '\\')
			text[i] = '\'';
	challenge(conn, location, 401, "invalid_token", text);
}

/*
 * The text of a claim: a string's characters, or the JSON of anything else, as
 * it is in the token.  Returns its length, 0 if it is absent or does not fit.
 */
static size_t
claim_value(const struct jwt *jwt, const char *name, char value[VALUE_MAX + 1])
{
	const json_t *claim;
	ssize_t n;

	if ((claim = json_object_get(jwt->claims, name)) == NULL)
		return (0);
	if (json_is_string(claim))
		n = percent_encode_unprintable(value, VALUE_MAX + 1,
		    json_string_value(claim), json_string_length(claim));
	else
		n = json_compact(value, VALUE_MAX,
		    json_member(jwt->text, jwt->text_len, name), true);
	return (n == -1 ? 0 : (size_t)n);
}

/*
 * One field for a claim, on every 202, so that a client's own field of that
 * name does not survive a proxy that copies ours.
 */
static int
put_field(struct buf_pool *pool, struct buf *fields, const char *header,
    const char *value, size_t n)
{
	if (buf_reserve(pool, fields, strlen(header) + n + 4) == -1)
		return (-1);
	buf_puts(fields, header);
	buf_put(fields, ": ", 2);
	buf_put(fields, value, n);
	buf_put(fields, "\r\n", 2);
	return (0);
}

static int
put_claim(struct buf_pool *pool, struct buf *fields, const char *header,
    const struct jwt *jwt, const char *name)
{
	char value[VALUE_MAX + 1];
	size_t n;

	n = claim_value(jwt, name, value);
	return (put_field(pool, fields, header, value, n));
}

/* whatever the issuer calls it, see jwt.h */
static int
put_scope(struct buf_pool *pool, struct buf *fields, const struct jwt *jwt)
{
	char value[VALUE_MAX + 1];
	ssize_t n;

	n = percent_encode_unprintable(value, sizeof(value), jwt->scope,
	    strlen(jwt->scope));
	return (put_field(pool, fields, "X-Auth-Scope", value,
	    n == -1 ? 0 : (size_t)n));
}

static void
accept_token(struct conn *conn, const struct conf_location *location,
    const struct jwt *jwt)
{
	const struct conf_forward *forward;
	struct buf_pool *pool;
	struct reply reply;
	struct buf fields;
	int failed;

	pool = &conn->worker->pool;
	memset(&fields, 0, sizeof(fields));
	failed = put_claim(pool, &fields, "X-Auth-Subject", jwt, "sub");
	failed |= put_scope(pool, &fields, jwt);
	TAILQ_FOREACH(forward, &location->forwards, entry)
		failed |= put_claim(pool, &fields, forward->header, jwt,
		    forward->claim);
	if (failed != 0)
		reply_error(conn, 503);
	else {
		memset(&reply, 0, sizeof(reply));
		reply.status = 202;
		reply.fields = fields.p;
		reply.fields_len = fields.len;
		reply_send(conn, &reply);
	}
	buf_release(pool, &fields);
}

void
resource(struct conn *conn, const struct conf_location *location)
{
	struct jwt_policy policy;
	struct span token;
	enum jwt_error error;
	struct jwt jwt;

	switch (authorization_bearer(conn->head.authorization, &token)) {
	case AUTH_OK:
		break;
	case AUTH_ABSENT:
		challenge(conn, location, 401, NULL, NULL);
		return;
	case AUTH_MALFORMED:
		token_refused(conn, location, JWT_MALFORMED);
		return;
	}
	policy.issuers = conn->worker->issuers;
	policy.nissuers = conn->worker->nissuers;
	policy.audience = location->audience.v;
	policy.naudience = location->audience.n;
	policy.now = (int64_t)time(NULL);
	error = jwt_verify(token.p, token.len, &policy, &jwt);
	if (error == JWT_KEY)
		issuers_unknown_key(conn->worker, jwt.issuer);
	if (error != JWT_OK) {
		token_refused(conn, location, error);
		return;
	}
	switch (revocation_of(conn->worker, &jwt)) {
	case REVOKED_NO:
		break;
	case REVOKED_YES:
		challenge(conn, location, 401, "invalid_token",
		    "the token was revoked");
		jwt_clear(&jwt);
		return;
	case REVOKED_UNKNOWN:
		revocation_unknown(conn);
		jwt_clear(&jwt);
		return;
	}
	if (location->scope != NULL &&
	    !scope_covers(jwt.scope, location->scope))
		challenge(conn, location, 403, "insufficient_scope",
		    "the token does not have the scope");
	else
		accept_token(conn, location, &jwt);
	jwt_clear(&jwt);
}
