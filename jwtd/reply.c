/*
 * Answers, RFC 9110 and 9112.  What goes into a field here was made by us or
 * checked before: nothing of a request is written back.
 */
#include "reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http_status.h"
#include "log.h"
#include "metrics.h"

#define HEAD_ROOM	512		/* the fixed part of an answer's head */

/* RFC 9110 section 6.6.1: a server with a clock sends Date */
static const char *
date(struct worker *worker)
{
	struct tm tm;
	time_t now;

	now = time(NULL);
	if (now != worker->date_time) {
		worker->date_time = now;
		if (gmtime_r(&now, &tm) == NULL ||
		    strftime(worker->date, sizeof(worker->date),
		    "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
			worker->date[0] = '\0';
	}
	return (worker->date);
}

void
reply_send(struct conn *conn, const struct reply *reply)
{
	struct buf *out;
	size_t i, body_len;

	out = &conn->out;
	conn->status = reply->status;
	i = http_status_find(reply->status);
	metrics_add(&conn->worker->metrics->requests[conn->service][i], 1);
	body_len = reply->type != NULL ? reply->body_len : 0;
	if (buf_reserve(&conn->worker->pool, out, HEAD_ROOM +
	    reply->fields_len + body_len) == -1) {
		conn->close = true;
		return;
	}
	if (conn->worker->draining)
		conn->close = true;
	buf_puts(out, "HTTP/1.1 ");
	buf_put_number(out, (unsigned int)reply->status);
	buf_put(out, " ", 1);
	buf_puts(out, http_status_reason(i));
	buf_puts(out, "\r\nDate: ");
	buf_puts(out, date(conn->worker));
	if (reply->type != NULL) {
		buf_puts(out, "\r\nContent-Type: ");
		buf_puts(out, reply->type);
	}
	/* RFC 9110 section 8.6: in 304 it would be that of a 200 */
	if (reply->status != 304) {
		buf_puts(out, "\r\nContent-Length: ");
		buf_put_number(out, body_len);
	}
	if (conn->close)
		buf_puts(out, "\r\nConnection: close");
	else if (conn->head.http10)
		buf_puts(out, "\r\nConnection: keep-alive");
	buf_puts(out, "\r\n");
	if (reply->fields_len > 0)
		buf_put(out, reply->fields, reply->fields_len);
	buf_puts(out, "\r\n");
	/* RFC 9110 section 9.3.2: the length, but not the body */
	if (body_len > 0 && conn->head.method != HTTP_HEAD)
		buf_put(out, reply->body, body_len);
}

static void
reply_json(struct conn *conn, int status, const char *body,
    const char *fields)
{
	struct reply reply;

	memset(&reply, 0, sizeof(reply));
	reply.status = status;
	reply.type = "application/json";
	reply.body = body;
	reply.body_len = strlen(body);
	reply.fields = fields;
	reply.fields_len = fields != NULL ? strlen(fields) : 0;
	reply_send(conn, &reply);
}

void
reply_error_fields(struct conn *conn, int status, const char *fields)
{
	char body[128];
	int n;

	n = snprintf(body, sizeof(body), "{\"error\":\"%s\"}\n",
	    http_status_error(http_status_find(status)));
	if (n < 0 || (size_t)n >= sizeof(body))
		fatalx("error body");
	reply_json(conn, status, body, fields);
}

void
reply_error(struct conn *conn, int status)
{
	reply_error_fields(conn, status, NULL);
}

void
reply_oauth_error(struct conn *conn, int status, const char *error,
    const char *description, const char *fields)
{
	char body[512], all[1024];
	int n, m;

	n = snprintf(body, sizeof(body),
	    "{\"error\":\"%s\",\"error_description\":\"%s\"}\n", error,
	    description);
	/* RFC 6749 section 5.1 asks for both; errors get them as well */
	m = snprintf(all, sizeof(all),
	    "Cache-Control: no-store\r\nPragma: no-cache\r\n%s",
	    fields != NULL ? fields : "");
	if (n < 0 || (size_t)n >= sizeof(body) || m < 0 ||
	    (size_t)m >= sizeof(all))
		fatalx("error body");
	reply_json(conn, status, body, all);
}
