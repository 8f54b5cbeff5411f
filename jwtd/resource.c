/*
 * The resource service.  202 if and only if the request carries a token that
 * jwt_verify() takes for this location's audience and that has its scope.
 */
#include "resource.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authorization.h"
#include "forwarded.h"
#include "issuers.h"
#include "json.h"
#include "jwt.h"
#include "log.h"
#include "metrics.h"
#include "percent.h"
#include "reply.h"
#include "request_log.h"
#include "revocation.h"
#include "scope.h"
#include "verified.h"

/* of a forwarded value; a longer one is sent empty */
#define VALUE_MAX	1024

/* besides those of enum jwt_error */
#define REFUSED_ABSENT	0
#define REFUSED_SCOPE	JWT_ERRORS
#define REFUSED_REVOKED	(JWT_ERRORS + 1)
#define REFUSED_UNKNOWN	(JWT_ERRORS + 2)

static_assert(REFUSED_UNKNOWN < METRICS_REFUSALS,
    "metrics.h has no room for all refusals");

const char *
resource_refusal(size_t i)
{
	if (i == REFUSED_ABSENT)
		return ("absent");
	if (i == REFUSED_SCOPE)
		return ("insufficient_scope");
	if (i == REFUSED_REVOKED)
		return ("revoked");
	if (i == REFUSED_UNKNOWN)
		return ("revocations_unknown");
	return (i < JWT_ERRORS ? jwt_error_name((enum jwt_error)i) : NULL);
}

/*
 * Count a refusal, and log it.  A request without a token is how many clients
 * begin: that is for who looks closely.
 */
static void
refused(struct conn *conn, const struct conf_location *location, size_t why)
{
	struct address client;

	metrics_add(&conn->worker->metrics->refusals[why], 1);
	if ((why == REFUSED_ABSENT && !log_verbose()) ||
	    !request_log_room(conn->worker))
		return;
	client = forwarded_client(&conn->client, &location->server->trusted,
	    conn->head.forwarded, conn->head.nforwarded);
	request_log_resource(&client, conn->status, resource_refusal(why));
}

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
	refused(conn, location, error);
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
accepted(struct conn *conn, const char *fields, size_t len)
{
	struct reply reply;

	memset(&reply, 0, sizeof(reply));
	reply.status = 202;
	reply.fields = fields;
	reply.fields_len = len;
	reply_send(conn, &reply);
}

static void
accept_token(struct conn *conn, const struct conf_location *location,
    const struct verified_tag *tag, const struct jwt *jwt)
{
	const struct conf_forward *forward;
	struct buf_pool *pool;
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
		verified_keep(conn->worker->verified, location, tag,
		    &jwt->times, fields.p, fields.len);
		accepted(conn, fields.p, fields.len);
	}
	buf_release(pool, &fields);
}

/* Returns false after the token was refused. */
static bool
check_revoked(struct conn *conn, const struct conf_location *location,
    const struct jwt *jwt)
{
	switch (revocation_of(conn->worker, jwt)) {
	case REVOKED_NO:
		break;
	case REVOKED_YES:
		challenge(conn, location, 401, "invalid_token",
		    "the token was revoked");
		refused(conn, location, REFUSED_REVOKED);
		return (false);
	case REVOKED_UNKNOWN:
		revocation_unknown(conn);
		refused(conn, location, REFUSED_UNKNOWN);
		return (false);
	}
	return (true);
}

void
resource(struct conn *conn, const struct conf_location *location)
{
	struct jwt_policy policy;
	struct verified_tag tag;
	const char *fields;
	struct span token;
	enum jwt_error error;
	struct jwt jwt;
	size_t len;

	switch (authorization_bearer(conn->head.authorization, &token)) {
	case AUTH_OK:
		break;
	case AUTH_ABSENT:
		challenge(conn, location, 401, NULL, NULL);
		refused(conn, location, REFUSED_ABSENT);
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
	policy.last = &conn->worker->header;
	verified_tag(conn->worker->verified, token.p, token.len, &tag);
	fields = NULL;
	if (revocation_same(conn->worker))
		fields = verified_find(conn->worker->verified, location, &tag,
		    policy.now, &len);
	if (fields != NULL) {
		accepted(conn, fields, len);
		return;
	}
	error = jwt_verify(token.p, token.len, &policy, &jwt);
	if (error == JWT_KEY)
		issuers_unknown_key(conn->worker, jwt.issuer);
	if (error != JWT_OK) {
		token_refused(conn, location, error);
		return;
	}
	if (!check_revoked(conn, location, &jwt))
		;
	else if (location->scope != NULL &&
	    !scope_covers(jwt.scope, location->scope)) {
		challenge(conn, location, 403, "insufficient_scope",
		    "the token does not have the scope");
		refused(conn, location, REFUSED_SCOPE);
	} else
		accept_token(conn, location, &tag, &jwt);
	jwt_clear(&jwt);
}
