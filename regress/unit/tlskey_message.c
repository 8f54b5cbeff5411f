/* common/tlskey_message.c: what may pass between a worker and tlskey. */
#include "tlskey_message.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

#define REQUEST	sizeof(struct tlskey_request)
#define REPLY	sizeof(struct tlskey_reply)

static struct tlskey_request
good_request(void)
{
	struct tlskey_request m;

	memset(&m, 0, sizeof(m));
	m.magic = TLSKEY_REQUEST;
	m.kind = TLSKEY_ECDSA;
	m.id = 1;
	m.len = 32;
	memset(m.data, 'd', m.len);
	return (m);
}

static struct tlskey_reply
good_reply(void)
{
	struct tlskey_reply m;

	memset(&m, 0, sizeof(m));
	m.magic = TLSKEY_REPLY;
	m.id = 1;
	m.len = 70;
	memset(m.data, 's', m.len);
	return (m);
}

/* one change to a good request, and whether it is still one */
#define REQUEST_IS(want, what, change) do {				\
	struct tlskey_request m = good_request();			\
	change;								\
	is_int(tlskey_request_valid(&m, REQUEST), want, "request: " what); \
} while (0)
#define FILL(n)	(memset(m.data, 'd', n), m.len = (n))
#define PSS(n)	(FILL(n), m.data[(n) - 1] = 0xbc, m.kind = TLSKEY_RSA_PSS)

static void
test_request(void)
{
	REQUEST_IS(true, "good", (void)0);
	REQUEST_IS(false, "another magic", m.magic++);
	REQUEST_IS(false, "a reply's magic", m.magic = TLSKEY_REPLY);
	REQUEST_IS(false, "id 0", m.id = 0);
	REQUEST_IS(true, "largest id", m.id = UINT64_MAX);
	REQUEST_IS(true, "any deadline", m.deadline = UINT64_MAX);
	REQUEST_IS(true, "any name", memset(m.name, 0xff, sizeof(m.name)));
	REQUEST_IS(false, "zero that is not", m.zero = 1);
	REQUEST_IS(false, "unknown kind", m.kind = TLSKEY_KINDS);
	REQUEST_IS(false, "large kind", m.kind = UINT32_MAX);
	REQUEST_IS(false, "more than the length says", m.data[32] = 1);
	REQUEST_IS(false, "something at the very end",
	    m.data[TLSKEY_RSA_MAX - 1] = 1);
	REQUEST_IS(true, "data that ends in 0", m.data[31] = 0);
	REQUEST_IS(true, "PKCS #1", m.kind = TLSKEY_RSA_PKCS1);
	REQUEST_IS(false, "PKCS #1, a block", PSS(256);
	    m.kind = TLSKEY_RSA_PKCS1);
	REQUEST_IS(false, "PKCS #1, a DigestInfo", FILL(51);
	    m.kind = TLSKEY_RSA_PKCS1);
	REQUEST_IS(true, "PSS", PSS(256));
	REQUEST_IS(true, "PSS, shortest", PSS(TLSKEY_RSA_MIN));
	REQUEST_IS(true, "PSS, longest", PSS(TLSKEY_RSA_MAX));
	REQUEST_IS(false, "PSS, too short", PSS(TLSKEY_RSA_MIN - 1));
	REQUEST_IS(false, "PSS, too long", PSS(TLSKEY_RSA_MAX); m.len++);
	REQUEST_IS(false, "PSS, large length", PSS(256); m.len = UINT32_MAX);
	REQUEST_IS(false, "PSS, a digest", m.kind = TLSKEY_RSA_PSS);
	REQUEST_IS(false, "PSS without its trailer", PSS(256);
	    m.data[255] = 0xcc);
	REQUEST_IS(false, "PSS without anything", PSS(256); m.len = 0;
	    memset(m.data, 0, sizeof(m.data)));
}

/* for what takes a digest, every length there is */
static void
test_digests(void)
{
	static const enum tlskey_kind kinds[] = { TLSKEY_ECDSA,
	    TLSKEY_RSA_PKCS1 };
	struct tlskey_request m;
	int good, other;
	size_t i;

	for (i = 0; i < 2; i++) {
		good = other = 0;
		for (m = good_request(), m.len = 0; m.len <= 2000; m.len++) {
			m.kind = kinds[i];
			memset(m.data, 0, sizeof(m.data));
			if (!tlskey_request_valid(&m, REQUEST))
				continue;
			good++;
			other += m.len != 32 && m.len != 48 && m.len != 64;
		}
		is_int(good, 3, "three lengths of digests");
		is_int(other, 0, "SHA-256, SHA-384 and SHA-512");
	}
}

#define REPLY_IS(want, what, change) do {				\
	struct tlskey_reply m = good_reply();				\
	change;								\
	is_int(tlskey_reply_valid(&m, REPLY), want, "reply: " what);	\
} while (0)

static void
test_reply(void)
{
	uint32_t s;

	REPLY_IS(true, "good", (void)0);
	REPLY_IS(false, "another magic", m.magic--);
	REPLY_IS(false, "a request's magic", m.magic = TLSKEY_REQUEST);
	REPLY_IS(false, "id 0", m.id = 0);
	REPLY_IS(false, "zero that is not", m.zero = 1);
	REPLY_IS(false, "no signature", m.len = 0;
	    memset(m.data, 0, sizeof(m.data)));
	REPLY_IS(true, "longest", FILL(TLSKEY_RSA_MAX));
	REPLY_IS(false, "longer than there is room", FILL(TLSKEY_RSA_MAX);
	    m.len++);
	REPLY_IS(false, "large length", m.len = UINT32_MAX);
	REPLY_IS(false, "more than the length says", m.data[70] = 1);
	REPLY_IS(false, "unknown status", memset(m.data, 0, m.len); m.len = 0;
	    m.status = TLSKEY_STATUSES);
	for (s = TLSKEY_OK + 1; s < TLSKEY_STATUSES; s++) {
		REPLY_IS(true, "error", memset(m.data, 0, m.len); m.len = 0;
		    m.status = s);
		REPLY_IS(false, "error with a signature", m.status = s);
		REPLY_IS(false, "error with some bytes", m.len = 0;
		    m.status = s);
	}
}

/* every length but the right one, in the pure checks */
static void
test_sizes(void)
{
	struct tlskey_request request;
	struct tlskey_reply reply;
	int wrong;
	size_t n;

	request = good_request();
	reply = good_reply();
	wrong = 0;
	for (n = 0; n < 5000; n++)
		wrong += tlskey_request_valid(&request, n) != (n == REQUEST) ||
		    tlskey_reply_valid(&reply, n) != (n == REPLY);
	is_int(wrong, 0, "no other length is valid");
}

/* what is not valid is taken from the socket, and is no message */
static void
test_socket(void)
{
	struct tlskey_request request, got;
	struct tlskey_reply reply, back;
	int fds[2];

	if (packet_pair(fds) == -1)
		abort();
	request = good_request();
	reply = good_reply();
	is_int(tlskey_recv_request(fds[1], &got), PACKET_AGAIN, "nothing yet");
	is_int(tlskey_send_request(fds[0], &request), PACKET_DONE, "sent");
	is_int(tlskey_recv_request(fds[1], &got), PACKET_DONE, "received");
	ok(memcmp(&got, &request, sizeof(got)) == 0, "as it was");
	is_int(tlskey_send_reply(fds[1], &reply), PACKET_DONE, "answered");
	is_int(tlskey_recv_reply(fds[0], &back), PACKET_DONE, "received");
	ok(memcmp(&back, &reply, sizeof(back)) == 0, "as it was");
	(void)send(fds[0], &request, REQUEST - 1, 0);
	request.len++;
	(void)tlskey_send_request(fds[0], &request);
	is_int(tlskey_recv_request(fds[1], &got), PACKET_MALFORMED, "short");
	is_int(tlskey_recv_request(fds[1], &got), PACKET_MALFORMED,
	    "a length that is none");
	is_int(tlskey_recv_request(fds[1], &got), PACKET_AGAIN, "no more");
	(void)send(fds[1], &request, REQUEST, 0);
	reply.status = TLSKEY_LATE;
	(void)tlskey_send_reply(fds[1], &reply);
	is_int(tlskey_recv_reply(fds[0], &back), PACKET_MALFORMED,
	    "a request for an answer");
	is_int(tlskey_recv_reply(fds[0], &back), PACKET_MALFORMED,
	    "a signature of an error");
	close(fds[1]);
	is_int(tlskey_recv_reply(fds[0], &back), PACKET_CLOSED, "the end");
	is_int(tlskey_send_request(fds[0], &request), PACKET_CLOSED,
	    "nobody to ask");
	close(fds[0]);
}

int
main(void)
{
	test_request();
	test_digests();
	test_reply();
	test_sizes();
	test_socket();
	return (done());
}
