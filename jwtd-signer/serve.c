/*
 * One signer's loop: take a packet from any worker, answer it on the same
 * socket.  A worker is held for hostile: what is malformed costs it the socket,
 * and nothing that it sends can stop this process or another worker's requests.
 */
#include "serve.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "issue.h"
#include "log.h"
#include "message.h"

/* requests between two looks at the signals */
#define BATCH		8
#define RETRY_AFTER	1	/* seconds, for a request that was lost */

static volatile sig_atomic_t terminated;

static void
on_terminate(int sig)
{
	(void)sig;
	terminated = 1;
}

/* Nobody waits for an answer that cannot be sent: it is dropped. */
static void
send_answer(int fd, struct issue_scratch *scratch)
{
	struct message_reply *reply;
	size_t sent, n;

	reply = &scratch->reply;
	reply->parts = 1;
	if (reply->status != MESSAGE_OK) {
		if (message_send_reply(fd, reply) == PACKET_AGAIN)
			log_debug("an answer was dropped: the worker is behind");
		return;
	}
	reply->parts = (uint32_t)((scratch->token_len + MESSAGE_PART - 1) /
	    MESSAGE_PART);
	for (sent = 0; sent < scratch->token_len; sent += n) {
		n = scratch->token_len - sent;
		if (n > MESSAGE_PART)
			n = MESSAGE_PART;
		memcpy(reply->data, scratch->token + sent, n);
		reply->len = (uint32_t)n;
		if (message_send_reply(fd, reply) != PACKET_DONE) {
			log_debug("an answer was dropped: the worker is behind");
			return;
		}
		reply->part++;
	}
}

static void
hold(struct serve *serve, size_t worker, uint64_t id)
{
	struct serve_held *held;

	held = &serve->shared->held[serve->slot];
	/* the id comes last and goes first: a master that reads it finds both */
	if (id != 0)
		__atomic_store_n(&held->worker, (uint32_t)worker,
		    __ATOMIC_RELAXED);
	__atomic_store_n(&held->id, id, __ATOMIC_RELEASE);
}

/* How long was it on its way?  The deadline says when it was sent. */
static void
count_wait(struct serve *serve, const struct message_request *request)
{
	uint64_t sent, now;

	now = clock_ms();
	metrics_set(&serve->metrics->signers[serve->slot].beat, now);
	sent = request->deadline -
	    (uint64_t)serve->conf->timeout_request * 1000;
	metrics_observe(&serve->metrics->signers[serve->slot].
	    phases[METRICS_QUEUE], sent < now ? (now - sent) * 1000 : 0);
}

static void
answer(struct serve *serve, size_t worker, const struct message_request *request,
    struct issue_scratch *scratch)
{
	/* the worker has already answered 503 for it */
	if (clock_ms() > request->deadline)
		return;
	count_wait(serve, request);
	hold(serve, worker, request->id);
	issue_token(serve, request, scratch);
	send_answer(serve->workers[worker], scratch);
	hold(serve, worker, 0);
	/* whoever has a token has what it is for */
	if (scratch->reply.status == MESSAGE_OK) {
		explicit_bzero(scratch->token, scratch->token_len);
		explicit_bzero(scratch->reply.data,
		    sizeof(scratch->reply.data));
	}
}

static void
drop_worker(struct serve *serve, size_t worker, bool malformed)
{
	if (malformed)
		log_warnx("worker %zu sent a malformed packet: its socket is "
		    "closed", worker);
	/*
	 * For the other signers too, and for the worker, if there is one: an
	 * empty packet looks like the end.
	 */
	(void)shutdown(serve->workers[worker], SHUT_RDWR);
	close(serve->workers[worker]);
	serve->workers[worker] = -1;
}

/*
 * Take what is there, in turn from each worker so that none starves another.
 * Returns the number of requests.
 */
static size_t
take_some(struct serve *serve, size_t *turn, struct message_request *request,
    struct issue_scratch *scratch)
{
	size_t i, n, taken;

	n = serve->conf->prefork;
	taken = 0;
	for (i = 0; i < n && taken < BATCH; i++) {
		*turn = (*turn + 1) % n;
		if (serve->workers[*turn] == -1)
			continue;
		switch (message_recv_request(serve->workers[*turn], request)) {
		case PACKET_DONE:
			answer(serve, *turn, request, scratch);
			explicit_bzero(request, sizeof(*request));
			taken++;
			break;
		case PACKET_AGAIN:
			break;
		case PACKET_CLOSED:
			drop_worker(serve, *turn, false);
			break;
		case PACKET_MALFORMED:
			explicit_bzero(request, sizeof(*request));
			drop_worker(serve, *turn, true);
			break;
		}
	}
	return (taken);
}

/*
 * Wait for a packet, but no longer than it takes to look alive, or with block
 * false only look.  Signals arrive here and nowhere else.  Returns -1 when it
 * is time to end.
 */
static int
wait_for_work(struct serve *serve, const sigset_t *mask, bool block)
{
	static const struct timespec now = { 0, 0 }, beat = { 1, 0 };
	struct pollfd pfd[CONF_MAX_WORKERS + 1];
	size_t i, n;

	metrics_set(&serve->metrics->signers[serve->slot].beat, clock_ms());
	pfd[0].fd = serve->life;
	pfd[0].events = POLLIN;
	n = 1;
	for (i = 0; block && i < serve->conf->prefork; i++) {
		if (serve->workers[i] == -1)
			continue;
		pfd[n].fd = serve->workers[i];
		pfd[n++].events = POLLIN;
	}
	if (ppoll(pfd, (nfds_t)n, block ? &beat : &now, mask) == -1) {
		if (errno != EINTR)
			fatal("ppoll");
		return (terminated ? -1 : 0);
	}
	if (terminated || pfd[0].revents != 0)
		return (-1);
	return (0);
}

void
serve_run(struct serve *serve)
{
	struct message_request request;
	struct issue_scratch *scratch;
	struct sigaction action;
	sigset_t mask;
	size_t turn, taken;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_terminate;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGTERM, &action, NULL) == -1)
		fatal("sigaction");
	sigfillset(&mask);
	sigdelset(&mask, SIGTERM);
	if ((scratch = calloc(1, sizeof(*scratch))) == NULL)
		fatal("scratch");
	turn = serve->slot;
	for (;;) {
		taken = take_some(serve, &turn, &request, scratch);
		if (wait_for_work(serve, &mask, taken == 0) == -1)
			break;
	}
	freezero(scratch, sizeof(*scratch));
}

void
serve_orphan(int worker, uint64_t id)
{
	struct message_reply reply;

	memset(&reply, 0, sizeof(reply));
	reply.magic = MESSAGE_REPLY;
	reply.id = id;
	reply.status = MESSAGE_UNAVAILABLE;
	reply.parts = 1;
	reply.retry_after = RETRY_AFTER;
	(void)message_send_reply(worker, &reply);
}
