/*
 * A client for faults: many connections that stay, on each one request after
 * another at a bounded rate, and every answer is looked at.  It does what a
 * correct client may: a request whose connection ended before any byte of an
 * answer is sent again.  SIGUSR1 prints the counts since the last time, SIGTERM
 * ends it when all answers are there.
 *
 * load [-s] [-c connections] [-e ends] [-g grants] [-r rate] [-t seconds]
 *     [-w wrong] -u name:password ... target ...
 *
 * A target is tcp:ADDRESS:PORT, tls:ADDRESS:PORT or unix:PATH.  Of 1000
 * requests so many are grants, have a wrong password, and end their connection.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tls.h>
#include <unistd.h>

#include "load.h"

#define CONNECTIONS	512
#define PATIENCE	25000000	/* microseconds, for one answer */
#define TRIES		5
#define PAUSE		20000		/* microseconds, after a failure */

enum state { CLOSED, CONNECTING, HANDSHAKE, READY };

struct conn {
	const char		*target;
	struct tls		*tls;
	enum state		 state;
	int			 fd;
	short			 events;
	bool			 asking;	/* request has no answer yet */
	unsigned int		 tries;
	size_t			 sent;
	uint64_t		 due;		/* of the next step by itself */
	uint64_t		 begun;		/* of the first try */
	struct load_request	 request;
	char			 in[65536];
	size_t			 in_len;
};

static struct load_options options;
static struct conn *conns;
static size_t nconns = 8;
static unsigned int rate = 200;
static struct tls_config *tls_config;
static volatile sig_atomic_t asked_to_print, asked_to_stop;

static void
on_signal(int sig)
{
	if (sig == SIGUSR1)
		asked_to_print = 1;
	else
		asked_to_stop = 1;
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static void
shut(struct conn *c)
{
	if (c->tls != NULL)
		tls_free(c->tls);
	c->tls = NULL;
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->state = CLOSED;
	c->sent = c->in_len = 0;
}

/* The request has its answer, or is given up. */
static void
finish(struct conn *c)
{
	c->asking = false;
	c->tries = 0;
	c->due = c->begun + 1000000 * nconns / rate;
	if (c->due < now_us())
		c->due = now_us();
}

/* The connection is gone: its request comes again, if it may. */
static void
broken(struct conn *c)
{
	if (c->asking && c->in_len > 0) {
		load_count(LOAD_N_CUT);
		finish(c);
	} else if (c->asking && c->sent > 0) {
		load_count(LOAD_N_CLOSED);
		if (++c->tries == TRIES) {
			load_count(LOAD_N_LOST);
			finish(c);
		}
	}
	shut(c);
}

static void
no_connection(struct conn *c, enum load_count why)
{
	load_count(why);
	shut(c);
	c->due = now_us() + PAUSE;
}

static unsigned int
number(const char *text, unsigned int max)
{
	const char *why;
	unsigned int n;

	n = (unsigned int)strtonum(text, 0, max, &why);
	if (why != NULL)
		errx(1, "\"%s\" is %s", text, why);
	return (n);
}

static socklen_t
address(const char *target, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin;
	struct sockaddr_un *sun;
	char host[INET_ADDRSTRLEN];
	const char *port;

	memset(ss, 0, sizeof(*ss));
	if (strncmp(target, "unix:", 5) == 0) {
		sun = (struct sockaddr_un *)ss;
		sun->sun_family = AF_UNIX;
		(void)strlcpy(sun->sun_path, target + 5,
		    sizeof(sun->sun_path));
		return (sizeof(*sun));
	}
	sin = (struct sockaddr_in *)ss;
	sin->sin_family = AF_INET;
	port = strrchr(target, ':');
	(void)snprintf(host, sizeof(host), "%.*s", (int)(port - target - 4),
	    target + 4);
	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1)
		errx(1, "target \"%s\"", target);
	sin->sin_port = htons((in_port_t)number(port + 1, 65535));
	return (sizeof(*sin));
}

static void
dial(struct conn *c)
{
	const int on = 1;
	struct sockaddr_storage ss;
	socklen_t len;

	len = address(c->target, &ss);
	c->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (c->fd == -1)
		err(1, "socket");
	if (ss.ss_family == AF_INET)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	c->state = CONNECTING;
	c->events = POLLOUT;
	if (connect(c->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS)
		no_connection(c, LOAD_N_REFUSED);
}

static void
connected(struct conn *c)
{
	socklen_t len;
	int error;

	len = sizeof(error);
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 ||
	    error != 0) {
		no_connection(c, LOAD_N_REFUSED);
		return;
	}
	load_count(LOAD_N_CONNECTIONS);
	c->state = READY;
	if (strncmp(c->target, "tls:", 4) != 0)
		return;
	c->state = HANDSHAKE;
	if ((c->tls = tls_client()) == NULL ||
	    tls_configure(c->tls, tls_config) == -1 ||
	    tls_connect_socket(c->tls, c->fd, "localhost") == -1)
		errx(1, "tls");
}

static void
shake_hands(struct conn *c)
{
	int n;

	if ((n = tls_handshake(c->tls)) == 0)
		c->state = READY;
	else if (n == TLS_WANT_POLLIN)
		c->events = POLLIN;
	else if (n == TLS_WANT_POLLOUT)
		c->events = POLLOUT;
	else
		no_connection(c, LOAD_N_HANDSHAKE);
}

/* Returns 0 if it has to wait, -1 if the connection has ended. */
static ssize_t
transfer(struct conn *c, char *buf, size_t len, bool out)
{
	ssize_t n;

	if (c->tls != NULL) {
		n = out ? tls_write(c->tls, buf, len) :
		    tls_read(c->tls, buf, len);
		if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
			c->events = n == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
			return (0);
		}
	} else {
		n = out ? send(c->fd, buf, len, MSG_NOSIGNAL) :
		    recv(c->fd, buf, len, 0);
		if (n == -1 && errno == EAGAIN) {
			c->events = out ? POLLOUT : POLLIN;
			return (0);
		}
	}
	return (n > 0 ? n : -1);
}

static void
take_answer(struct conn *c, const struct load_answer *answer)
{
	enum load_result result;

	result = load_answer_check(&options, &c->request, answer);
	load_count(result == LOAD_GOOD ? LOAD_N_GOOD :
	    result == LOAD_BUSY ? LOAD_N_BUSY :
	    result == LOAD_STALE ? LOAD_N_STALE : LOAD_N_WRONG);
	if (result == LOAD_BAD)
		fprintf(stderr, "wrong: kind %d, status %d\n",
		    (int)c->request.kind, answer->status);
	load_count_time(c->request.kind, result, now_us() - c->begun);
	finish(c);
	c->in_len = c->sent = 0;
	c->events = POLLIN;
	if (answer->close)
		shut(c);
}

/* Send what is to be sent, and read until there is an answer. */
static void
converse(struct conn *c)
{
	struct load_answer answer;
	ssize_t n;
	int whole;

	while (c->asking && c->sent < c->request.len) {
		n = transfer(c, c->request.text + c->sent,
		    c->request.len - c->sent, true);
		if (n == -1)
			broken(c);
		if (n <= 0)
			return;
		c->sent += (size_t)n;
	}
	n = transfer(c, c->in + c->in_len, sizeof(c->in) - c->in_len, false);
	if (n == -1) {
		broken(c);
		return;
	}
	c->in_len += (size_t)n;
	if (n > 0 && !c->asking) {
		fprintf(stderr, "wrong: an answer that nobody waits for\n");
		load_count(LOAD_N_WRONG);
		shut(c);
	} else if (n > 0 &&
	    (whole = load_answer_parse(c->in, c->in_len, &answer)) != 0) {
		if (whole == 1 && answer.len == c->in_len) {
			take_answer(c, &answer);
			return;
		}
		fprintf(stderr, "wrong: no answer: %.40s\n", c->in);
		load_count(LOAD_N_WRONG);
		finish(c);
		shut(c);
	}
}

/* Time has come for this one to do something by itself. */
static void
act(struct conn *c, uint64_t now, bool stopping)
{
	if (c->asking && now > c->begun + PATIENCE) {
		load_count(LOAD_N_STUCK);
		finish(c);
		shut(c);
	}
	if (!c->asking && !stopping && now >= c->due) {
		load_request_make(&options, &c->request);
		c->asking = true;
		c->begun = now;
		c->due = now;
		if (c->state == READY)
			converse(c);
	}
	if (c->asking && c->state == CLOSED && now >= c->due)
		dial(c);
}

static void
hear(struct conn *c)
{
	if (c->state == CONNECTING)
		connected(c);
	if (c->state == HANDSHAKE)
		shake_hands(c);
	if (c->state == READY)
		converse(c);
}

/* Returns false when all is done. */
static bool
turn(bool stopping, const sigset_t *mask)
{
	static const struct timespec wait = { 0, 2000000 };
	struct pollfd pfd[CONNECTIONS];
	uint64_t now;
	size_t i;
	bool busy;

	busy = false;
	now = now_us();
	for (i = 0; i < nconns; i++) {
		act(&conns[i], now, stopping);
		busy |= conns[i].asking;
		pfd[i].fd = conns[i].fd;
		pfd[i].events = conns[i].state == READY &&
		    !conns[i].asking ? POLLIN : conns[i].events;
		pfd[i].revents = 0;
	}
	if (ppoll(pfd, nconns, &wait, mask) > 0)
		for (i = 0; i < nconns; i++)
			if (pfd[i].revents != 0)
				hear(&conns[i]);
	return (busy || !stopping);
}

static void
add_user(char *text)
{
	struct load_user *user;
	char *colon;

	if (options.nusers == LOAD_USERS ||
	    (colon = strchr(text, ':')) == NULL)
		errx(1, "user \"%s\"", text);
	user = &options.users[options.nusers++];
	*colon = '\0';
	user->name = text;
	user->password = colon + 1;
}

static void
setup(char **targets, size_t ntargets)
{
	uint64_t now;
	size_t i;

	if (ntargets == 0 || options.nusers == 0 || nconns == 0 || rate == 0)
		errx(1, "who, where, and how much?");
	if ((conns = calloc(nconns, sizeof(*conns))) == NULL ||
	    (tls_config = tls_config_new()) == NULL)
		err(1, "connections");
	tls_config_insecure_noverifycert(tls_config);
	tls_config_insecure_noverifyname(tls_config);
	now = now_us();
	for (i = 0; i < nconns; i++) {
		conns[i].fd = -1;
		conns[i].target = targets[i % ntargets];
		conns[i].due = now + 1000000 * i / rate;
	}
}

static sigset_t
catch(void)
{
	static const int heard[] = { SIGUSR1, SIGTERM, SIGINT };
	struct sigaction sa;
	sigset_t block, old;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	(void)sigemptyset(&block);
	for (i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		(void)sigaction(heard[i], &sa, NULL);
		(void)sigaddset(&block, heard[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &block, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	return (old);
}

int
main(int argc, char *argv[])
{
	unsigned int seconds = 300;
	sigset_t mask;
	uint64_t end;
	pid_t parent;
	int ch;

	options.grants = 200;
	options.wrong = 2;
	while ((ch = getopt(argc, argv, "c:e:g:r:st:u:w:")) != -1)
		switch (ch) {
		case 'c': nconns = number(optarg, CONNECTIONS); break;
		case 'e': options.ends = number(optarg, 1000); break;
		case 'g': options.grants = number(optarg, 1000); break;
		case 'r': rate = number(optarg, 100000); break;
		case 's': options.stale = true; break;
		case 't': seconds = number(optarg, 86400); break;
		case 'u': add_user(optarg); break;
		case 'w': options.wrong = number(optarg, 1000); break;
		default: return (2);
		}
	parent = getppid();
	mask = catch();
	setup(argv + optind, (size_t)(argc - optind));
	/* signals are heard from now on */
	printf("ready\n");
	fflush(stdout);
	end = now_us() + (uint64_t)seconds * 1000000;
	while (turn(asked_to_stop || now_us() > end, &mask)) {
		if (getppid() != parent)
			return (1);
		if (asked_to_print) {
			asked_to_print = 0;
			load_count_print();
		}
	}
	load_count_print();
	return (0);
}
