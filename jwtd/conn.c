/*
 * A client's connection.  It reads bytes from the network and turns them into
 * requests, one after another; what they mean is decided in route.c.  The state
 * machine has one rule: whatever happens, conn_work() or conn_free() comes
 * last.
 */
#include "conn.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "conn_io.h"
#include "conn_proxy.h"
#include "conn_tls.h"
#include "link.h"
#include "log.h"
#include "metrics.h"
#include "reply.h"
#include "route.h"

/* a client that pipelines gets this much before it has to read */
#define OUT_HIGH	16384

static void	on_event(int, short, void *);

/*
 * Wait for these events; no system call if it does already.  EV_TIMEOUT comes
 * at once, but after other connections have had their turn.
 */
static void
want(struct conn *conn, short events)
{
	static const struct timeval now = { 0, 0 };

	if (events == conn->events && (events & EV_TIMEOUT) == 0)
		return;
	if (conn->events != 0 && event_del(&conn->event) == -1)
		fatalx("event_del");
	conn->events = events;
	if (events == 0)
		return;
	event_set(&conn->event, conn->fd, (short)((events & ~EV_TIMEOUT) |
	    EV_PERSIST), on_event, conn);
	event_base_set(conn->worker->base, &conn->event);
	if (event_add(&conn->event, events & EV_TIMEOUT ? &now : NULL) == -1)
		fatalx("event_add");
}

/* What comes now is the client's: TLS or a request.  -1: it has ended. */
static int
begin(struct conn *conn)
{
	conn->state = CONN_HEAD;
	if (conn->listener->tls == NULL)
		return (0);
	conn->state = CONN_HANDSHAKE;
	if (conn_tls_accept(conn) == 0)
		return (0);
	metrics_add(&conn->worker->metrics->handshakes_failed, 1);
	conn_free(conn);
	return (-1);
}

void
conn_new(const struct worker_listener *listener, int fd,
    const struct address *peer)
{
	struct worker *worker;
	struct conn *conn;

	worker = listener->worker;
	if ((conn = calloc(1, sizeof(*conn))) == NULL) {
		close(fd);
		return;
	}
	conn->worker = worker;
	conn->listener = listener;
	conn->client = *peer;
	conn->fd = fd;
	conn->deadline.arg = conn;
	conn->state = CONN_PROXY;
	TAILQ_INSERT_TAIL(&worker->conns, conn, entry);
	metrics_set(&worker->metrics->connections, ++worker->nconns);
	if (!listener->conf->proxy && begin(conn) == -1)
		return;
	deadline_set(&conn->deadline, &worker->requests, clock_ms());
	want(conn, EV_READ);
}

void
conn_free(struct conn *conn)
{
	struct worker *worker;

	worker = conn->worker;
	want(conn, 0);
	deadline_clear(&conn->deadline);
	if (conn->pending != NULL)
		link_forget(worker->link, conn->pending);
	conn_tls_free(conn);
	close(conn->fd);
	buf_release(&worker->pool, &conn->in);
	buf_release(&worker->pool, &conn->out);
	TAILQ_REMOVE(&worker->conns, conn, entry);
	metrics_set(&worker->metrics->connections, --worker->nconns);
	free(conn);
	worker_conn_closed(worker);
}

static void
refuse(struct conn *conn, int status)
{
	conn->close = true;
	conn->service = CONF_NONE;
	reply_error(conn, status);
}

/* Look for the end of the head.  RFC 9110 section 10.1.1 for Expect. */
static enum http_result
take_head(struct conn *conn)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	enum http_result result;
	size_t have;
	int status;

	have = conn->in.len - conn->in.off;
	if (have == 0)
		return (HTTP_MORE);
	result = http_head_parse(conn->in.p + conn->in.off, have,
	    &conn->scanned, &conn->head, &status);
	if (result == HTTP_BAD) {
		memset(&conn->head, 0, sizeof(conn->head));
		refuse(conn, status);
	}
	if (result != HTTP_DONE)
		return (result);
	memset(&conn->chunked, 0, sizeof(conn->chunked));
	conn->state = CONN_BODY;
	if (conn->head.expect_continue && have == conn->head.len &&
	    (conn->head.chunked || conn->head.content_length > 0)) {
		if (buf_reserve(&conn->worker->pool, &conn->out,
		    sizeof(go_on)) == -1)
			refuse(conn, 503);
		else
			buf_puts(&conn->out, go_on);
	}
	return (HTTP_DONE);
}

/* Look for the end of the body; then the request is whole, and is routed. */
static enum http_result
take_body(struct conn *conn)
{
	enum http_result result;
	size_t have, used, len;
	char *body;
	int status;

	body = conn->in.p + conn->in.off + conn->head.len;
	have = conn->in.len - conn->in.off - conn->head.len;
	len = used = conn->head.content_length;
	if (conn->head.chunked) {
		result = http_chunked_parse(&conn->chunked, body, have,
		    &status);
		if (result == HTTP_BAD)
			refuse(conn, status);
		if (result != HTTP_DONE)
			return (result);
		len = conn->chunked.out;
		used = conn->chunked.in;
	} else if (have < len)
		return (HTTP_MORE);
	deadline_clear(&conn->deadline);
	conn->state = CONN_HEAD;
	conn->scanned = 0;
	conn->close = !conn->head.keep_alive;
	route(conn, body, len);
	conn->in.off += conn->head.len + used;
	return (HTTP_DONE);
}

/*
 * Take whole requests out of the input until one has to wait or none is left.
 * Returns true if it stopped because the answers are enough for now.
 */
static bool
take_requests(struct conn *conn)
{
	while (!conn->close && conn->state != CONN_WAIT) {
		if (conn->out.len - conn->out.off >= OUT_HIGH)
			return (true);
		if (conn->state == CONN_HEAD && take_head(conn) != HTTP_DONE)
			break;
		if (conn->close || take_body(conn) != HTTP_DONE)
			break;
	}
	return (false);
}

/*
 * The last answer is out.  Closing with unread input would reset the connection
 * and could take the answer with it (RFC 9112 section 9.6), so then it lingers.
 */
static void
finish(struct conn *conn)
{
	struct worker *worker;

	worker = conn->worker;
	if (conn->tls != NULL)
		(void)tls_close(conn->tls);
	if (conn->peer_done || (conn->in.off == conn->in.len &&
	    conn->state == CONN_HEAD && conn->scanned == 0 &&
	    conn_tls_ahead(conn) == 0)) {
		conn_free(conn);
		return;
	}
	conn_tls_free(conn);
	buf_release(&worker->pool, &conn->in);
	(void)shutdown(conn->fd, SHUT_WR);
	conn->state = CONN_LINGER;
	deadline_set(&conn->deadline, &worker->lingering, clock_ms());
	want(conn, EV_READ);
}

static void
set_deadline(struct conn *conn)
{
	struct worker *worker;

	worker = conn->worker;
	if (conn->out.off < conn->out.len) {
		if (conn->deadline.queue != &worker->replies)
			deadline_set(&conn->deadline, &worker->replies,
			    clock_ms());
	} else if (conn->state == CONN_WAIT)
		deadline_clear(&conn->deadline);
	else if (conn->in.len > 0) {
		if (conn->deadline.queue != &worker->requests)
			deadline_set(&conn->deadline, &worker->requests,
			    clock_ms());
	} else if (conn->deadline.queue != &worker->requests &&
	    conn->deadline.queue != &worker->idle) {
		deadline_set(&conn->deadline, &worker->idle, clock_ms());
		worker_has_room(worker);
	}
}

static void
set_events(struct conn *conn)
{
	short events;

	events = conn->tls_wants;
	if (conn->out.off < conn->out.len)
		events |= EV_WRITE;
	else if (!conn->peer_done &&
	    (conn->in.p == NULL || conn->in.len < conn->in.size)) {
		events |= EV_READ;
		if (conn->held && conn->state != CONN_WAIT &&
		    conn->tls_wants == 0)
			events |= EV_TIMEOUT;
	}
	want(conn, events);
}

/* Do all that can be done with what has been read; the connection may end. */
static void
conn_work(struct conn *conn)
{
	bool more;

	do {
		more = take_requests(conn);
		if (conn_flush(conn) == -1) {
			conn_free(conn);
			return;
		}
		/*
		 * blocked: the rest of the input waits for the client to read
		 */
	} while (more && conn->out.p == NULL);
	if (conn->out.p == NULL && conn->state != CONN_WAIT) {
		if (conn->close) {
			finish(conn);
			return;
		}
		/* half a request, or none, and no more will come */
		if (conn->peer_done || (conn->worker->ending &&
		    conn->state == CONN_HEAD &&
		    conn->in.off == conn->in.len)) {
			conn_free(conn);
			return;
		}
	}
	conn_compact(conn);
	set_deadline(conn);
	set_events(conn);
}

void
conn_resume(struct conn *conn)
{
	conn->state = CONN_HEAD;
	conn_work(conn);
}

/* Returns -1 if there is no PROXY header yet: later, or never. */
static int
proxy_header(struct conn *conn)
{
	switch (conn_proxy_read(conn)) {
	case PROXY_MORE:
		return (-1);
	case PROXY_DONE:
		return (begin(conn));
	case PROXY_BAD:
		break;
	}
	conn_free(conn);
	return (-1);
}

/* Returns -1 if there is no TLS yet: later, or never. */
static int
handshake(struct conn *conn)
{
	switch (tls_handshake(conn->tls)) {
	case 0:
		conn->state = CONN_HEAD;
		return (0);
	case TLS_WANT_POLLIN:
		want(conn, EV_READ);
		return (-1);
	case TLS_WANT_POLLOUT:
		want(conn, EV_WRITE);
		return (-1);
	default:
		log_debug("tls: %s", tls_error(conn->tls));
		metrics_add(&conn->worker->metrics->handshakes_failed, 1);
		conn_free(conn);
		return (-1);
	}
}

/* Read and forget, until the client has seen our end or the deadline comes. */
static void
discard(struct conn *conn)
{
	char buf[4096];
	ssize_t n;

	n = read(conn->fd, buf, sizeof(buf));
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		conn_free(conn);
}

static void
on_event(int fd, short what, void *arg)
{
	struct conn *conn;

	(void)fd;
	(void)what;
	conn = arg;
	conn->drained = false;
	if (conn->state == CONN_LINGER) {
		discard(conn);
		return;
	}
	if (conn->state == CONN_PROXY && proxy_header(conn) == -1)
		return;
	if (conn->state == CONN_HANDSHAKE && handshake(conn) == -1)
		return;
	conn->tls_wants = 0;
	/* a client that does not read its answers is not read from either */
	if (conn->out.p == NULL && !conn->peer_done && conn_fill(conn) == -1) {
		conn_free(conn);
		return;
	}
	conn_work(conn);
}

void
conn_drain(struct conn *conn)
{
	if (conn->state == CONN_LINGER || conn->state == CONN_WAIT ||
	    conn->state == CONN_HANDSHAKE || conn->state == CONN_PROXY)
		return;
	/* a request may be there that was not read yet */
	conn->drained = false;
	if (conn->in.p == NULL && conn->out.p == NULL && conn_fill(conn) == 0 &&
	    conn->in.len > 0) {
		conn_work(conn);
		return;
	}
	if (conn->in.len == 0 && conn->out.p == NULL)
		conn_free(conn);
}

void
conn_expired_request(void *arg)
{
	struct conn *conn;

	conn = arg;
	/* nobody asked anything, so there is nothing to answer */
	if (conn->state == CONN_PROXY || conn->state == CONN_HANDSHAKE ||
	    conn->in.len == 0) {
		conn_free(conn);
		return;
	}
	memset(&conn->head, 0, sizeof(conn->head));
	conn->state = CONN_BODY;	/* so that it lingers */
	refuse(conn, 408);
	if (conn_flush(conn) == -1)
		conn_free(conn);
	else
		finish(conn);
}

void
conn_expired(void *arg)
{
	conn_free(arg);
}
