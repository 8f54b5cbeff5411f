/*
 * The packets between workers and signers, and what is a valid one.
 * It knows nothing of what the fields are used for.
 */
#include "message.h"

#include <string.h>

#include "scope.h"
#include "utf8.h"

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

/* Only one that is asked to be revoked is there, and then it is whole. */
bool
message_token_valid(const struct message_request *m)
{
	if (!is_text(m->token_id, sizeof(m->token_id)) ||
	    !is_text(m->subject, sizeof(m->subject)))
		return (false);
	if (m->token_id[0] == '\0')
		return (m->subject[0] == '\0' && m->expires == 0);
	return ((m->flags & MESSAGE_REVOKE) != 0 && m->subject[0] != '\0' &&
	    m->expires > 0 &&
	    is_token_text(m->token_id, strlen(m->token_id)));
}

/* What is asked for is a token, or one other thing. */
static bool
wish_valid(const struct message_request *m)
{
	size_t i;

	if ((m->flags & MESSAGE_OTHERS) == 0)
		return (audiences_valid(m));
	if (m->flags != MESSAGE_REVOKE && m->flags != MESSAGE_INTROSPECT)
		return (false);
	for (i = 0; i < MESSAGE_AUDIENCES; i++)
		if (m->audience[i][0] != '\0')
			return (false);
	return (m->lifetime == 0);
}

static bool
request_scope_valid(const struct message_request *m)
{
	return (is_string(m->scope, sizeof(m->scope)) &&
	    scope_valid(m->scope) && ((m->flags & MESSAGE_REGISTRY) != 0 ||
	    strlen(m->scope) <= MESSAGE_SCOPE_MAX));
}

/* what a kind of network does not use is 0 */
static bool
network_valid(const struct message_request *m)
{
	static const size_t used[] = {
		[MESSAGE_LOCAL] = 0, [MESSAGE_IPV4] = 4, [MESSAGE_IPV6] = 8
	};
	size_t i;

	if (m->network_kind >= sizeof(used) / sizeof(used[0]))
		return (false);
	for (i = used[m->network_kind]; i < sizeof(m->network); i++)
		if (m->network[i] != 0)
			return (false);
	return (true);
}

bool
message_request_valid(const struct message_request *m, size_t n)
{
	return (n == sizeof(*m) && m->magic == MESSAGE_REQUEST &&
	    (m->flags & ~MESSAGE_FLAGS) == 0 && m->id != 0 &&
	    network_valid(m) && is_text(m->user, sizeof(m->user)) &&
	    m->user[0] != '\0' && is_text(m->password, sizeof(m->password)) &&
	    wish_valid(m) && message_token_valid(m) &&
	    request_scope_valid(m));
}

bool
message_reply_valid(const struct message_reply *m, size_t n)
{
	if (n != sizeof(*m) || m->magic != MESSAGE_REPLY || m->id == 0 ||
	    m->status >= MESSAGE_STATUSES || m->parts < 1 ||
	    m->parts > MESSAGE_PARTS || m->part >= m->parts ||
	    m->len > MESSAGE_PART || (m->flags & ~MESSAGE_REPLY_FLAGS) != 0 ||
	    !is_string(m->scope, sizeof(m->scope)) || !scope_valid(m->scope))
		return (false);
	if (m->status != MESSAGE_OK)
		return (m->parts == 1 && m->len == 0 && m->flags == 0);
	/* every part but the last is full, and none is empty */
	if (m->part + 1 < m->parts ? m->len != MESSAGE_PART : m->len == 0)
		return (false);
	return (is_token_text(m->data, m->len));
}

enum packet_io
message_send_request(int fd, const struct message_request *m)
{
	return (packet_send(fd, m, sizeof(*m)));
}

enum packet_io
message_send_reply(int fd, const struct message_reply *m)
{
	return (packet_send(fd, m, sizeof(*m)));
}

enum packet_io
message_recv_request(int fd, struct message_request *m)
{
	enum packet_io io;
	size_t n;

	io = packet_recv(fd, m, sizeof(*m), &n);
	if (io == PACKET_DONE && !message_request_valid(m, n))
		return (PACKET_MALFORMED);
	return (io);
}

enum packet_io
message_recv_reply(int fd, struct message_reply *m)
{
	enum packet_io io;
	size_t n;

	io = packet_recv(fd, m, sizeof(*m), &n);
	if (io == PACKET_DONE && !message_reply_valid(m, n))
		return (PACKET_MALFORMED);
	return (io);
}
