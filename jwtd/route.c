/* From a whole request to the service that answers it: host, path, method. */
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "etag.h"
#include "grant.h"
#include "health.h"
#include "log.h"
#include "metadata.h"
#include "metrics_text.h"
#include "reply.h"
#include "resource.h"
#include "token_service.h"

/* 200, or without a type 304 */
static void
reply_static(struct conn *conn, const char *type, const char *body,
    size_t len, const char *fields)
{
	struct reply reply;

	memset(&reply, 0, sizeof(reply));
	reply.status = type != NULL ? 200 : 304;
	reply.type = type;
	reply.body = body;
	reply.body_len = len;
	reply.fields = fields;
	reply.fields_len = strlen(fields);
	reply_send(conn, &reply);
}

/*
 * What everybody may keep for a while.  RFC 9110 section 15.4.5: 304 has the
 * fields that 200 would have had.
 */
static void
reply_cacheable(struct conn *conn, const char *type, const char *body,
    size_t len, const char *etag)
{
	char fields[128];
	int n;

	n = snprintf(fields, sizeof(fields), "Cache-Control: public, "
	    "max-age=300\r\nETag: %s\r\n", etag);
	if (n < 0 || (size_t)n >= sizeof(fields))
		fatalx("fields of %s", type);
	if (etag_named(conn->head.if_none_match, etag))
		reply_static(conn, NULL, NULL, 0, fields);
	else
		reply_static(conn, type, body, len, fields);
}

/* RFC 7517 section 8.5.2 names the type */
static void
jwks(struct conn *conn)
{
	const struct worker *worker;

	worker = conn->worker;
	reply_cacheable(conn, "application/jwk-set+json", worker->jwks,
	    worker->jwks_len, worker->jwks_etag);
}

/* RFC 8414 section 3.2 names the type */
static void
metadata(struct conn *conn, const struct conf_location *location)
{
	const struct metadata *found;

	found = metadata_find(conn->worker, location);
	reply_cacheable(conn, "application/json", found->body, found->len,
	    found->etag);
}

static void
serve(struct conn *conn, const struct conf_location *location, char *body,
    size_t len)
{
	bool reading;

	reading = conn->head.method == HTTP_GET ||
	    conn->head.method == HTTP_HEAD;
	switch (location->service) {
	case CONF_RESOURCE:
		resource(conn, location);
		return;
	case CONF_GRANT:
		if (!reading && conn->head.method != HTTP_POST) {
			reply_error_fields(conn, 405,
			    "Allow: GET, HEAD, POST\r\n");
			return;
		}
		grant(conn, location, body, len);
		return;
	case CONF_REVOKE:
	case CONF_INTROSPECTION:
		if (conn->head.method != HTTP_POST) {
			reply_error_fields(conn, 405, "Allow: POST\r\n");
			return;
		}
		token_service(conn, location, body, len);
		return;
	case CONF_JWKS:
	case CONF_METADATA:
	case CONF_HEALTH:
	case CONF_METRICS:
		if (!reading) {
			reply_error_fields(conn, 405, "Allow: GET, HEAD\r\n");
			return;
		}
		if (location->service == CONF_JWKS)
			jwks(conn);
		else if (location->service == CONF_METADATA)
			metadata(conn, location);
		else if (location->service == CONF_METRICS)
			metrics_reply(conn);
		else
			health(conn);
		return;
	case CONF_NONE:
		break;
	}
	/* the configuration has no location without a service */
	reply_error(conn, 500);
}

void
route(struct conn *conn, char *body, size_t len)
{
	char path[HTTP_PATH_MAX + 1];
	const struct conf_location *location;
	const struct conf_server *server;
	ssize_t n;

	conn->service = CONF_NONE;
	n = http_path_decode(conn->head.path, path, sizeof(path));
	if (n == -1) {
		reply_error(conn, 400);
		return;
	}
	server = conf_server_find(conn->listener->conf,
	    conn->head.host.p, conn->head.host.len);
	location = conf_location_find(server, path, (size_t)n);
	if (location == NULL) {
		reply_error(conn, 404);
		return;
	}
	conn->service = location->service;
	serve(conn, location, body, len);
}
