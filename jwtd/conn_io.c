/* A connection's bytes, with TLS or without; see conn_io.h. */
#include "conn_io.h"

#include <sys/types.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "conn_tls.h"

/*
 * Read or write some.  Returns the number of bytes, 0 when the peer sends no
 * more, -1 when there is nothing to do now, -2 when the connection is broken.
 */
static ssize_t
transfer(struct conn *conn, char *p, size_t len, bool writing)
{
	ssize_t n;

	if (conn->tls == NULL) {
		n = writing ? write(conn->fd, p, len) : read(conn->fd, p, len);
		if (n >= 0)
			return (n);
		return (errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == EINTR ? -1 : -2);
	}
	n = writing ? tls_write(conn->tls, p, len) :
	    tls_read(conn->tls, p, len);
	if (n >= 0)
		return (n);
	/* the other direction may be what TLS needs to go on */
	if (n == TLS_WANT_POLLIN) {
		if (writing)
			conn->tls_wants |= EV_READ;
		return (-1);
	}
	if (n == TLS_WANT_POLLOUT) {
		if (!writing)
			conn->tls_wants |= EV_WRITE;
		return (-1);
	}
	return (-2);
}

int
conn_flush(struct conn *conn)
{
	struct buf *out;
	ssize_t n;

	out = &conn->out;
	while (out->off < out->len) {
		n = transfer(conn, out->p + out->off,
		    out->len - out->off, true);
		if (n == -2)
			return (-1);
		if (n == -1)
			return (0);
		out->off += (size_t)n;
	}
	buf_release(&conn->worker->pool, out);
	return (0);
}

/*
 * The head of a request whose body is still to come moves too, and is parsed
 * again, because what it points to was elsewhere.
 */
void
conn_compact(struct conn *conn)
{
	size_t scanned;
	bool moves;
	int status;

	moves = conn->in.off > 0;
	buf_compact(&conn->worker->pool, &conn->in);
	if (!moves || conn->state != CONN_BODY)
		return;
	scanned = 0;
	(void)http_head_parse(conn->in.p, conn->in.len, &scanned, &conn->head,
	    &status);
}

int
conn_fill(struct conn *conn)
{
	struct buf *in;
	size_t room;
	ssize_t n;

	in = &conn->in;
	conn_compact(conn);
	if (in->p == NULL &&
	    buf_reserve(&conn->worker->pool, in, BUF_SIZE) == -1)
		return (-1);
	while ((room = in->size - in->len) > 0 && !conn->peer_done) {
		n = transfer(conn, in->p + in->len, room, false);
		if (n == -2)
			return (-1);
		if (n == -1)
			break;
		if (n == 0)
			conn->peer_done = true;
		in->len += (size_t)n;
		/* less than was asked for is all, or the end of a record */
		if ((size_t)n < room && conn_tls_ahead(conn) == 0)
			break;
	}
	/* libtls may have the rest of a record, when that had no room */
	conn->held = conn->tls != NULL &&
	    (in->len == in->size || conn_tls_ahead(conn) > 0);
	return (0);
}
