/* A connection's bytes, with TLS or without; see conn_io.h. */
#include "conn_io.h"

#include <errno.h>
#include <unistd.h>

ssize_t
conn_transfer(struct conn *conn, char *p, size_t len, bool writing)
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
