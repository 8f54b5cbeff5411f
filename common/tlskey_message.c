/*
 * The packets between workers and the process with the TLS keys, and what is a
 * valid one.  It knows no key.
 */
#include "tlskey_message.h"

#include <string.h>

#define PSS_TRAILER	0xbc	/* RFC 8017 section 9.1.1 */

/* SHA-256, SHA-384 or SHA-512; never the MD5 and SHA-1 of TLS before 1.2 */
static bool
is_digest(uint32_t len)
{
	return (len == 32 || len == 48 || len == 64);
}

/* what is behind the data was never anybody's */
static bool
rest_is_zero(const uint8_t *data, uint32_t len)
{
	size_t i;

	for (i = len; i < TLSKEY_RSA_MAX; i++)
		if (data[i] != 0)
			return (false);
	return (true);
}

bool
tlskey_request_valid(const struct tlskey_request *m, size_t n)
{
	if (n != sizeof(*m) || m->magic != TLSKEY_REQUEST || m->id == 0 ||
	    m->zero != 0 || m->len > TLSKEY_RSA_MAX ||
	    !rest_is_zero(m->data, m->len))
		return (false);
	switch (m->kind) {
	case TLSKEY_ECDSA:
	case TLSKEY_RSA_PKCS1:
		return (is_digest(m->len));
	case TLSKEY_RSA_PSS:
		return (m->len >= TLSKEY_RSA_MIN &&
		    m->data[m->len - 1] == PSS_TRAILER);
	default:
		return (false);
	}
}

bool
tlskey_reply_valid(const struct tlskey_reply *m, size_t n)
{
	return (n == sizeof(*m) && m->magic == TLSKEY_REPLY && m->id != 0 &&
	    m->zero == 0 && m->status < TLSKEY_STATUSES &&
	    m->len <= TLSKEY_RSA_MAX &&
	    (m->status == TLSKEY_OK) == (m->len > 0) &&
	    rest_is_zero(m->data, m->len));
}

enum packet_io
tlskey_send_request(int fd, const struct tlskey_request *m)
{
	return (packet_send(fd, m, sizeof(*m)));
}

enum packet_io
tlskey_send_reply(int fd, const struct tlskey_reply *m)
{
	return (packet_send(fd, m, sizeof(*m)));
}

enum packet_io
tlskey_recv_request(int fd, struct tlskey_request *m)
{
	enum packet_io io;
	size_t n;

	io = packet_recv(fd, m, sizeof(*m), &n);
	if (io == PACKET_DONE && !tlskey_request_valid(m, n))
		return (PACKET_MALFORMED);
	return (io);
}

enum packet_io
tlskey_recv_reply(int fd, struct tlskey_reply *m)
{
	enum packet_io io;
	size_t n;

	io = packet_recv(fd, m, sizeof(*m), &n);
	if (io == PACKET_DONE && !tlskey_reply_valid(m, n))
		return (PACKET_MALFORMED);
	return (io);
}
