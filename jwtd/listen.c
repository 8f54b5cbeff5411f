/* The listening sockets; see listen.h. */
#include "listen.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "passed.h"

#define BACKLOG		4096
/*
 * What a client does not read is kept by the system: some answers, and not the
 * megabytes that it would allow.
 */
#define SEND_BUFFER	65536

/*
 * A socket that a daemon left when it was killed is removed; one that somebody
 * listens on, or a file of another kind, is not.
 */
static int
remove_stale(const struct conf_listener *listener)
{
	struct stat st;
	int fd, error;

	if (lstat(listener->address, &st) == -1)
		return (errno == ENOENT ? 0 : -1);
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return (-1);
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	if (connect(fd, (const struct sockaddr *)&listener->ss,
	    listener->ss_len) == 0)
		error = EADDRINUSE;
	else
		error = errno == ECONNREFUSED ? 0 : errno;
	close(fd);
	if (error != 0) {
		errno = error;
		return (-1);
	}
	return (unlink(listener->address));
}

static int
bind_one(int fd, const struct conf_listener *listener)
{
	const int on = 1;
	mode_t mask;
	int result;

	if (listener->family == AF_UNIX) {
		if (remove_stale(listener) == -1)
			return (-1);
		/* who may connect is what its directory says */
		mask = umask(0111);
		result = bind(fd, (const struct sockaddr *)&listener->ss,
		    listener->ss_len);
		(void)umask(mask);
		return (result);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return (-1);
	if (listener->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return (-1);
	return (bind(fd, (const struct sockaddr *)&listener->ss,
	    listener->ss_len));
}

/* Port 0 has become a real one: say which. */
static void
announce(const struct conf_listener *listener, int fd)
{
	struct sockaddr_storage ss;
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;
	socklen_t len;
	char name[256];
	in_port_t port;

	len = sizeof(ss);
	if (listener->family == AF_UNIX || listener->port != 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) == -1) {
		log_info("listening on %s%s", conf_listener_name(listener, name,
		    sizeof(name)), listener->tls ? " with tls" : "");
		return;
	}
	if (listener->family == AF_INET6) {
		memcpy(&sin6, &ss, sizeof(sin6));
		port = sin6.sin6_port;
	} else {
		memcpy(&sin, &ss, sizeof(sin));
		port = sin.sin_port;
	}
	log_info(listener->family == AF_INET6 ? "listening on [%s] port %u%s" :
	    "listening on %s port %u%s", listener->address, ntohs(port),
	    listener->tls ? " with tls" : "");
}

static bool
has(const int *fds, size_t n, int fd)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fds[i] == fd)
			return (true);
	return (false);
}

/* The first n of them, but those kept; a socket's file goes too. */
static void
close_first(const struct conf *conf, const int *fds, size_t n,
    const int *kept, size_t nkept)
{
	const struct conf_listener *listener;
	size_t i;

	i = 0;
	TAILQ_FOREACH(listener, &conf->listeners, entry) {
		if (i == n)
			return;
		if (!has(kept, nkept, fds[i]) && !passed_has(fds[i])) {
			close(fds[i]);
			if (listener->family == AF_UNIX)
				(void)unlink(listener->address);
		}
		i++;
	}
}

/* A new one, or -1 after a message. */
static int
open_one(const struct conf_listener *listener)
{
	const int size = SEND_BUFFER;
	char name[256];
	int fd;

	if ((fd = passed_find(listener)) != -1) {
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
		announce(listener, fd);
		return (fd);
	}
	fd = socket(listener->family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	/* those that are accepted have it from here */
	if (fd != -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
	if (fd != -1 && bind_one(fd, listener) == 0 &&
	    listen(fd, BACKLOG) == 0) {
		announce(listener, fd);
		return (fd);
	}
	log_warn("%s", conf_listener_name(listener, name, sizeof(name)));
	if (fd != -1)
		close(fd);
	return (-1);
}

/* The other configuration's, or -1. */
static int
find_one(const struct conf_listener *listener, const struct conf *other,
    const int *fds)
{
	const struct conf_listener *old;

	if (other == NULL)
		return (-1);
	TAILQ_FOREACH(old, &other->listeners, entry) {
		if (old->family == listener->family &&
		    old->port == listener->port &&
		    strcmp(old->address, listener->address) == 0)
			return (*fds);
		fds++;
	}
	return (-1);
}

int
listen_open(const struct conf *conf, int *fds, const struct conf *other,
    const int *other_fds)
{
	const struct conf_listener *listener;
	size_t i;

	i = 0;
	TAILQ_FOREACH(listener, &conf->listeners, entry) {
		fds[i] = find_one(listener, other, other_fds);
		if (fds[i] == -1 && (fds[i] = open_one(listener)) == -1) {
			close_first(conf, fds, i, other_fds,
			    other != NULL ? other->nlisteners : 0);
			return (-1);
		}
		i++;
	}
	return (0);
}

void
listen_close(const struct conf *conf, const int *fds, const int *kept,
    size_t n)
{
	close_first(conf, fds, conf->nlisteners, kept, n);
}
