/*
 * The PROXY protocol at the beginning of a connection.  It comes before TLS, so
 * it is read from the socket itself, and never more than is known to belong to
 * it: what follows is TLS's or the request's.
 */
#include "conn_proxy.h"

#include <errno.h>
#include <unistd.h>

#include "log.h"

bool
conn_proxy_allowed(const struct conf_listener *listener,
    const struct address *peer)
{
	const struct conf_server *server;
	bool any;
	size_t i;

	if (peer->family == AF_UNIX)
		return (true);
	any = false;
	for (i = 0; i < listener->nservers; i++) {
		server = listener->servers[i];
		if (address_listed(peer, &server->trusted))
			return (true);
		if (!TAILQ_EMPTY(&server->trusted))
			any = true;
	}
	return (!any && address_loopback(peer));
}

enum proxy_result
conn_proxy_read(struct conn *conn)
{
	enum proxy_result result;
	struct proxy proxy;
	struct buf *in;
	ssize_t n;

	in = &conn->in;
	if (in->p == NULL &&
	    buf_reserve(&conn->worker->pool, in, PROXY_MAX) == -1)
		return (PROXY_BAD);
	while ((result = proxy_parse((const uint8_t *)in->p, in->len,
	    &proxy)) == PROXY_MORE) {
		n = read(conn->fd, in->p + in->len, proxy.need - in->len);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
		    errno == EINTR))
			return (PROXY_MORE);
		if (n <= 0)
			return (PROXY_BAD);
		in->len += (size_t)n;
	}
	if (result == PROXY_BAD) {
		log_debug("a connection without a good PROXY header");
		return (result);
	}
	if (proxy.known)
		conn->client = proxy.source;
	buf_release(&conn->worker->pool, in);
	return (result);
}
