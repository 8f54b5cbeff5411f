/*
 * jwtd/tlskey_client.c: a key without its private half signs, if who has that
 * answers in time, and never takes the answer to another question.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tlskey_client.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <sys/wait.h>

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"
#include "tlskey_message.h"

/* DER of an ECDSA signature; r says which request it is for */
static void
fill(struct tlskey_reply *reply, const struct tlskey_request *request)
{
	static const uint8_t sig[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };

	memset(reply, 0, sizeof(*reply));
	reply->magic = TLSKEY_REPLY;
	reply->id = request->id;
	reply->len = sizeof(sig);
	memcpy(reply->data, sig, sizeof(sig));
	reply->data[4] = request->data[1];
}

/* What the other end does is in the first byte of the digest. */
static void __attribute__((noreturn))
peer(int fd)
{
	struct tlskey_request request;
	struct tlskey_reply reply, kept;
	struct pollfd pfd;

	memset(&kept, 0, sizeof(kept));
	pfd.fd = fd;
	pfd.events = POLLIN;
	for (;;) {
		(void)poll(&pfd, 1, -1);
		if (tlskey_recv_request(fd, &request) != PACKET_DONE)
			_exit(0);
		fill(&reply, &request);
		switch (request.data[0]) {
		case 'l':	/* after the answer to something else */
			reply.id--;
			reply.data[4] = 0x7f;
			(void)tlskey_send_reply(fd, &reply);
			fill(&reply, &request);
			break;
		case 'e':	/* an answer to what comes next */
			kept = reply;
			kept.id++;
			kept.data[4] = 0x7f;
			(void)tlskey_send_reply(fd, &reply);
			(void)tlskey_send_reply(fd, &kept);
			continue;
		case 's':	/* never */
			continue;
		case 'k':	/* later */
			kept = reply;
			continue;
		case 'r':	/* with what was kept in front */
			(void)tlskey_send_reply(fd, &kept);
			break;
		case 'n':	/* refused */
			reply.status = TLSKEY_REFUSED;
			reply.len = 0;
			memset(reply.data, 0, sizeof(reply.data));
			break;
		case 'x':	/* no DER */
			reply.data[0] = 0x31;
			break;
		}
		(void)tlskey_send_reply(fd, &reply);
	}
}

/* a point that is known, and no private half */
static EC_KEY *
public_key(void)
{
	EC_KEY *ec;

	if ((ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1)) == NULL ||
	    EC_KEY_set_public_key(ec, EC_GROUP_get0_generator(
	    EC_KEY_get0_group(ec))) != 1)
		abort();
	return (ec);
}

/* Ask with that script; r of the signature, or -1. */
static int
ask(EC_KEY *ec, char script, uint8_t tag, int len, int *ms)
{
	unsigned char digest[64];
	ECDSA_SIG *sig;
	uint64_t start;
	int r;

	memset(digest, 0, sizeof(digest));
	digest[0] = (unsigned char)script;
	digest[1] = tag;
	start = clock_ms();
	sig = ECDSA_do_sign(digest, len, ec);
	*ms = (int)(clock_ms() - start);
	if (sig == NULL)
		return (-1);
	r = (int)BN_get_word(ECDSA_SIG_get0_r(sig));
	ECDSA_SIG_free(sig);
	return (r);
}

static void
test_answers(EC_KEY *ec, int fd)
{
	struct pollfd pfd;
	int ms;

	is_int(ask(ec, 'o', 1, 32, &ms), 1, "an answer");
	is_int(ask(ec, 'o', 2, 48, &ms), 2, "SHA-384");
	is_int(ask(ec, 'o', 3, 64, &ms), 3, "SHA-512");
	is_int(ask(ec, 'o', 4, 20, &ms), -1, "SHA-1 is not asked for");
	is_int(ask(ec, 'o', 4, 36, &ms), -1, "nor what TLS 1.1 signs");
	is_int(ask(ec, 'n', 5, 32, &ms), -1, "refused");
	is_int(ask(ec, 'x', 6, 32, &ms), -1, "no signature");
	is_int(ask(ec, 'l', 7, 32, &ms), 7, "another's answer comes first");
	is_int(ask(ec, 'e', 8, 32, &ms), 8, "one comes for what follows");
	/* which is there before that is asked */
	pfd.fd = fd;
	pfd.events = POLLIN;
	(void)poll(&pfd, 1, -1);
	is_int(ask(ec, 'o', 9, 32, &ms), 9, "... which does not take it");
	is_int(ask(ec, 'o', 10, 32, &ms), 10, "... nor the next");
}

static void
test_late(EC_KEY *ec)
{
	int ms;

	is_int(ask(ec, 'k', 20, 32, &ms), -1, "no answer");
	ok(ms >= 200 && ms < 1000, "... is waited for, not long: %d ms", ms);
	is_int(ask(ec, 's', 21, 32, &ms), -1, "none to the next");
	ok(ms < 200, "... for which the wait is short: %d ms", ms);
	is_int(ask(ec, 'r', 22, 32, &ms), 22, "the late one and another");
	is_int(ask(ec, 'o', 23, 32, &ms), 23, "all is as before");
	is_int(ask(ec, 's', 24, 32, &ms), -1, "no answer again");
	ok(ms >= 200, "... is waited for as before: %d ms", ms);
	is_int(ask(ec, 'o', 25, 32, &ms), 25, "and one comes");
}

int
main(void)
{
	int fds[2], status;
	EC_KEY *ec;
	pid_t pid;

	if (packet_pair(fds) == -1 || (pid = fork()) == -1)
		abort();
	if (pid == 0) {
		close(fds[0]);
		peer(fds[1]);
	}
	close(fds[1]);
	tlskey_client_init(fds[0]);
	ec = public_key();
	test_answers(ec, fds[0]);
	test_late(ec);
	EC_KEY_free(ec);
	close(fds[0]);
	is_int(waitpid(pid, &status, 0), pid, "the other end is gone");
	return (done());
}
