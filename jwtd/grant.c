/*
 * The grant service.  It reads what the client wants and has a signer decide;
 * the password is on this stack and in the input buffer, and is wiped on both.
 */
#include "grant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authorization.h"
#include "clock.h"
#include "forwarded.h"
#include "grant_request.h"
#include "link.h"
#include "log.h"
#include "message.h"
#include "metrics.h"
#include "reply.h"
#include "request_log.h"
#include "token_service.h"

#define OVERLOAD_RETRY	1	/* seconds */

/* RFC 6749 section 5.2 and RFC 7617 section 2.1 */
static void
refuse_client(struct conn *conn, const struct conf_location *location)
{
	char fields[512];
	int n;

	n = snprintf(fields, sizeof(fields), "WWW-Authenticate: Basic "
	    "realm=\"%s\", charset=\"UTF-8\"\r\n", location->realm);
	if (n < 0 || (size_t)n >= sizeof(fields))
		fatalx("realm is too long");
	reply_oauth_error(conn, 401, "invalid_client",
	    "user or password is not right", fields);
}

static void
refuse_later(struct conn *conn, int status, const char *error,
    const char *description, unsigned int seconds)
{
	char fields[64];

	(void)snprintf(fields, sizeof(fields), "Retry-After: %u\r\n",
	    seconds > 0 ? seconds : 1);
	reply_oauth_error(conn, status, error, description, fields);
}

static void
refuse_request(struct conn *conn, const char *error, const char *description)
{
	reply_oauth_error(conn, 400, error, description, NULL);
}

/* the media type, without what follows a ';' (RFC 9110 section 8.3.1) */
bool
grant_is_form(struct conn *conn, struct link_context *context)
{
	struct span type;
	const char *end;

	type = conn->head.content_type;
	if (type.p == NULL)
		type.len = 0;
	else if ((end = memchr(type.p, ';', type.len)) != NULL)
		type.len = (size_t)(end - type.p);
	while (type.p != NULL && type.len > 0 && (type.p[type.len - 1] == ' ' ||
	    type.p[type.len - 1] == '\t'))
		type.len--;
	if (type.p != NULL &&
	    span_case_is(type, "application/x-www-form-urlencoded"))
		return (true);
	context->reason = GRANT_MALFORMED;
	refuse_request(conn, "invalid_request", "the content type is "
	    "not application/x-www-form-urlencoded");
	return (false);
}

static enum grant_reason
reason_of(const struct grant_error *error)
{
	if (strcmp(error->code, "invalid_scope") == 0)
		return (GRANT_BAD_SCOPE);
	if (strcmp(error->code, "invalid_target") == 0)
		return (GRANT_BAD_TARGET);
	return (GRANT_MALFORMED);
}

/* The parameters of the request.  Returns false after it was refused. */
static bool
read_request(struct conn *conn, struct link_context *context,
    char *body, size_t len, struct message_request *request)
{
	struct grant_error error;
	bool post;

	post = conn->head.method == HTTP_POST;
	if (post && !grant_is_form(conn, context))
		return (false);
	if (!post) {
		len = conn->head.query.len;
		body = len == 0 ? NULL :
		    conn->in.p + (conn->head.query.p - conn->in.p);
	}
	if (!grant_request_read(context->location, post, body, len, request,
	    &error)) {
		context->reason = reason_of(&error);
		refuse_request(conn, error.code, error.description);
		return (false);
	}
	return (true);
}

/* It came to its end: that is logged and counted. */
static void
ended(struct worker *worker, const struct link_context *context, int status)
{
	if (context->location->service == CONF_GRANT)
		(void)metrics_since(&worker->metrics->total, context->started);
	request_log_grant(worker, context, status);
}

void
grant_begin(struct conn *conn, const struct conf_location *location,
    struct link_context *context)
{
	memset(context, 0, sizeof(*context));
	context->location = location;
	context->started = clock_us();
	context->id = link_next_id(conn->worker->link);
	context->client = forwarded_client(&conn->client,
	    &location->server->trusted, conn->head.forwarded,
	    conn->head.nforwarded);
}

void
grant_refused(struct conn *conn, const struct link_context *context)
{
	ended(conn->worker, context, conn->status);
}

bool
grant_ask(struct conn *conn, struct link_context *context,
    struct message_request *request)
{
	enum auth_result auth;

	auth = authorization_basic(conn->head.authorization, request->user,
	    sizeof(request->user), request->password,
	    sizeof(request->password));
	if (auth != AUTH_OK) {
		context->reason = auth == AUTH_ABSENT ? GRANT_NO_CREDENTIALS :
		    GRANT_MALFORMED;
		refuse_client(conn, context->location);
		return (false);
	}
	(void)strlcpy(context->user, request->user, sizeof(context->user));
	request->network_kind = address_network(&context->client,
	    request->network);
	request_log_asked(context, request);
	conn->pending = link_send(conn->worker->link, conn, context, request);
	if (conn->pending == NULL) {
		context->reason = link_usable(conn->worker->link) ?
		    GRANT_OVERLOAD : GRANT_UNAVAILABLE;
		refuse_later(conn, 503, "temporarily_unavailable",
		    "too many requests are waiting", OVERLOAD_RETRY);
		return (false);
	}
	conn->state = CONN_WAIT;
	return (true);
}

void
grant(struct conn *conn, const struct conf_location *location, char *body,
    size_t len)
{
	struct message_request request;
	struct link_context context;

	memset(&request, 0, sizeof(request));
	grant_begin(conn, location, &context);
	context.get = conn->head.method != HTTP_POST;
	if (!read_request(conn, &context, body, len, &request) ||
	    !grant_ask(conn, &context, &request))
		grant_refused(conn, &context);
	explicit_bzero(&request, sizeof(request));
}

/*
 * RFC 6749 section 5.1; a GET has what the Distribution specification adds.
 * The token is base64url and dots and the scope has no '"' or '\': neither
 * needs escaping.
 */
static void
send_token(struct conn *conn, bool get, const struct message_reply *signed_,
    const char *token, size_t len)
{
	static const char fields[] =
	    "Cache-Control: no-store\r\nPragma: no-cache\r\n";
	char body[2 * MESSAGE_TOKEN_MAX + MESSAGE_SCOPE_MAX + 512];
	char issued[32] = "";
	struct reply reply;
	struct tm tm;
	time_t t;
	int n;

	t = (time_t)signed_->issued_at;
	if (get && gmtime_r(&t, &tm) != NULL)
		(void)strftime(issued, sizeof(issued), "%Y-%m-%dT%H:%M:%SZ",
		    &tm);
	n = snprintf(body, sizeof(body), "{\"access_token\":\"%.*s\","
	    "\"token_type\":\"Bearer\",\"expires_in\":%u%s%s%s%s%.*s%s%s%s}\n",
	    (int)len, token, signed_->lifetime,
	    signed_->scope[0] != '\0' ? ",\"scope\":\"" : "", signed_->scope,
	    signed_->scope[0] != '\0' ? "\"" : "",
	    get ? ",\"token\":\"" : "", get ? (int)len : 0, token,
	    get ? "\",\"issued_at\":\"" : "", issued, get ? "\"" : "");
	if (n < 0 || (size_t)n >= sizeof(body)) {
		explicit_bzero(body, sizeof(body));
		reply_error(conn, 500);
		return;
	}
	memset(&reply, 0, sizeof(reply));
	reply.status = 200;
	reply.type = "application/json";
	reply.body = body;
	reply.body_len = (size_t)n;
	reply.fields = fields;
	reply.fields_len = sizeof(fields) - 1;
	reply_send(conn, &reply);
	explicit_bzero(body, (size_t)n);
}

static void
answer(struct conn *conn, const struct link_context *context,
    const struct message_reply *reply, const char *token, size_t len)
{
	switch ((enum message_status)reply->status) {
	case MESSAGE_OK:
		send_token(conn, context->get, reply, token, len);
		return;
	case MESSAGE_BAD_CREDENTIALS:
		refuse_client(conn, context->location);
		return;
	case MESSAGE_BAD_SCOPE:
		refuse_request(conn, "invalid_scope",
		    "the user does not have that scope");
		return;
	case MESSAGE_BAD_TARGET:
		refuse_request(conn, "invalid_target",
		    "the audience cannot be given");
		return;
	case MESSAGE_THROTTLED:
		refuse_later(conn, 429, "slow_down",
		    "too many failed attempts", reply->retry_after);
		return;
	case MESSAGE_UNAVAILABLE:
		refuse_later(conn, 503, "temporarily_unavailable",
		    "the request cannot be answered now", reply->retry_after);
		return;
	case MESSAGE_BROKEN:
	case MESSAGE_DONE:
	case MESSAGE_DENIED:
		break;
	}
	reply_oauth_error(conn, 500, "server_error",
	    "no token can be made for this user", NULL);
}

static enum grant_reason
reason_of_status(enum message_status status)
{
	switch (status) {
	case MESSAGE_OK:
		return (GRANT_OK);
	case MESSAGE_BAD_CREDENTIALS:
		return (GRANT_BAD_CREDENTIALS);
	case MESSAGE_BAD_SCOPE:
		return (GRANT_BAD_SCOPE);
	case MESSAGE_BAD_TARGET:
		return (GRANT_BAD_TARGET);
	case MESSAGE_THROTTLED:
		return (GRANT_THROTTLED);
	case MESSAGE_UNAVAILABLE:
		return (GRANT_UNAVAILABLE);
	case MESSAGE_DONE:
		return (GRANT_OK);
	case MESSAGE_DENIED:
		return (GRANT_DENIED);
	case MESSAGE_BROKEN:
		break;
	}
	return (GRANT_BROKEN);
}

void
grant_answer(struct conn *conn, const struct link_context *context,
    const struct message_reply *reply, const char *token, size_t len)
{
	struct link_context end;

	if (context->location->service == CONF_GRANT ||
	    !token_service_answer(conn, context, reply))
		answer(conn, context, reply, token, len);
	end = *context;
	end.reused = (reply->flags & MESSAGE_REUSED) != 0;
	end.reason = conn->status == 500 ? GRANT_BROKEN :
	    conn->status == 503 ? GRANT_UNAVAILABLE :
	    reason_of_status((enum message_status)reply->status);
	ended(conn->worker, &end, conn->status);
}

void
grant_gone(struct worker *worker, const struct link_context *context)
{
	struct link_context end;

	end = *context;
	end.reason = GRANT_GONE;
	ended(worker, &end, 0);
}
