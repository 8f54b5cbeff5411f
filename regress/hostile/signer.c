/*
 * A hostile program in the place of jwtd-signer: jwtd finds it beside itself.
 * The name of the user says how a request is answered, as "twice" or "twice.7";
 * an honest answer has the token "t.NAME.s".
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "file.h"
#include "message.h"
#include "sign.h"

#define FLOOD		20000
#define ANSWERED	20
#define STOLEN		"t.stolen.s"

struct held {
	struct message_request	 request;
	int			 fd;	/* -1: none */
};

static int workers[CONF_MAX_WORKERS];
static struct held held = { .fd = -1 };
static uint64_t answered[ANSWERED];	/* the last ones; 0: none yet */
static struct message_reply reply;	/* a good one, to be spoilt */

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* Send it, and wait until there is room for it. */
static void
put(int fd, const void *packet, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	while (send(fd, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT) == -1) {
		if (errno != EAGAIN || poll(&pfd, 1, 1000) != 1)
			return;
	}
}

static void
send_reply(int fd)
{
	put(fd, &reply, sizeof(reply));
}

static void
set_token(const char *token)
{
	reply.len = (uint32_t)strlcpy(reply.data, token, sizeof(reply.data));
}

static void
make_good(const struct message_request *request)
{
	memset(&reply, 0, sizeof(reply));
	reply.magic = MESSAGE_REPLY;
	reply.id = request->id;
	reply.parts = 1;
	reply.lifetime = 900;
	reply.issued_at = time(NULL);
	reply.len = (uint32_t)snprintf(reply.data, sizeof(reply.data),
	    "t.%s.s", request->user);
}

/* a whole part; what follows it must fit */
static void
send_part(int fd, uint32_t part, uint32_t parts)
{
	memset(reply.data, 'A', sizeof(reply.data));
	reply.len = MESSAGE_PART;
	reply.part = part;
	reply.parts = parts;
	send_reply(fd);
}

static void
good(int fd, const struct message_request *request)
{
	static size_t n;

	send_reply(fd);
	answered[n++ % ANSWERED] = request->id;
}

static void
silent(int fd, const struct message_request *request)
{
	(void)fd;
	(void)request;
}

static void
twice(int fd, const struct message_request *request)
{
	(void)request;
	send_reply(fd);
	set_token(STOLEN);
	send_reply(fd);
}

/* ids that had their answers, and ids that were none; then an honest one */
static void
unasked(int fd, const struct message_request *request)
{
	uint64_t i;

	set_token(STOLEN);
	for (i = 0; i < ANSWERED; i++) {
		/* 0 would be malformed */
		reply.id = answered[i] != 0 ? answered[i] : UINT64_MAX;
		send_reply(fd);
		reply.id = request->id ^ (i + 1) << 32;
		send_reply(fd);
		reply.id = request->id + (i + 1) * 256;
		send_reply(fd);
	}
	make_good(request);
	send_reply(fd);
}

/* to everybody but who asked */
static void
elsewhere(int fd, const struct message_request *request)
{
	size_t i;

	(void)request;
	set_token(STOLEN);
	for (i = 0; i < CONF_MAX_WORKERS; i++)
		if (workers[i] != -1 && workers[i] != fd)
			send_reply(workers[i]);
}

static void
order(int fd, const struct message_request *request)
{
	(void)request;
	send_part(fd, 1, 3);
	send_part(fd, 0, 3);
	send_part(fd, 2, 3);
}

static void
changed(int fd, const struct message_request *request)
{
	(void)request;
	send_part(fd, 0, 2);
	send_part(fd, 1, 3);
	send_part(fd, 2, 3);
}

static void
again(int fd, const struct message_request *request)
{
	(void)request;
	send_part(fd, 0, 2);
	send_part(fd, 0, 2);
	send_part(fd, 1, 2);
}

static void
half(int fd, const struct message_request *request)
{
	(void)request;
	send_part(fd, 0, 2);
}

static void
half_error(int fd, const struct message_request *request)
{
	half(fd, request);
	reply.part = 0;
	reply.parts = 1;
	reply.len = 0;
	reply.status = MESSAGE_UNAVAILABLE;
	reply.retry_after = 3;
	send_reply(fd);
}

static void
longest(int fd, const struct message_request *request)
{
	uint32_t i;

	(void)request;
	for (i = 0; i < MESSAGE_PARTS; i++)
		send_part(fd, i, MESSAGE_PARTS);
}

static void
future(int fd, const struct message_request *request)
{
	(void)request;
	reply.lifetime = UINT32_MAX;
	reply.issued_at = INT64_MAX;
	send_reply(fd);
}

static void
past(int fd, const struct message_request *request)
{
	(void)request;
	reply.lifetime = 0;
	reply.issued_at = INT64_MIN;
	send_reply(fd);
}

static void
throttled(int fd, const struct message_request *request)
{
	(void)request;
	reply.status = MESSAGE_THROTTLED;
	reply.len = 0;
	reply.retry_after = UINT32_MAX;
	send_reply(fd);
}

static void
broken(int fd, const struct message_request *request)
{
	(void)request;
	reply.status = MESSAGE_BROKEN;
	reply.len = 0;
	send_reply(fd);
}

/* It is answered when the next request comes: see act(). */
static void
hold(int fd, const struct message_request *request)
{
	held.fd = fd;
	held.request = *request;
}

static void
flood(int fd, const struct message_request *request)
{
	int i;

	set_token(STOLEN);
	for (i = 0; i < FLOOD; i++) {
		reply.id = request->id + 1000000 + (uint64_t)i;
		send_reply(fd);
	}
	make_good(request);
	send_reply(fd);
}

/* From here on, what costs the socket: one change of a good reply. */
#define SPOIL(name, change)						\
static void								\
name(int fd, const struct message_request *request)			\
{									\
	size_t len = sizeof(reply);					\
									\
	(void)request;							\
	change;								\
	put(fd, &reply, len);						\
}
SPOIL(m_empty, len = 0)
SPOIL(m_byte, len = 1)
SPOIL(m_short, len--)
SPOIL(m_magic, reply.magic = MESSAGE_REQUEST)
SPOIL(m_id, reply.id = 0)
SPOIL(m_status, reply.status = MESSAGE_STATUSES)
SPOIL(m_part, reply.part = 1)
SPOIL(m_parts, reply.parts = MESSAGE_PARTS + 1)
SPOIL(m_noparts, reply.parts = 0)
SPOIL(m_len, reply.len = UINT32_MAX)
SPOIL(m_overlong, reply.len = MESSAGE_PART + 1)
SPOIL(m_nothing, reply.len = 0)
SPOIL(m_flag, reply.flags = ~MESSAGE_REPLY_FLAGS)
SPOIL(m_scope, memcpy(reply.scope, "read\"", 6))
SPOIL(m_noend, memset(reply.scope, 's', sizeof(reply.scope)))
SPOIL(m_token, memcpy(reply.data, "a\",\"x\":\"", 8))
SPOIL(m_nul, reply.data[0] = '\0')
SPOIL(m_garbage, arc4random_buf(&reply, sizeof(reply)))
SPOIL(m_refusal, reply.status = MESSAGE_BAD_CREDENTIALS)
SPOIL(m_close, (void)shutdown(fd, SHUT_RDWR))

static void
m_long(int fd, const struct message_request *request)
{
	char packet[sizeof(reply) + 1];

	(void)request;
	memcpy(packet, &reply, sizeof(reply));
	packet[sizeof(reply)] = '\0';
	put(fd, packet, sizeof(packet));
}

/* with a descriptor, which nobody asked for */
static void
m_rights(int fd, const struct message_request *request)
{
	struct control control = { CONTROL_READY, 0 };

	(void)request;
	(void)control_send(fd, &control, STDERR_FILENO);
}

/* What only the parent hears: it goes on, but not with this process. */
static void
c_byte(int fd, const struct message_request *request)
{
	(void)request;
	(void)send(FD_CONTROL, "x", 1, MSG_NOSIGNAL);
	send_reply(fd);
}

static void
c_close(int fd, const struct message_request *request)
{
	(void)request;
	(void)shutdown(FD_CONTROL, SHUT_WR);
	send_reply(fd);
}

static const struct {
	const char	*name;
	void		(*act)(int, const struct message_request *);
} acts[] = {
	{ "good", good }, { "silent", silent }, { "twice", twice },
	{ "unasked", unasked }, { "elsewhere", elsewhere },
	{ "order", order }, { "changed", changed }, { "again", again },
	{ "half", half }, { "half-error", half_error },
	{ "longest", longest }, { "future", future }, { "past", past },
	{ "throttled", throttled }, { "broken", broken },
	{ "hold", hold }, { "flood", flood },
	{ "m-empty", m_empty }, { "m-byte", m_byte },
	{ "m-short", m_short }, { "m-long", m_long },
	{ "m-magic", m_magic }, { "m-id", m_id },
	{ "m-status", m_status }, { "m-part", m_part },
	{ "m-parts", m_parts }, { "m-noparts", m_noparts },
	{ "m-len", m_len }, { "m-overlong", m_overlong },
	{ "m-nothing", m_nothing }, { "m-flag", m_flag },
	{ "m-scope", m_scope }, { "m-noend", m_noend },
	{ "m-token", m_token }, { "m-nul", m_nul },
	{ "m-garbage", m_garbage }, { "m-refusal", m_refusal },
	{ "m-close", m_close }, { "m-rights", m_rights },
	{ "c-byte", c_byte }, { "c-close", c_close },
};

/* One that is held is answered after the next request, however late that is. */
static void
act(int fd, const struct message_request *request)
{
	struct held before;
	size_t i, len;

	len = strcspn(request->user, ".");
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strlen(acts[i].name) == len &&
		    strncmp(acts[i].name, request->user, len) == 0)
			break;
	if (i == sizeof(acts) / sizeof(acts[0]))
		return;
	before = held;
	held.fd = -1;
	make_good(request);
	acts[i].act(fd, request);
	if (before.fd != -1) {
		make_good(&before.request);
		send_reply(before.fd);
	}
}

/* Returns false when jwtd is gone. */
static bool
hear_parent(void)
{
	struct control control;
	int fd, result;

	while ((result = control_recv(FD_CONTROL, &control, &fd)) == 1) {
		if (control.slot >= CONF_MAX_WORKERS || fd == -1)
			continue;
		if (workers[control.slot] != -1)
			close(workers[control.slot]);
		workers[control.slot] = fd;
	}
	return (result == -1);
}

static void
hear_worker(size_t i)
{
	struct message_request request;

	switch (message_recv_request(workers[i], &request)) {
	case PACKET_DONE:
		act(workers[i], &request);
		break;
	case PACKET_AGAIN:
		break;
	case PACKET_CLOSED:
	case PACKET_MALFORMED:
		close(workers[i]);
		workers[i] = -1;
		break;
	}
}

static void
publish(const struct conf *conf)
{
	struct keyring *keys;
	char *jwks;

	jwks = NULL;
	if ((keys = keyring_load(conf->signer)) == NULL ||
	    (jwks = keyring_jwks(keys)) == NULL ||
	    file_write_fd(FD_KEYS, jwks, strlen(jwks)) == -1)
		die("keys");
	close(FD_KEYS);
	free(jwks);
	keyring_free(keys);
}

int
main(void)
{
	static const struct control ready = { CONTROL_READY, 0 };
	struct pollfd pfd[CONF_MAX_WORKERS + 1];
	struct conf *conf;
	size_t i;

	(void)signal(SIGINT, SIG_IGN);
	if (sodium_init() == -1)
		die("sodium_init");
	conf = control_conf();
	publish(conf);
	for (i = 0; i < CONF_MAX_WORKERS; i++)
		workers[i] = -1;
	if (control_send(FD_CONTROL, &ready, -1) == -1)
		die("control");
	for (;;) {
		for (i = 0; i < CONF_MAX_WORKERS; i++) {
			pfd[i].fd = workers[i];
			pfd[i].events = POLLIN;
			pfd[i].revents = 0;
		}
		pfd[i].fd = FD_CONTROL;
		pfd[i].events = POLLIN;
		if (poll(pfd, CONF_MAX_WORKERS + 1, -1) == -1)
			die("poll");
		for (i = 0; i < CONF_MAX_WORKERS; i++)
			if (pfd[i].revents != 0)
				hear_worker(i);
		if (pfd[i].revents != 0 && !hear_parent())
			return (0);
	}
}
