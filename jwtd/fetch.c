/*
 * One GET over TLS as a series of steps, each when the socket lets it.  The
 * server is verified before it is asked; what it answers is left to
 * fetch_response.c and to who has asked.
 */
#include "fetch.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch_response.h"
#include "log.h"

#define FIRST_SIZE	16384
#define REQUEST_MAX	(URL_TARGET_MAX + URL_HOST_MAX + 256)

enum state {
	CONNECTING,
	SHAKING_HANDS,
	ASKING,
	READING
};

struct fetch {
	struct event_base	*base;
	const struct fetch_target *target;
	void			(*done)(void *, const struct fetch_result *);
	void			*arg;
	struct event		 io;
	struct event		 deadline;
	enum state		 state;
	size_t			 next;		/* address */
	bool			 connected;
	int			 fd;
	struct tls		*tls;
	char			 request[REQUEST_MAX];
	size_t			 request_len, sent;
	char			*buf;
	size_t			 len, size;
	struct fetch_response	 response;
};

static void	on_io(int, short, void *);

static void
disconnect(struct fetch *f)
{
	if (f->fd == -1)
		return;
	(void)event_del(&f->io);
	if (f->tls != NULL) {
		/* no further than it goes at once */
		(void)tls_close(f->tls);
		tls_free(f->tls);
		f->tls = NULL;
	}
	close(f->fd);
	f->fd = -1;
}

static void
finish(struct fetch *f, const char *why)
{
	struct fetch_result result;

	(void)evtimer_del(&f->deadline);
	disconnect(f);
	memset(&result, 0, sizeof(result));
	result.why = why;
	result.connected = f->connected;
	if (why == NULL) {
		result.body = f->response.body;
		result.len = f->response.body_len;
		result.max_age = f->response.max_age;
	}
	f->done(f->arg, &result);
	free(f->buf);
	free(f);
}

static void __attribute__((format(printf, 2, 3)))
fail(struct fetch *f, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	/* cut if need be: it is a message */
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	finish(f, why);
}

static void
wait_for(struct fetch *f, short what)
{
	struct timeval tv;

	tv.tv_sec = FETCH_CONNECT;
	tv.tv_usec = 0;
	event_set(&f->io, f->fd, what, on_io, f);
	event_base_set(f->base, &f->io);
	if (event_add(&f->io, f->state == CONNECTING ? &tv : NULL) == -1)
		fatalx("event_add");
}

/*
 * Begin with the next address that can be tried.  error is why the last could
 * not.
 */
static void
connect_next(struct fetch *f, int error)
{
	const struct addresses *a;

	a = &f->target->addresses;
	disconnect(f);
	for (; f->next < a->n; error = errno) {
		f->fd = socket(a->ss[f->next].ss_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (f->fd != -1 && (connect(f->fd,
		    (const struct sockaddr *)&a->ss[f->next],
		    a->len[f->next]) == 0 || errno == EINPROGRESS)) {
			f->next++;
			f->state = CONNECTING;
			wait_for(f, EV_WRITE);
			return;
		}
		f->next++;
		if (f->fd != -1) {
			close(f->fd);
			f->fd = -1;
		}
	}
	fail(f, "connect: %s", strerror(error));
}

/* Returns 0 when the connection is there, or -1 after it has gone on. */
static int
step_connect(struct fetch *f, short what)
{
	socklen_t len;
	int error;

	len = sizeof(error);
	if (what & EV_TIMEOUT)
		error = ETIMEDOUT;
	else if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		connect_next(f, error);
		return (-1);
	}
	f->connected = true;
	if ((f->tls = tls_client()) == NULL)
		fatal("tls");
	if (tls_configure(f->tls, f->target->config) == -1 ||
	    tls_connect_socket(f->tls, f->fd, f->target->url.host) == -1) {
		fail(f, "tls: %s", tls_error(f->tls));
		return (-1);
	}
	f->state = SHAKING_HANDS;
	return (0);
}

/*
 * After a call of libtls: 0 to go on with n bytes, or -1 when it has to wait or
 * has failed.
 */
static int
went_on(struct fetch *f, ssize_t n, const char *what)
{
	const char *error;

	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
		wait_for(f, n == TLS_WANT_POLLIN ? EV_READ : EV_WRITE);
		return (-1);
	}
	if (n != -1)
		return (0);
	error = tls_error(f->tls);
	fail(f, "%s: %s", what, error != NULL ? error : "failed");
	return (-1);
}

/* Room for more, up to what an answer may have.  False if it is full. */
static bool
make_room(struct fetch *f)
{
	size_t size;
	char *buf;

	if (f->len < f->size)
		return (true);
	if (f->size == FETCH_MAX)
		return (false);
	size = f->size == 0 ? FIRST_SIZE : f->size * 2;
	if (size > FETCH_MAX)
		size = FETCH_MAX;
	if ((buf = realloc(f->buf, size)) == NULL)
		return (false);
	f->buf = buf;
	f->size = size;
	return (true);
}

/* Returns true when the end is reached, one way or the other. */
static bool
take(struct fetch *f, bool ended)
{
	enum http_result result;
	const char *why;

	result = fetch_response_parse(&f->response, f->buf, f->len, ended,
	    &why);
	if (result == HTTP_MORE)
		return (false);
	if (result == HTTP_DONE)
		finish(f, NULL);
	else if (f->response.status >= 100 && f->response.status != 200)
		fail(f, "answered with status %u", f->response.status);
	else
		finish(f, why);
	return (true);
}

static void
step_read(struct fetch *f)
{
	ssize_t n;

	for (;;) {
		if (!make_room(f)) {
			fail(f, "the answer is too large");
			return;
		}
		n = tls_read(f->tls, f->buf + f->len, f->size - f->len);
		if (went_on(f, n, "read") == -1)
			return;
		f->len += (size_t)n;
		if (take(f, n == 0))
			return;
	}
}

static void
on_io(int fd, short what, void *arg)
{
	struct fetch *f;
	ssize_t n;

	(void)fd;
	f = arg;
	if (f->state == CONNECTING && step_connect(f, what) == -1)
		return;
	if (f->state == SHAKING_HANDS) {
		if (went_on(f, tls_handshake(f->tls), "tls") == -1)
			return;
		f->state = ASKING;
	}
	while (f->state == ASKING) {
		n = tls_write(f->tls, f->request + f->sent,
		    f->request_len - f->sent);
		if (went_on(f, n, "write") == -1)
			return;
		f->sent += (size_t)n;
		if (f->sent == f->request_len)
			f->state = READING;
	}
	step_read(f);
}

static void
on_deadline(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, "no answer in time");
}

/* RFC 9112 section 3.2; a port that is not the scheme's own is in Host */
static void
make_request(struct fetch *f)
{
	const struct url *url;
	char port[8];
	int n;

	url = &f->target->url;
	port[0] = '\0';
	if (url->port != 443)
		(void)snprintf(port, sizeof(port), ":%u",
		    (unsigned int)url->port);
	n = snprintf(f->request, sizeof(f->request), "GET %s HTTP/1.1\r\n"
	    "Host: %s%s%s%s\r\nAccept: application/json\r\n"
	    "User-Agent: jwtd\r\nConnection: close\r\n\r\n", url->target,
	    url->ipv6 ? "[" : "", url->host, url->ipv6 ? "]" : "", port);
	if (n < 0 || (size_t)n >= sizeof(f->request))
		fatalx("a request that is too long");
	f->request_len = (size_t)n;
}

/* Out of fetch_start(), so that done() is never called from within it. */
static void
on_begin(int fd, short what, void *arg)
{
	static const struct timeval deadline = { FETCH_DEADLINE, 0 };
	struct fetch *f;

	(void)fd;
	(void)what;
	f = arg;
	evtimer_set(&f->deadline, on_deadline, f);
	event_base_set(f->base, &f->deadline);
	if (evtimer_add(&f->deadline, &deadline) == -1)
		fatalx("event_add");
	connect_next(f, EADDRNOTAVAIL);
}

struct fetch *
fetch_start(struct event_base *base, const struct fetch_target *target,
    void (*done)(void *, const struct fetch_result *), void *arg)
{
	static const struct timeval now = { 0, 0 };
	struct fetch *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		fatal("fetch");
	f->base = base;
	f->target = target;
	f->done = done;
	f->arg = arg;
	f->fd = -1;
	make_request(f);
	evtimer_set(&f->deadline, on_begin, f);
	event_base_set(base, &f->deadline);
	if (evtimer_add(&f->deadline, &now) == -1)
		fatalx("event_add");
	return (f);
}
