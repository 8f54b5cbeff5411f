/* common/message.c: what may pass between a worker and a signer, and how. */
#include "message.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

#define REQUEST	sizeof(struct message_request)
#define REPLY	sizeof(struct message_reply)

static struct message_request
good_request(void)
{
	struct message_request m;

	memset(&m, 0, sizeof(m));
	m.magic = MESSAGE_REQUEST;
	m.id = 1;
	strlcpy(m.user, "alice", sizeof(m.user));
	strlcpy(m.password, "secret", sizeof(m.password));
	strlcpy(m.audience[0], "api", sizeof(m.audience[0]));
	strlcpy(m.scope, "read write", sizeof(m.scope));
	return (m);
}

static struct message_reply
good_reply(void)
{
	struct message_reply m;

	memset(&m, 0, sizeof(m));
	m.magic = MESSAGE_REPLY;
	m.id = 1;
	m.parts = 1;
	m.len = 5;
	m.lifetime = 900;
	strlcpy(m.scope, "read", sizeof(m.scope));
	memcpy(m.data, "a.B_-", 5);
	return (m);
}

/* one change to a good request, and whether it is still one */
#define FILL(field, c)	memset(m.field, c, sizeof(m.field))
#define SET(field, s)	memcpy(m.field, s, sizeof(s))
#define REQUEST_IS(want, what, change) do {				\
	struct message_request m = good_request();			\
	change;								\
	is_int(message_request_valid(&m, REQUEST), want, "request: " what); \
} while (0)

/* as a worker sends it for a token of alice's */
static struct message_request
good_revocation(void)
{
	struct message_request m;

	m = good_request();
	memset(m.audience, 0, sizeof(m.audience));
	strlcpy(m.scope, "revoke", sizeof(m.scope));
	m.flags = MESSAGE_REVOKE;
	m.expires = 1790000000;
	strlcpy(m.token_id, "AZaz09-_", sizeof(m.token_id));
	strlcpy(m.subject, "alice", sizeof(m.subject));
	return (m);
}

#define REVOCATION_IS(want, what, change) do {				\
	struct message_request m = good_revocation();			\
	change;								\
	is_int(message_request_valid(&m, REQUEST), want, "revoke: " what); \
} while (0)
#define NO_TOKEN							\
	m.token_id[0] = m.subject[0] = '\0'; m.expires = 0

static void
test_revocation(void)
{
	REVOCATION_IS(true, "good", (void)0);
	REVOCATION_IS(true, "without a token", NO_TOKEN);
	REVOCATION_IS(true, "without a scope", m.scope[0] = '\0');
	REVOCATION_IS(true, "may they look into one",
	    NO_TOKEN; m.flags = MESSAGE_INTROSPECT);
	REVOCATION_IS(false, "to look into one needs no id",
	    m.flags = MESSAGE_INTROSPECT);
	REVOCATION_IS(false, "both", NO_TOKEN; m.flags = MESSAGE_OTHERS);
	REVOCATION_IS(false, "for a registry", m.flags |= MESSAGE_REGISTRY);
	REVOCATION_IS(false, "a foreign audience",
	    m.flags |= MESSAGE_FOREIGN(0));
	REVOCATION_IS(false, "an audience", SET(audience[0], "api"));
	REVOCATION_IS(false, "the last audience", SET(audience[3], "api"));
	REVOCATION_IS(false, "a lifetime", m.lifetime = 1);
	REVOCATION_IS(false, "no id", m.token_id[0] = '\0');
	REVOCATION_IS(false, "no subject", m.subject[0] = '\0');
	REVOCATION_IS(false, "no time", m.expires = 0);
	REVOCATION_IS(false, "a time before there was any", m.expires = -1);
	REVOCATION_IS(true, "the latest time", m.expires = INT64_MAX);
	REVOCATION_IS(false, "id without NUL", FILL(token_id, 'a'));
	REVOCATION_IS(true, "longest id", FILL(token_id, 'a');
	    m.token_id[MESSAGE_TOKEN_ID_MAX] = '\0');
	REVOCATION_IS(false, "id with a colon", SET(token_id, "a:b"));
	REVOCATION_IS(false, "id with a newline", SET(token_id, "a\n"));
	REVOCATION_IS(false, "subject without NUL", FILL(subject, 'a'));
	REVOCATION_IS(false, "subject with a newline", SET(subject, "a\nb"));
	REVOCATION_IS(false, "no user", m.user[0] = '\0');
	REVOCATION_IS(false, "scope without NUL", FILL(scope, 's'));
	REQUEST_IS(false, "an id of nothing to revoke", SET(token_id, "a"));
	REQUEST_IS(false, "a subject", SET(subject, "a"));
	REQUEST_IS(false, "a time", m.expires = 1);
	REQUEST_IS(false, "a whole token", SET(token_id, "a");
	    SET(subject, "a"); m.expires = 1);
}

static void
test_request(void)
{
	REQUEST_IS(true, "good", (void)0);
	REQUEST_IS(false, "another magic", m.magic++);
	REQUEST_IS(false, "a reply's magic", m.magic = MESSAGE_REPLY);
	REQUEST_IS(true, "foreign audience", m.flags = MESSAGE_FOREIGN(0));
	REQUEST_IS(true, "for a registry", m.flags = MESSAGE_REGISTRY);
	REQUEST_IS(false, "foreign audience that is not there",
	    m.flags = MESSAGE_FOREIGN(1));
	REQUEST_IS(false, "unknown flag", m.flags = 0x10);
	REQUEST_IS(false, "known and unknown flag", m.flags = 0x80000001u);
	REQUEST_IS(false, "id 0", m.id = 0);
	REQUEST_IS(true, "largest id", m.id = UINT64_MAX);
	REQUEST_IS(true, "any deadline", m.deadline = UINT64_MAX);
	REQUEST_IS(true, "any lifetime", m.lifetime = UINT32_MAX);
	REQUEST_IS(false, "an address of a Unix socket", m.network[0] = 1);
	REQUEST_IS(false, "... its last byte", m.network[7] = 1);
	REQUEST_IS(true, "IPv4", m.network_kind = MESSAGE_IPV4;
	    memset(m.network, 0xff, 4));
	REQUEST_IS(false, "IPv4 of five bytes", m.network_kind = MESSAGE_IPV4;
	    m.network[4] = 1);
	REQUEST_IS(true, "IPv6", m.network_kind = MESSAGE_IPV6;
	    FILL(network, 0xff));
	REQUEST_IS(false, "another kind of network", m.network_kind = 3);
	REQUEST_IS(false, "a large kind of network",
	    m.network_kind = UINT32_MAX);
	REQUEST_IS(false, "no user", m.user[0] = '\0');
	REQUEST_IS(false, "user without NUL", FILL(user, 'u'));
	REQUEST_IS(true, "longest user", FILL(user, 'u');
	    m.user[MESSAGE_USER_MAX] = '\0');
	REQUEST_IS(false, "user with a control character",
	    SET(user, "a\nb"));
	REQUEST_IS(false, "user with DEL", SET(user, "a\x7f"));
	REQUEST_IS(true, "user in Latin-1", SET(user, "J\xfcrgen"));
	REQUEST_IS(true, "no password", m.password[0] = '\0');
	REQUEST_IS(false, "password without NUL", FILL(password, 'p'));
	REQUEST_IS(true, "longest password", FILL(password, 'p');
	    m.password[MESSAGE_PASSWORD_MAX] = '\0');
	REQUEST_IS(false, "password with a control character",
	    SET(password, "\x1f"));
	REQUEST_IS(false, "no audience", m.audience[0][0] = '\0');
	REQUEST_IS(false, "audience without NUL", FILL(audience[0], 'a'));
	REQUEST_IS(true, "longest audience", FILL(audience[0], 'a');
	    m.audience[0][MESSAGE_AUDIENCE_MAX] = '\0');
	REQUEST_IS(false, "audience with a control character",
	    SET(audience[0], "\t"));
	REQUEST_IS(true, "two audiences", SET(audience[1], "web"));
	REQUEST_IS(true, "... the second foreign", SET(audience[1], "web");
	    m.flags = MESSAGE_FOREIGN(1));
	REQUEST_IS(true, "four audiences", SET(audience[1], "b");
	    SET(audience[2], "c"); SET(audience[3], "d"));
	REQUEST_IS(false, "last audience without NUL", SET(audience[1], "b");
	    SET(audience[2], "c"); FILL(audience[3], 'd'));
	REQUEST_IS(false, "audience after none", SET(audience[2], "c"));
	REQUEST_IS(false, "only the second audience", SET(audience[1], "b");
	    m.audience[0][0] = '\0');
	REQUEST_IS(false, "second audience with a control character",
	    SET(audience[1], "\n"));
	REQUEST_IS(true, "no scope", m.scope[0] = '\0');
	REQUEST_IS(false, "scope without NUL", FILL(scope, 's'));
	REQUEST_IS(true, "longest scope", FILL(scope, 's');
	    m.scope[MESSAGE_SCOPE_MAX] = '\0');
	REQUEST_IS(false, "longer than a scope is", FILL(scope, 's');
	    m.scope[MESSAGE_SCOPE_MAX + 1] = '\0');
	REQUEST_IS(true, "longest resource scopes", FILL(scope, 's');
	    m.scope[MESSAGE_RESOURCES_MAX] = '\0';
	    m.flags = MESSAGE_REGISTRY);
	REQUEST_IS(false, "resource scopes without NUL", FILL(scope, 's');
	    m.flags = MESSAGE_REGISTRY);
	REQUEST_IS(false, "scope of a space", SET(scope, " "));
	REQUEST_IS(false, "scope with two spaces", SET(scope, "a  b"));
	REQUEST_IS(false, "scope with a quote", SET(scope, "a\"b"));
	REQUEST_IS(false, "scope with a control character",
	    SET(scope, "a\rb"));
	REQUEST_IS(false, "scope outside ASCII", SET(scope, "\xc3\xa4"));
	REQUEST_IS(true, "what is behind a NUL", SET(user, "a\0\n"));
}

#define REPLY_IS(want, what, change) do {				\
	struct message_reply m = good_reply();				\
	change;								\
	is_int(message_reply_valid(&m, REPLY), want, "reply: " what);	\
} while (0)
#define FULL	(FILL(data, 'x'), m.len = MESSAGE_PART)
#define ERROR(s) (m.status = (s), m.len = 0)

static void
test_reply(void)
{
	REPLY_IS(true, "good", (void)0);
	REPLY_IS(false, "another magic", m.magic--);
	REPLY_IS(false, "a request's magic", m.magic = MESSAGE_REQUEST);
	REPLY_IS(false, "id 0", m.id = 0);
	REPLY_IS(false, "unknown status", ERROR(MESSAGE_STATUSES));
	REPLY_IS(false, "large status", ERROR(UINT32_MAX));
	REPLY_IS(true, "given before", m.flags = MESSAGE_REUSED);
	REPLY_IS(true, "... in two parts", FULL; m.parts = 2;
	    m.flags = MESSAGE_REUSED);
	REPLY_IS(false, "unknown flag", m.flags = MESSAGE_REUSED << 1);
	REPLY_IS(false, "... beside a known one", m.flags = 0x80000001);
	REPLY_IS(true, "no scope", m.scope[0] = '\0');
	REPLY_IS(false, "scope without NUL", FILL(scope, 's'));
	REPLY_IS(false, "scope with a quote", SET(scope, "a\",\"b"));
	REPLY_IS(false, "scope with a backslash", SET(scope, "a\\"));

	REPLY_IS(false, "no parts", m.parts = 0);
	REPLY_IS(false, "part past the parts", m.part = 1);
	REPLY_IS(false, "large part", m.part = UINT32_MAX);
	REPLY_IS(false, "too many parts", FULL; m.parts = MESSAGE_PARTS + 1);
	REPLY_IS(false, "large parts", FULL; m.parts = UINT32_MAX);
	REPLY_IS(true, "first of two", FULL; m.parts = 2);
	REPLY_IS(true, "last of two", m.parts = 2; m.part = 1);
	REPLY_IS(true, "last of the most", m.parts = MESSAGE_PARTS;
	    m.part = MESSAGE_PARTS - 1);
	REPLY_IS(true, "last and full", FULL; m.parts = MESSAGE_PARTS;
	    m.part = MESSAGE_PARTS - 1);
	REPLY_IS(false, "first not full", FULL; m.len--; m.parts = 2);
	REPLY_IS(false, "middle not full", m.parts = 3; m.part = 1);
	REPLY_IS(false, "first empty", m.len = 0; m.parts = 2);
	REPLY_IS(false, "last empty", m.len = 0; m.parts = 2; m.part = 1);
	REPLY_IS(false, "no token", m.len = 0);
	REPLY_IS(false, "longer than there is room", FULL; m.len++);
	REPLY_IS(false, "large length", m.len = UINT32_MAX);

	REPLY_IS(false, "quote in the token", m.data[2] = '"');
	REPLY_IS(false, "NUL in the token", m.data[0] = '\0');
	REPLY_IS(false, "line feed in the token", m.data[4] = '\n');
	REPLY_IS(false, "padding in the token", m.data[4] = '=');
	REPLY_IS(false, "plus in the token", m.data[1] = '+');
	REPLY_IS(true, "anything after the token", m.data[5] = '"');
}

static void
test_reply_errors(void)
{
	uint32_t s;

	for (s = MESSAGE_OK + 1; s < MESSAGE_STATUSES; s++) {
		REPLY_IS(true, "error", ERROR(s));
		REPLY_IS(false, "error with a token", m.status = s);
		REPLY_IS(false, "error that was given before", ERROR(s);
		    m.flags = MESSAGE_REUSED);
		REPLY_IS(false, "error in parts", ERROR(s); m.parts = 2);
	}
}

/* every length but the right one, in the pure checks */
static void
test_sizes(void)
{
	struct message_request request;
	struct message_reply reply;
	int wrong;
	size_t n;

	request = good_request();
	reply = good_reply();
	wrong = 0;
	for (n = 0; n < 5000; n++)
		wrong += message_request_valid(&request, n) !=
		    (n == REQUEST) || message_reply_valid(&reply, n) !=
		    (n == REPLY);
	is_int(wrong, 0, "no other length is valid");
}

static void
pair(int fds[2])
{
	if (packet_pair(fds) == -1)
		abort();
}

static void
close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void
test_pair(void)
{
	struct message_request request, got;
	struct message_reply reply, back;
	int fds[2];

	is_int(packet_pair(fds), 0, "a pair");
	ok((fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0 &&
	    (fcntl(fds[1], F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
	is_int(message_recv_request(fds[1], &got), PACKET_AGAIN,
	    "nothing there");
	is_int(message_recv_reply(fds[0], &back), PACKET_AGAIN,
	    "nothing at the other end");
	request = good_request();
	reply = good_reply();
	is_int(message_send_request(fds[0], &request), PACKET_DONE, "sent");
	request.id = 2;
	is_int(message_send_request(fds[0], &request), PACKET_DONE, "sent");
	is_int(message_recv_request(fds[1], &got), PACKET_DONE, "received");
	ok(got.id == 1, "the first");
	is_int(message_recv_request(fds[1], &got), PACKET_DONE, "received");
	ok(memcmp(&got, &request, sizeof(got)) == 0, "the second, whole");
	is_int(message_send_reply(fds[1], &reply), PACKET_DONE, "answered");
	is_int(message_recv_reply(fds[0], &back), PACKET_DONE, "received");
	ok(memcmp(&back, &reply, sizeof(back)) == 0, "whole");
	close_pair(fds);
}

/* raw bytes arrive where a packet is expected; the next good one is taken */
static void
test_malformed(void)
{
	static const size_t sizes[] = { 1, 4, 100, REQUEST - 1, REQUEST + 1,
	    REPLY - 1, REPLY, REPLY + 1, 4096, 16384 };
	struct message_request request, got;
	struct message_reply reply, back;
	char bytes[16384], what[64];
	int fds[2];
	size_t i;

	pair(fds);
	request = good_request();
	reply = good_reply();
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		/* what begins as it should, so that the length decides */
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, &request, sizeof(request));
		snprintf(what, sizeof(what), "%zu bytes for a request",
		    sizes[i]);
		(void)send(fds[0], bytes, sizes[i], 0);
		(void)message_send_request(fds[0], &request);
		is_int(message_recv_request(fds[1], &got), PACKET_MALFORMED,
		    what);
		is_int(message_recv_request(fds[1], &got), PACKET_DONE,
		    "... none of which is left");
		if (sizes[i] == REPLY)
			continue;
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, &reply, sizeof(reply));
		snprintf(what, sizeof(what), "%zu bytes for a reply",
		    sizes[i]);
		(void)send(fds[1], bytes, sizes[i], 0);
		(void)message_send_reply(fds[1], &reply);
		is_int(message_recv_reply(fds[0], &back), PACKET_MALFORMED,
		    what);
		is_int(message_recv_reply(fds[0], &back), PACKET_DONE,
		    "... none of which is left");
	}
	request.user[0] = '\0';
	(void)message_send_request(fds[0], &request);
	is_int(message_recv_request(fds[1], &got), PACKET_MALFORMED,
	    "a field of a request");
	reply.parts = 0;
	(void)message_send_reply(fds[1], &reply);
	is_int(message_recv_reply(fds[0], &back), PACKET_MALFORMED,
	    "a field of a reply");
	close_pair(fds);
}

/* the lowest free descriptor */
static int
next_fd(void)
{
	int fd;

	if ((fd = dup(0)) == -1)
		abort();
	close(fd);
	return (fd);
}

/* a descriptor that comes along is refused, and stays nowhere */
static void
test_descriptor(void)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct message_request request, got;
	struct cmsghdr *cmsg;
	struct msghdr msg;
	struct iovec iov;
	int before, fds[2];

	pair(fds);
	request = good_request();
	iov.iov_base = &request;
	iov.iov_len = sizeof(request);
	memset(&control, 0, sizeof(control));
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.buf;
	msg.msg_controllen = sizeof(control.buf);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fds[0], sizeof(int));
	before = next_fd();
	is_int(sendmsg(fds[0], &msg, 0), (long long)REQUEST,
	    "a request with a descriptor");
	is_int(message_recv_request(fds[1], &got), PACKET_MALFORMED,
	    "... is refused");
	is_int(next_fd(), before, "... and leaves none open");
	close_pair(fds);
}

static void
test_full(void)
{
	struct message_request request, got;
	struct message_reply reply;
	enum packet_io io;
	int fds[2], n, m;

	pair(fds);
	request = good_request();
	for (n = 0; n < 100000; n++)
		if ((io = message_send_request(fds[0], &request)) !=
		    PACKET_DONE)
			break;
	is_int(io, PACKET_AGAIN, "no room, and it does not block");
	ok(n >= 16, "there was room for a queue: %d", n);
	for (m = 0; message_recv_request(fds[1], &got) == PACKET_DONE; m++)
		;
	is_int(m, n, "what was sent is all there");
	is_int(message_send_request(fds[0], &request), PACKET_DONE,
	    "and there is room again");
	reply = good_reply();
	for (n = 0; n < 100000; n++)
		if ((io = message_send_reply(fds[1], &reply)) != PACKET_DONE)
			break;
	is_int(io, PACKET_AGAIN, "no room for replies");
	close_pair(fds);
}

/* no SIGPIPE: this program does not ignore it */
static void
test_closed(void)
{
	struct message_request request, got;
	struct message_reply reply, back;
	int fds[2];

	request = good_request();
	reply = good_reply();
	pair(fds);
	(void)message_send_request(fds[0], &request);
	close(fds[0]);
	is_int(message_recv_request(fds[1], &got), PACKET_DONE,
	    "the peer is gone, its last request is not");
	is_int(message_recv_request(fds[1], &got), PACKET_CLOSED, "the end");
	is_int(message_send_reply(fds[1], &reply), PACKET_CLOSED,
	    "nobody to answer");
	close(fds[1]);
	pair(fds);
	close(fds[1]);
	is_int(message_send_request(fds[0], &request), PACKET_CLOSED,
	    "nobody to ask");
	is_int(message_recv_reply(fds[0], &back), PACKET_CLOSED,
	    "nobody who answers");
	close(fds[0]);
	is_int(message_recv_reply(fds[0], &back), PACKET_CLOSED,
	    "no socket");
}

int
main(void)
{
	test_request();
	test_revocation();
	test_reply();
	test_reply_errors();
	test_sizes();
	test_pair();
	test_malformed();
	test_descriptor();
	test_full();
	test_closed();
	return (done());
}
