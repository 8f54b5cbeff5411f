/*
 * Signatures from another process; see tlskey_client.h.  libcrypto calls this
 * in the middle of a handshake and wants the answer at once, so the worker
 * waits for it, but not long.  The state is global because libcrypto's methods
 * have no argument for it: it makes its own key objects, without what is in
 * ours.
 */
#define OPENSSL_SUPPRESS_DEPRECATED	/* calls that both libraries have */

#include "tlskey_client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "clock.h"
#include "keyname.h"
#include "log.h"
#include "padding.h"
#include "tlskey_message.h"

#define WAIT		250	/* ms */
#define WAIT_SLOW	10	/* ms, since the last answer did not come */

struct kept {
	struct kept	*next;
	uint8_t		 name[TLSKEY_NAME];
};

static struct {
	int		 fd;
	uint64_t	 id;		/* of the last request */
	bool		 slow;
	int		 index;		/* ex_data of EC keys: their names */
	struct kept	*names;		/* all of these */
} state = { -1, 0, false, -1, NULL };

static void
set_slow(bool slow)
{
	if (state.slow == slow)
		return;
	state.slow = slow;
	if (slow)
		log_warnx("tlskey does not answer: handshakes fail");
	else
		log_info("tlskey answers again");
}

/* The next answer that is there, to whatever it is.  False if there is none. */
static bool
take(struct tlskey_reply *reply)
{
	switch (tlskey_recv_reply(state.fd, reply)) {
	case PACKET_DONE:
		set_slow(false);
		return (true);
	case PACKET_AGAIN:
		return (false);
	case PACKET_CLOSED:
		fatalx("tlskey closed the socket");
	case PACKET_MALFORMED:
		break;
	}
	fatalx("a malformed answer from tlskey");
}

/* Late answers to earlier requests are dropped, here and while waiting. */
static bool
wait_for(uint64_t id, uint64_t deadline, struct tlskey_reply *reply)
{
	struct pollfd pfd;
	uint64_t now;

	pfd.fd = state.fd;
	pfd.events = POLLIN;
	while ((now = clock_ms()) < deadline) {
		/* it cannot be there yet: no use in looking first */
		if (poll(&pfd, 1, (int)(deadline - now)) == -1 &&
		    errno != EINTR)
			fatal("poll");
		while (take(reply))
			if (reply->id == id)
				return (true);
	}
	set_slow(true);
	return (false);
}

/* Returns false when there is no signature; the handshake fails then. */
static bool
ask(struct tlskey_request *request, const uint8_t *data, size_t len,
    struct tlskey_reply *reply)
{
	if (len > sizeof(request->data))
		return (false);
	memset(request->data, 0, sizeof(request->data));
	memcpy(request->data, data, len);
	request->magic = TLSKEY_REQUEST;
	request->len = (uint32_t)len;
	request->zero = 0;
	if (++state.id == 0)
		state.id = 1;
	request->id = state.id;
	/* a hash that only old clients know is no reason to lose the socket */
	if (!tlskey_request_valid(request, sizeof(*request)))
		return (false);
	while (take(reply))
		;
	request->deadline = clock_ms() + (state.slow ? WAIT_SLOW : WAIT);
	switch (tlskey_send_request(state.fd, request)) {
	case PACKET_DONE:
		break;
	case PACKET_AGAIN:
		return (false);
	case PACKET_CLOSED:
	case PACKET_MALFORMED:
		fatalx("tlskey closed the socket");
	}
	return (wait_for(request->id, request->deadline, reply) &&
	    reply->status == TLSKEY_OK);
}

/* RFC 8446 section 4.2.3: PKCS #1 v1.5 until TLS 1.2, PSS from there on */
static int
private_encrypt(int len, const unsigned char *from, unsigned char *to,
    RSA *rsa, int padding)
{
	struct tlskey_request request;
	struct tlskey_reply reply;
	const uint8_t *data;
	size_t n;

	if (len <= 0 || !keyname_rsa(rsa, request.name))
		return (-1);
	switch (padding) {
	case RSA_PKCS1_PADDING:
		request.kind = TLSKEY_RSA_PKCS1;
		data = padding_digest(from, (size_t)len, &n);
		break;
	case RSA_NO_PADDING:
		request.kind = TLSKEY_RSA_PSS;
		data = from;
		n = (size_t)len;
		break;
	default:
		return (-1);
	}
	if (data == NULL || !ask(&request, data, n, &reply) ||
	    reply.len != (uint32_t)RSA_size(rsa))
		return (-1);
	memcpy(to, reply.data, reply.len);
	return ((int)reply.len);
}

/* Nothing is ever decrypted: no cipher that we have needs it. */
static int
private_decrypt(int len, const unsigned char *from, unsigned char *to,
    RSA *rsa, int padding)
{
	(void)len;
	(void)from;
	(void)to;
	(void)rsa;
	(void)padding;
	return (-1);
}

/* as long as the process, for one of the few keys that it ever has */
static uint8_t *
keep(const uint8_t name[TLSKEY_NAME])
{
	struct kept *kept;

	for (kept = state.names; kept != NULL; kept = kept->next)
		if (memcmp(kept->name, name, TLSKEY_NAME) == 0)
			return (kept->name);
	if ((kept = malloc(sizeof(*kept))) == NULL)
		return (NULL);
	memcpy(kept->name, name, TLSKEY_NAME);
	kept->next = state.names;
	state.names = kept;
	return (kept->name);
}

/*
 * keyname_ec(), once for each key: to write a point down takes long, next to a
 * signature.  libcrypto may copy the key and free one of the two, and what is
 * kept with it serves all copies.
 */
static bool
name_of(EC_KEY *ec, uint8_t name[TLSKEY_NAME])
{
	const uint8_t *kept;

	if ((kept = EC_KEY_get_ex_data(ec, state.index)) != NULL) {
		memcpy(name, kept, TLSKEY_NAME);
		return (true);
	}
	if (!keyname_ec(ec, name))
		return (false);
	(void)EC_KEY_set_ex_data(ec, state.index, keep(name));
	return (true);
}

static ECDSA_SIG *
sign_sig(const unsigned char *digest, int len, const BIGNUM *kinv,
    const BIGNUM *r, EC_KEY *ec)
{
	struct tlskey_request request;
	struct tlskey_reply reply;
	const unsigned char *p;

	(void)kinv;
	(void)r;
	request.kind = TLSKEY_ECDSA;
	if (len <= 0 || !name_of(ec, request.name) ||
	    !ask(&request, digest, (size_t)len, &reply))
		return (NULL);
	p = reply.data;
	return (d2i_ECDSA_SIG(NULL, &p, (long)reply.len));
}

void
tlskey_client_init(int fd)
{
	int (*sign)(int, const unsigned char *, int, unsigned char *,
	    unsigned int *, const BIGNUM *, const BIGNUM *, EC_KEY *);
	int (*setup)(EC_KEY *, BN_CTX *, BIGNUM **, BIGNUM **);
	EC_KEY_METHOD *ec;
	RSA_METHOD *rsa;

	state.fd = fd;
	/* a worker that follows a dead one must not take its answers */
	arc4random_buf(&state.id, sizeof(state.id));
	if ((rsa = RSA_meth_dup(RSA_get_default_method())) == NULL ||
	    (ec = EC_KEY_METHOD_new(EC_KEY_get_default_method())) == NULL ||
	    RSA_meth_set_priv_enc(rsa, private_encrypt) != 1 ||
	    RSA_meth_set_priv_dec(rsa, private_decrypt) != 1 ||
	    (state.index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL,
	    NULL)) == -1)
		fatalx("no memory for the methods of keys");
	EC_KEY_METHOD_get_sign(ec, &sign, &setup, NULL);
	EC_KEY_METHOD_set_sign(ec, sign, setup, sign_sig);
	RSA_set_default_method(rsa);
	EC_KEY_set_default_method(ec);
}
