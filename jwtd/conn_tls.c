/*
 * TLS of a connection.  libtls asks for the five bytes of a record's head, and
 * then for its rest; here it gets both out of one read(2), and several records
 * if they are there.  What is read ahead is in one place for all connections,
 * so that one that waits holds no memory for it: only what a connection leaves
 * there, because its input is full, moves into a buffer of its own when another
 * needs the place.  All of it is as it came, encrypted.
 */
#include "conn_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* the largest record, RFC 8446 section 5.2; and that of TLS 1.2 nearly is */
#define AHEAD_MAX	((size_t)5 + 16384 + 256)

struct ahead {
	const struct conn	*owner;		/* NULL: nobody's, and empty */
	struct buf		*spilt;		/* the owner's */
	size_t			 off;
	size_t			 len;
	char			 p[AHEAD_MAX];
};

struct ahead *
conn_tls_new(void)
{
	return (calloc(1, sizeof(struct ahead)));
}

size_t
conn_tls_ahead(const struct conn *conn)
{
	const struct ahead *ahead;
	size_t n;

	ahead = conn->worker->ahead;
	n = conn->spilt.len - conn->spilt.off;
	if (ahead->owner == conn)
		n += ahead->len - ahead->off;
	return (n);
}

/* Have the place to ourselves.  Returns -1 when memory is short. */
static int
make_room(struct ahead *ahead)
{
	struct buf *spilt;

	if (ahead->owner == NULL)
		return (0);
	/* an owner reads on only after what was spilt: that is empty now */
	spilt = ahead->spilt;
	spilt->size = spilt->len = ahead->len - ahead->off;
	spilt->off = 0;
	if ((spilt->p = malloc(spilt->size)) == NULL) {
		memset(spilt, 0, sizeof(*spilt));
		return (-1);
	}
	memcpy(spilt->p, ahead->p + ahead->off, spilt->len);
	ahead->owner = NULL;
	return (0);
}

/* Read as much as there is.  Returns as read_some(). */
static ssize_t
read_ahead(struct conn *conn)
{
	struct ahead *ahead;
	ssize_t n;

	ahead = conn->worker->ahead;
	if (conn->drained)
		return (TLS_WANT_POLLIN);
	if (make_room(ahead) == -1) {
		errno = ENOMEM;
		return (-1);
	}
	n = read(conn->fd, ahead->p, sizeof(ahead->p));
	if (n == -1)
		return (errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == EINTR ? TLS_WANT_POLLIN : -1);
	conn->drained = (size_t)n < sizeof(ahead->p);
	if (n > 0) {
		ahead->owner = conn;
		ahead->spilt = &conn->spilt;
	}
	ahead->off = 0;
	ahead->len = (size_t)n;
	return (n);
}

/* for libtls: as read(2), but that it may say what has to be waited for */
static ssize_t
read_some(struct tls *tls, void *p, size_t len, void *arg)
{
	struct ahead *ahead;
	struct conn *conn;
	ssize_t n;

	(void)tls;
	conn = arg;
	ahead = conn->worker->ahead;
	if (conn->spilt.p != NULL) {
		if (len > conn->spilt.len - conn->spilt.off)
			len = conn->spilt.len - conn->spilt.off;
		memcpy(p, conn->spilt.p + conn->spilt.off, len);
		conn->spilt.off += len;
		if (conn->spilt.off == conn->spilt.len)
			buf_release(&conn->worker->pool, &conn->spilt);
		return ((ssize_t)len);
	}
	if (ahead->owner != conn && (n = read_ahead(conn)) <= 0)
		return (n);
	if (len > ahead->len - ahead->off)
		len = ahead->len - ahead->off;
	memcpy(p, ahead->p + ahead->off, len);
	ahead->off += len;
	if (ahead->off == ahead->len)
		ahead->owner = NULL;
	return ((ssize_t)len);
}

static ssize_t
write_some(struct tls *tls, const void *p, size_t len, void *arg)
{
	const struct conn *conn;
	ssize_t n;

	(void)tls;
	conn = arg;
	n = write(conn->fd, p, len);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == EINTR))
		return (TLS_WANT_POLLOUT);
	return (n);
}

int
conn_tls_accept(struct conn *conn)
{
	struct tls *tls;

	tls = conn->listener->tls;
	if (tls_accept_cbs(tls, &conn->tls, read_some, write_some, conn) == 0)
		return (0);
	log_debug("tls: %s", tls_error(tls));
	return (-1);
}

void
conn_tls_free(struct conn *conn)
{
	if (conn->tls == NULL)
		return;
	tls_free(conn->tls);
	conn->tls = NULL;
	if (conn->worker->ahead->owner == conn)
		conn->worker->ahead->owner = NULL;
	buf_release(&conn->worker->pool, &conn->spilt);
}
