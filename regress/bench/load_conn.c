/*
 * A connection of load.c; see load_conn.h.  Answers are whole in one buffer,
 * which all connections share: what has come of one stays in it only as long as
 * it takes to read the rest.
 */
#include "load_conn.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "log.h"

/* a server on a busy machine may give a handshake up */
#define FAILED_MAX	100

static void	on_event(int, short, void *);

void
load_target_init(struct load_target *target)
{
	if (!target->tls)
		return;
	if ((target->ctx = SSL_CTX_new(TLS_client_method())) == NULL)
		fatalx("TLS");
	SSL_CTX_set_verify(target->ctx, SSL_VERIFY_NONE, NULL);
	(void)SSL_CTX_set_mode(target->ctx, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(target->ctx, SSL_SESS_CACHE_OFF);
}

static int
connect_to(const char *address)
{
	struct sockaddr_in in;
	struct sockaddr_un un;
	const int on = 1;
	int fd, rc;

	memset(&in, 0, sizeof(in));
	memset(&un, 0, sizeof(un));
	fd = socket(*address == '/' ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
	if (fd == -1)
		fatal("socket");
	if (*address == '/') {
		un.sun_family = AF_UNIX;
		if (strlcpy(un.sun_path, address, sizeof(un.sun_path)) >=
		    sizeof(un.sun_path))
			fatalx("%s: the path is too long", address);
		rc = connect(fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		in.sin_family = AF_INET;
		in.sin_port = htons((in_port_t)strtonum(address, 1, 65535,
		    NULL));
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		rc = connect(fd, (struct sockaddr *)&in, sizeof(in));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	}
	if (rc == -1 || fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		fatal("%s", address);
	return (fd);
}

void
load_conn_open(struct load_conn *conn)
{
	conn->fd = connect_to(conn->target->address);
	conn->shaken = !conn->target->tls;
	if (conn->target->tls) {
		if ((conn->ssl = SSL_new(conn->target->ctx)) == NULL ||
		    SSL_set_fd(conn->ssl, conn->fd) != 1 ||
		    SSL_set_tlsext_host_name(conn->ssl, "localhost") != 1)
			fatalx("TLS");
		SSL_set_connect_state(conn->ssl);
	}
	event_set(&conn->event, conn->fd, EV_READ | EV_PERSIST, on_event,
	    conn);
	event_base_set(conn->base, &conn->event);
	if (event_add(&conn->event, NULL) == -1)
		fatalx("event_add");
}

void
load_conn_close(struct load_conn *conn)
{
	(void)event_del(&conn->event);
	if (conn->ssl != NULL) {
		(void)SSL_shutdown(conn->ssl);
		SSL_free(conn->ssl);
		conn->ssl = NULL;
	}
	close(conn->fd);
	conn->fd = -1;
}

/* Does TLS only want to read more?  It dies of all else. */
static void
check_tls(struct load_conn *conn, int rc)
{
	if (SSL_get_error(conn->ssl, rc) != SSL_ERROR_WANT_READ) {
		ERR_print_errors_fp(stderr);
		fatalx("TLS failed");
	}
}

static void
send_request(struct load_conn *conn)
{
	char text[LOAD_BUF];
	int len, n;

	len = snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n",
	    conn->target->path, *conn->line != '\0' ? "Authorization: " : "",
	    conn->line, *conn->line != '\0' ? "\r\n" : "");
	conn->line = NULL;
	if (len < 0 || (size_t)len >= sizeof(text))
		fatalx("the request is too long");
	n = conn->ssl != NULL ? SSL_write(conn->ssl, text, len) :
	    (int)send(conn->fd, text, (size_t)len, MSG_NOSIGNAL);
	if (n != len)
		fatal("a request could not be sent");
}

/* True when TLS is there.  One that fails is tried again. */
static bool
shake_hands(struct load_conn *conn)
{
	int rc;

	while (!conn->shaken && (rc = SSL_do_handshake(conn->ssl)) != 1) {
		if (SSL_get_error(conn->ssl, rc) == SSL_ERROR_WANT_READ)
			return (false);
		if (++conn->target->failed > FAILED_MAX)
			check_tls(conn, rc);
		ERR_clear_error();
		load_conn_close(conn);
		load_conn_open(conn);
	}
	conn->shaken = true;
	return (true);
}

void
load_conn_ask(struct load_conn *conn, const char *line)
{
	conn->line = line;
	if (shake_hands(conn))
		send_request(conn);
}

/* Returns the number of bytes, 0 if there are none yet. */
static size_t
receive(struct load_conn *conn, char *p, size_t len)
{
	ssize_t n;

	if (conn->ssl != NULL) {
		if ((n = SSL_read(conn->ssl, p, (int)len)) <= 0) {
			check_tls(conn, (int)n);
			return (0);
		}
		return ((size_t)n);
	}
	n = recv(conn->fd, p, len, 0);
	if (n == -1 && errno == EAGAIN)
		return (0);
	if (n == -1)
		fatal("recv");
	if (n == 0)
		fatalx("the server ended a connection");
	return ((size_t)n);
}

/* The length of a whole answer, or 0 if more has to come. */
static size_t
answer_length(char *text, size_t len)
{
	char *end, *field;
	size_t body;

	text[len] = '\0';
	if ((end = strstr(text, "\r\n\r\n")) == NULL)
		return (0);
	body = 0;
	*end = '\0';
	if ((field = strcasestr(text, "\r\nContent-Length:")) != NULL)
		body = (size_t)strtoull(field + 17, NULL, 10);
	*end = '\r';
	body += (size_t)(end - text) + 4;
	return (len >= body ? body : 0);
}

static void
read_answer(struct load_conn *conn)
{
	static char text[LOAD_BUF];
	struct pollfd pfd;
	size_t n, len;

	len = 0;
	for (;;) {
		n = receive(conn, text + len, sizeof(text) - 1 - len);
		len += n;
		/* such as a session ticket */
		if (len == 0)
			return;
		if (n > 0 && answer_length(text, len) > 0)
			break;
		if (n > 0)
			continue;
		pfd.fd = conn->fd;
		pfd.events = POLLIN;
		if (poll(&pfd, 1, -1) == -1)
			fatal("poll");
	}
	if (answer_length(text, len) != len || len < 12)
		fatalx("more than one answer to one request");
	conn->target->answered(conn, text[9] == '2');
}

static void
on_event(int fd, short what, void *arg)
{
	struct load_conn *conn;

	(void)fd;
	(void)what;
	conn = arg;
	if (conn->shaken)
		read_answer(conn);
	else if (shake_hands(conn))
		send_request(conn);
}
