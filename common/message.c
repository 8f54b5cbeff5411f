/*
 * The packets between workers and signers: checks, sending and receiving.
 * It knows nothing of what the fields are used for.
 */
#include "message.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "scope.h"
#include "utf8.h"

#define QUEUE_BYTES	(1024 * 1024)

/* a NUL is inside the array: then it may be read as a string */
static bool
is_string(const char *s, size_t size)
{
	size_t len;

	len = strnlen(s, size);
	return (len < size);
}

static bool
is_text(const char *s, size_t size)
{
	return (is_string(s, size) && utf8_no_controls(s, strlen(s)));
}

/* the first is there, and none after one that is not */
static bool
audiences_valid(const struct message_request *m)
{
	size_t i;
	bool ended;

	ended = false;
	for (i = 0; i < MESSAGE_AUDIENCES; i++) {
		if (!is_text(m->audience[i], sizeof(m->audience[i])) ||
		    (ended && m->audience[i][0] != '\0'))
			return (false);
		ended = m->audience[i][0] == '\0';
		if (ended && (i == 0 || (m->flags & MESSAGE_FOREIGN(i)) != 0))
			return (false);
	}
	return (true);
}

static bool
request_scope_valid(const struct message_request *m)
{
	return (is_string(m->scope, sizeof(m->scope)) &&
	    scope_valid(m->scope) && ((m->flags & MESSAGE_REGISTRY) != 0 ||
	    strlen(m->scope) <= MESSAGE_SCOPE_MAX));
}

bool
message_request_valid(const struct message_request *m, size_t n)
{
	return (n == sizeof(*m) && m->magic == MESSAGE_REQUEST &&
	    (m->flags & ~MESSAGE_FLAGS) == 0 && m->id != 0 &&
	    m->zero == 0 && is_text(m->user, sizeof(m->user)) &&
	    m->user[0] != '\0' && is_text(m->password, sizeof(m->password)) &&
	    audiences_valid(m) && request_scope_valid(m));
}

/* RFC 7515 section 7.1: three base64url parts with dots between */
static bool
is_token_text(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9') ||
		    s[i] == '-' || s[i] == '_' || s[i] == '.'))
			return (false);
	return (true);
}

bool
message_reply_valid(const struct message_reply *m, size_t n)
{
	if (n != sizeof(*m) || m->magic != MESSAGE_REPLY || m->id == 0 ||
	    m->status >= MESSAGE_STATUSES || m->parts < 1 ||
	    m->parts > MESSAGE_PARTS || m->part >= m->parts ||
	    m->len > MESSAGE_PART || m->zero != 0 ||
	    !is_string(m->scope, sizeof(m->scope)) || !scope_valid(m->scope))
		return (false);
	if (m->status != MESSAGE_OK)
		return (m->parts == 1 && m->len == 0);
	/* every part but the last is full, and none is empty */
	if (m->part + 1 < m->parts ? m->len != MESSAGE_PART : m->len == 0)
		return (false);
	return (is_token_text(m->data, m->len));
}

static enum message_io
send_packet(int fd, const void *packet, size_t size)
{
	ssize_t n;

	do
		n = send(fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)size)
		return (MESSAGE_DONE);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == ENOBUFS))
		return (MESSAGE_AGAIN);
	return (MESSAGE_CLOSED);
}

/*
 * One packet.  MSG_TRUNC in msg_flags is how both systems tell that it was
 * larger than the buffer.
 */
static enum message_io
recv_packet(int fd, void *packet, size_t size, size_t *got)
{
	struct msghdr msg;
	struct iovec iov;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = packet;
	iov.iov_len = size;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return (errno == EAGAIN || errno == EWOULDBLOCK ?
		    MESSAGE_AGAIN : MESSAGE_CLOSED);
	/* nobody sends an empty packet, so this is the end */
	if (n == 0)
		return (MESSAGE_CLOSED);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return (MESSAGE_MALFORMED);
	*got = (size_t)n;
	return (MESSAGE_DONE);
}

enum message_io
message_send_request(int fd, const struct message_request *m)
{
	return (send_packet(fd, m, sizeof(*m)));
}

enum message_io
message_send_reply(int fd, const struct message_reply *m)
{
	return (send_packet(fd, m, sizeof(*m)));
}

enum message_io
message_recv_request(int fd, struct message_request *m)
{
	enum message_io io;
	size_t n;

	io = recv_packet(fd, m, sizeof(*m), &n);
	if (io == MESSAGE_DONE && !message_request_valid(m, n))
		return (MESSAGE_MALFORMED);
	return (io);
}

enum message_io
message_recv_reply(int fd, struct message_reply *m)
{
	enum message_io io;
	size_t n;

	io = recv_packet(fd, m, sizeof(*m), &n);
	if (io == MESSAGE_DONE && !message_reply_valid(m, n))
		return (MESSAGE_MALFORMED);
	return (io);
}

int
message_pair(int fds[2])
{
	int i, size;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return (-1);
	/* the system caps it, which only makes 503 come sooner */
	size = QUEUE_BYTES;
	for (i = 0; i < 2; i++) {
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
		(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	}
	return (0);
}
