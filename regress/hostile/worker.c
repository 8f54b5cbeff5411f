/*
 * A hostile program in the place of workers, against the real jwtd-signer: it
 * sends what no worker would.  Prints TAP.
 */
#include "request.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "tap.h"

#define PACKET_MAX	200000

static unsigned int next_socket = PERSISTENT + 1;

/* a packet that is a good request, to be spoilt */
struct packet {
	union {
		struct message_request	 m;
		unsigned char		 bytes[PACKET_MAX];
	};
	size_t	 len;
};

static struct packet packet;

static struct message_request
make_revocation(const char *user, const char *password, const char *subject)
{
	struct message_request m;

	m = make(user, password);
	m.audience[0][0] = '\0';
	m.flags = MESSAGE_REVOKE;
	m.expires = (int64_t)time(NULL) + 900;
	memcpy(m.token_id, "an-id", sizeof("an-id"));
	(void)strlcpy(m.subject, subject, sizeof(m.subject));
	return (m);
}

static int
take_socket(void)
{
	if (next_socket == WORKERS) {
		errno = EMFILE;
		die("no socket is left");
	}
	return (signers.sockets[next_socket++]);
}

/* It costs its sender the socket, and nobody else anything. */
static void
costs_socket(const char *what)
{
	bool closed;
	int fd;

	fd = take_socket();
	closed = send(fd, packet.bytes, packet.len, MSG_NOSIGNAL) ==
	    (ssize_t)packet.len && is_closed(fd);
	ok(closed && unharmed(), "malformed: %s", what);
}

#define COSTS(what, change) do {					\
	memset(&packet, 0, sizeof(packet));				\
	packet.m = make("alice", "secret");				\
	packet.len = sizeof(packet.m);					\
	change;								\
	costs_socket(what);						\
} while (0)
/* of one to revoke a token */
#define REVOKES(what, change)						\
	COSTS(what, packet.m = make_revocation("alice", "secret", "alice"); \
	    change)
#define FILL(field)	memset(packet.m.field, 'x', sizeof(packet.m.field))
#define SET(field, s)	memcpy(packet.m.field, s, sizeof(s))

static void
randomize(unsigned char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (unsigned char)random();
}

static void
test_malformed(void)
{
	size_t i;

	COSTS("nothing", packet.len = 0);
	COSTS("one byte", packet.len = 1);
	COSTS("a byte too short", packet.len--);
	COSTS("a byte too long", packet.len++);
	COSTS("half", packet.len /= 2);
	COSTS("4096 bytes", packet.len = 4096);
	COSTS("as a reply is long", packet.len = sizeof(struct message_reply));
	COSTS("all that the system takes", packet.len = PACKET_MAX);
	COSTS("zeros", memset(packet.bytes, 0, packet.len));
	COSTS("ones", memset(packet.bytes, 0xff, packet.len));
	COSTS("magic", packet.m.magic ^= 1);
	COSTS("a reply's magic", packet.m.magic = MESSAGE_REPLY);
	COSTS("an unknown flag", packet.m.flags = 0x80000000u);
	COSTS("all flags", packet.m.flags = UINT32_MAX);
	COSTS("id 0", packet.m.id = 0);
	COSTS("a network of no kind", packet.m.network_kind = 3);
	COSTS("a Unix socket with an address", packet.m.network[0] = 1);
	COSTS("no user", packet.m.user[0] = '\0');
	COSTS("a user without an end", FILL(user));
	COSTS("a user with a newline", SET(user, "alice\n"));
	COSTS("a password without an end", FILL(password));
	COSTS("a password with a control character", SET(password, "\x1f"));
	COSTS("no audience", packet.m.audience[0][0] = '\0');
	COSTS("an audience without an end", FILL(audience[3]));
	COSTS("audiences without an end", FILL(audience));
	COSTS("a gap between audiences", SET(audience[2], "api"));
	COSTS("a flag of no audience", packet.m.flags = MESSAGE_FOREIGN(1));
	COSTS("a scope without an end", FILL(scope));
	COSTS("a scope of two spaces", SET(scope, "read  write"));
	COSTS("a scope with a quote", SET(scope, "read\""));
	COSTS("an OAuth scope as long as a registry's",
	    memset(packet.m.scope, 's', MESSAGE_SCOPE_MAX + 1));
	COSTS("a token to revoke with a grant", SET(token_id, "a");
	    SET(subject, "alice"); packet.m.expires = 1);
	COSTS("an audience with a revocation",
	    packet.m.flags = MESSAGE_REVOKE);
	REVOKES("two things at once", packet.m.flags = MESSAGE_OTHERS);
	REVOKES("a token to look into", packet.m.flags = MESSAGE_INTROSPECT);
	REVOKES("a revocation for a registry",
	    packet.m.flags |= MESSAGE_REGISTRY);
	REVOKES("an id without an end", FILL(token_id));
	REVOKES("an id with a newline", SET(token_id, "a\nuser:bob:1"));
	REVOKES("an id with a colon", SET(token_id, "a:b"));
	REVOKES("a subject without an end", FILL(subject));
	REVOKES("a subject with a newline", SET(subject, "bob\n"));
	REVOKES("an id without a subject", packet.m.subject[0] = '\0');
	REVOKES("a subject without an id", packet.m.token_id[0] = '\0');
	REVOKES("a token without a time", packet.m.expires = 0);
	REVOKES("a token of before there was time",
	    packet.m.expires = INT64_MIN);
	for (i = 0; i < 4; i++)
		COSTS("random bytes", randomize(packet.bytes, packet.len));
}

/* Descriptors are none of what a worker sends. */
static void
send_descriptors(int fd, size_t n)
{
	union {
		struct cmsghdr	 header;
		char		 buf[CMSG_SPACE(sizeof(int) * 200)];
	} ancillary;
	struct message_request m;
	struct cmsghdr *cmsg;
	struct msghdr msg;
	struct iovec iov;
	size_t i;

	m = make("alice", "secret");
	memset(&msg, 0, sizeof(msg));
	memset(&ancillary, 0, sizeof(ancillary));
	iov.iov_base = &m;
	iov.iov_len = sizeof(m);
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = ancillary.buf;
	msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	for (i = 0; i < n; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(int));
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) == -1)
		die("sendmsg");
}

static void
test_descriptors(void)
{
	static const size_t numbers[] = { 1, 200 };
	size_t i;
	int before, fd;

	for (i = 0; i < 2; i++) {
		before = signers_descriptors(&signers);
		fd = take_socket();
		send_descriptors(fd, numbers[i]);
		ok(is_closed(fd) && unharmed(), "%zu descriptors cost the "
		    "socket", numbers[i]);
		if (before == -1)
			ok(1, "... and nothing is kept # skip not root");
		else
			ok(signers_descriptors(&signers) <= before,
			    "... and nothing is kept");
	}
}

/* Who has no right to a token gets none. */
static void
test_refused(void)
{
	static const struct {
		const char	*user;
		const char	*password;
	} who[] = {
		{ "alice", "secre" },
		{ "alice", "secrets" },
		{ "alice", "" },
		{ "nobody", "secret" },
		{ "disabled", "secret" },
		{ "alice:secret", "secret" },
		{ "alice ", "secret" },
		{ "ALICE", "secret" },
		{ "%61lice", "wrong" },
		{ "../users", "secret" },
		{ "j\xfcrgen", "\x80\xff" },
	};
	struct message_request m;
	char subject[256];
	size_t i;
	int fd;

	fd = signers.sockets[PERSISTENT];
	for (i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		m = make(who[i].user, who[i].password);
		ok(ask(fd, &m) && answer(fd, m.id, subject) ==
		    MESSAGE_BAD_CREDENTIALS, "no token for pair %zu", i);
	}
}

/* what is valid, however extreme, is answered, and with no more than is due */
static void
extreme(const char *what, const struct message_request *m, int want)
{
	char subject[256];
	int fd, status;

	fd = signers.sockets[PERSISTENT];
	status = ask(fd, m) ? answer(fd, m->id, subject) : -1;
	ok((status == want || (want == -2 && status >= 0)) && unharmed(),
	    "extreme: %s", what);
	if (status != want && want != -2)
		printf("# status %d\n", status);
}

#define EXTREME(what, want, change) do {				\
	struct message_request m = make("alice", "secret");		\
	change;								\
	extreme(what, &m, want);					\
} while (0)
#define LONG(field)	memset(m.field, 'x', sizeof(m.field) - 1)
#define BYTES(field)	memset(m.field, 0xfc, sizeof(m.field) - 1)

static void
test_extremes(void)
{
	EXTREME("longest user", MESSAGE_BAD_CREDENTIALS, LONG(user));
	EXTREME("longest password", MESSAGE_BAD_CREDENTIALS, LONG(password));
	EXTREME("longest user and password in Latin-1",
	    MESSAGE_BAD_CREDENTIALS, BYTES(user); BYTES(password));
	EXTREME("form-encoding in all of them", MESSAGE_BAD_CREDENTIALS,
	    memset(m.user, '+', sizeof(m.user) - 1);
	    memset(m.password, '%', sizeof(m.password) - 1));
	EXTREME("longest audiences", MESSAGE_BAD_TARGET, LONG(audience[0]);
	    LONG(audience[1]); LONG(audience[2]); LONG(audience[3]));
	EXTREME("invalid UTF-8 for an audience", MESSAGE_BAD_TARGET,
	    BYTES(audience[0]));
	EXTREME("all flags of audiences", MESSAGE_BAD_TARGET,
	    memcpy(m.audience[1], "api", 4); memcpy(m.audience[2], "api", 4);
	    memcpy(m.audience[3], "api", 4); m.flags = MESSAGE_FLAGS &
	    ~(MESSAGE_REGISTRY | MESSAGE_OTHERS));
	EXTREME("longest scope", MESSAGE_BAD_SCOPE,
	    memset(m.scope, 's', MESSAGE_SCOPE_MAX));
	EXTREME("longest registry scope", MESSAGE_OK,
	    m.flags = MESSAGE_REGISTRY; LONG(scope));
	EXTREME("longest lifetime", MESSAGE_OK, m.lifetime = UINT32_MAX);
	EXTREME("shortest lifetime", MESSAGE_OK, m.lifetime = 1);
	EXTREME("largest id", MESSAGE_OK, m.id = UINT64_MAX);
	EXTREME("smallest id", MESSAGE_OK, m.id = 1);
	EXTREME("no deadline", MESSAGE_OK, m.deadline = UINT64_MAX);
	EXTREME("a token in parts", MESSAGE_OK, memcpy(m.user, "large", 6));
}

#define REVOKE(what, want, user, password, subject, change) do {	\
	struct message_request m;					\
	m = make_revocation(user, password, subject);			\
	change;								\
	extreme(what, &m, want);					\
} while (0)
#define ASK(scope_)							\
	m.flags = MESSAGE_INTROSPECT; m.token_id[0] = m.subject[0] = '\0'; \
	m.expires = 0; (void)strlcpy(m.scope, scope_, sizeof(m.scope))

/*
 * Nothing is revoked, or told, without a right to it that the store knows of.
 * What may be revoked cannot be kept here, since the directory is read-only;
 * and then nobody says that it was.
 */
static void
test_revoke(void)
{
	REVOKE("revoke one's own", MESSAGE_UNAVAILABLE, "alice", "secret",
	    "alice", (void)0);
	REVOKE("revoke, wrong password", MESSAGE_BAD_CREDENTIALS, "alice",
	    "wrong", "alice", (void)0);
	REVOKE("revoke, nobody", MESSAGE_BAD_CREDENTIALS, "nobody", "secret",
	    "nobody", (void)0);
	REVOKE("revoke another's", MESSAGE_DENIED, "alice", "secret", "bob",
	    (void)0);
	REVOKE("... by a scope that is not for it", MESSAGE_DENIED, "alice",
	    "secret", "bob", memcpy(m.scope, "read", 5));
	REVOKE("... by one that the user does not have", MESSAGE_DENIED,
	    "alice", "secret", "bob", memcpy(m.scope, "revoke", 7));
	REVOKE("... by one that they have", MESSAGE_UNAVAILABLE, "admin",
	    "secret", "bob", memcpy(m.scope, "revoke", 7));
	REVOKE("... which the worker does not name", MESSAGE_DENIED, "admin",
	    "secret", "bob", (void)0);
	REVOKE("revoke what is over", MESSAGE_DONE, "alice", "secret", "alice",
	    m.expires = 1);
	REVOKE("revoke what lives too long", MESSAGE_BROKEN, "alice", "secret",
	    "alice", m.expires += 31 * 24 * 3600);
	REVOKE("revoke what lives for ever", MESSAGE_BROKEN, "alice", "secret",
	    "alice", m.expires = INT64_MAX);
	REVOKE("revoke no token", MESSAGE_DONE, "alice", "secret", "",
	    m.token_id[0] = '\0'; m.expires = 0);
	REVOKE("longest id", MESSAGE_UNAVAILABLE, "alice", "secret", "alice",
	    LONG(token_id));
	REVOKE("longest subject", MESSAGE_DENIED, "alice", "secret", "",
	    LONG(subject));
	REVOKE("longest scope to revoke by", MESSAGE_DENIED, "alice", "secret",
	    "bob", memset(m.scope, 's', MESSAGE_SCOPE_MAX));
	REVOKE("look into tokens", MESSAGE_DONE, "admin", "secret", "",
	    ASK("introspect"));
	REVOKE("... without the scope", MESSAGE_DENIED, "alice", "secret", "",
	    ASK("introspect"));
	REVOKE("... by another scope", MESSAGE_DENIED, "admin", "secret", "",
	    ASK("revoke"));
	REVOKE("... by none", MESSAGE_DENIED, "admin", "secret", "", ASK(""));
	REVOKE("... with a wrong password", MESSAGE_BAD_CREDENTIALS, "admin",
	    "wrong", "", ASK("introspect"));
}

/* Ids are the worker's own: old ones, one twice, and those of others. */
static void
test_ids(void)
{
	struct message_request mine, theirs;
	struct message_reply reply;
	char subject[256];
	int fd, i, same;

	fd = signers.sockets[PERSISTENT];
	mine = make("bob", "secret");
	for (i = 0; i < 3; i++)
		if (!ask(fd, &mine))
			die("send");
	for (i = same = 0; i < 3; i++)
		same += answer(fd, mine.id, subject) == MESSAGE_OK &&
		    strcmp(subject, "bob") == 0;
	ok(same == 3 && unharmed(), "an id three times: an answer for each");
	mine.id = FIRST_ID;
	ok(ask(fd, &mine) && answer(fd, mine.id, subject) == MESSAGE_OK,
	    "an old id is nothing special");
	for (i = same = 0; i < 20; i++) {
		theirs = make("alice", "secret");
		mine.id = theirs.id;
		if (!ask(fd, &mine) || !ask(signers.sockets[HONEST],
		    &theirs) || !ask(fd, &mine))
			die("send");
		same += answer(signers.sockets[HONEST], theirs.id,
		    subject) == MESSAGE_OK && strcmp(subject, "alice") == 0;
		same += answer(fd, mine.id, subject) == MESSAGE_OK &&
		    strcmp(subject, "bob") == 0;
		same += answer(fd, mine.id, subject) == MESSAGE_OK &&
		    strcmp(subject, "bob") == 0;
	}
	is_int(same, 60, "another worker's ids: each has its own answers");
	theirs = make("alice", "secret");
	theirs.deadline = clock_ms() - 1;
	ok(ask(fd, &theirs) && unharmed() && !next_reply(fd, &reply, 0),
	    "nobody waits: there is no answer");
}

/* Nothing has come that was not asked for. */
static void
test_quiet(void)
{
	int i, n;

	for (i = n = 0; i < (int)next_socket; i++)
		if (signers.sockets[i] != -1 && readable(signers.sockets[i],
		    0) && recv(signers.sockets[i], &n, 1, MSG_DONTWAIT) > 0)
			break;
	is_int(i, next_socket, "no answer on a socket that did not ask");
}

int
main(int argc, char *argv[])
{
	int ms;

	start(argc, argv);
	ok(honest(&ms), "an honest worker is served");
	test_refused();
	test_malformed();
	test_descriptors();
	test_extremes();
	test_revoke();
	test_ids();
	test_quiet();
	ok(signers_stop(&signers), "the signers end when they are told to");
	return (done());
}
