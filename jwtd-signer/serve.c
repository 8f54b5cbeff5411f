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
#include "signals.h"

/* requests between two looks at who else is there */
#define BATCH		8
#define HEAR_MS		100	/* between two looks at the signals */
#define RETRY_AFTER	1	/* seconds, for a request that was lost */
#define FINISH_MS	2000	/* for requests that were put off */
#define BEAT_MS		1000	/* so often it shows that it is alive */

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
			log_debug("an answer was dropped: the worker is "
			    "behind");
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
			log_debug("an answer was dropped: the worker is "
			    "behind");
			return;
		}
		reply->part++;
	}
}

static void
hold(struct serve *serve, size_t index, size_t worker, uint64_t id)
{
	struct serve_held *held;

	held = &serve->shared->held[serve->slot][index];
	/*
	 * the id comes last and goes first: a master that reads it finds both
	 */
	if (id != 0)
		__atomic_store_n(&held->worker, (uint32_t)worker,
		    __ATOMIC_RELAXED);
	__atomic_store_n(&held->id, id, __ATOMIC_RELEASE);
}

/* How long was it on its way?  The deadline says when it was sent. */
static void
count_queue(struct serve *serve, const struct message_request *request,
    uint64_t now)
{
	uint64_t sent;

	sent = request->deadline -
	    (uint64_t)serve->conf->timeout_request * 1000;
	metrics_observe(&serve->metrics->phases[METRICS_QUEUE],
	    sent < now ? (now - sent) * 1000 : 0);
}

/* Returns false if it has to wait for a hash. */
static bool
answer(struct serve *serve, size_t worker,
    const struct message_request *request, uint64_t since,
    struct issue_scratch *scratch)
{
	/* the worker has already answered 503 for it */
	if (clock_ms() > request->deadline)
		return (true);
	metrics_set(&serve->metrics->beat, clock_ms());
	if (!issue_token(serve, request, since, scratch))
		return (false);
	send_answer(serve->workers[worker], scratch);
	/* whoever has a token has what it is for */
	if (scratch->reply.status == MESSAGE_OK) {
		explicit_bzero(scratch->token, scratch->token_len);
		explicit_bzero(scratch->reply.data,
		    sizeof(scratch->reply.data));
	}
	return (true);
}

/* One that has just come: answer it, or put it off. */
static void
begin(struct serve *serve, size_t worker, const struct message_request *request,
    struct issue_scratch *scratch)
{
	uint64_t now;
	size_t i;

	now = clock_ms();
	count_queue(serve, request, now);
	hold(serve, DEFER_MAX, worker, request->id);
	if (!answer(serve, worker, request, now, scratch)) {
		metrics_add(&serve->metrics->deferred, 1);
		i = defer_add(serve->defer, worker, request, now);
		hold(serve, i, worker, request->id);
	}
	hold(serve, DEFER_MAX, worker, 0);
}

static void
forget(struct serve *serve, struct deferred *one)
{
	hold(serve, (size_t)(one - serve->defer->all), one->worker, 0);
	defer_remove(serve->defer, one);
}

/*
 * Go on with one that was put off, if it may have its hash now.  Since it is
 * begun anew, it also counts who has failed or was remembered meanwhile.
 */
static bool
resume(struct serve *serve, struct issue_scratch *scratch)
{
	struct deferred *one;
	uint64_t since, start;

	if ((one = defer_next(serve->defer)) == NULL)
		return (false);
	since = defer_oldest(serve->defer);
	start = clock_ms();
	hashing_wait(&serve->shared->hashing, serve->slot, since, start);
	if (!hashing_turn(&serve->shared->hashing, serve->slot, since,
	    clock_ms()) ||
	    !answer(serve, one->worker, &one->request, since, scratch))
		return (false);
	metrics_observe(&serve->metrics->phases[METRICS_WAIT],
	    (start - one->since) * 1000);
	forget(serve, one);
	hashing_wait(&serve->shared->hashing, serve->slot,
	    defer_oldest(serve->defer), clock_ms());
	return (true);
}

static void
drop_worker(struct serve *serve, size_t worker, bool malformed)
{
	size_t i;

	if (malformed)
		log_warnx("worker %zu sent a malformed packet: its socket is "
		    "closed", worker);
	for (i = 0; i < DEFER_MAX; i++)
		if (serve->defer->all[i].since != 0 &&
		    serve->defer->all[i].worker == worker)
			forget(serve, &serve->defer->all[i]);
	/*
	 * For the other signers too, and for the worker, if there is one: an
	 * empty packet looks like the end.
	 */
	(void)shutdown(serve->workers[worker], SHUT_RDWR);
	close(serve->workers[worker]);
	serve->workers[worker] = -1;
}

/* What a worker asks beyond its share stays in its socket. */
static bool
may_take(const struct serve *serve, size_t worker)
{
	return (serve->workers[worker] != -1 &&
	    defer_room(serve->defer, worker));
}

/* One packet of a worker.  Returns false when there is none. */
static bool
take_one(struct serve *serve, size_t worker, struct message_request *request,
    struct issue_scratch *scratch)
{
	switch (message_recv_request(serve->workers[worker], request)) {
	case PACKET_DONE:
		begin(serve, worker, request, scratch);
		explicit_bzero(request, sizeof(*request));
		return (true);
	case PACKET_AGAIN:
		break;
	case PACKET_CLOSED:
		drop_worker(serve, worker, false);
		break;
	case PACKET_MALFORMED:
		explicit_bzero(request, sizeof(*request));
		drop_worker(serve, worker, true);
		break;
	}
	return (false);
}

/*
 * Take what is there, in turn from each worker that has something, so that none
 * starves another; the others cost nothing.
 */
static void
take_some(struct serve *serve, bool ready[CONF_MAX_WORKERS], size_t *turn,
    struct message_request *request, struct issue_scratch *scratch)
{
	size_t i, n, taken, before;

	n = serve->conf->prefork;
	taken = 0;
	do {
		before = taken;
		for (i = 0; i < n && taken < BATCH; i++) {
			*turn = (*turn + 1) % n;
			if (!ready[*turn])
				continue;
			ready[*turn] = may_take(serve, *turn) &&
			    take_one(serve, *turn, request, scratch);
			taken += ready[*turn];
		}
	} while (taken > before && taken < BATCH);
}

/* A wait that finds packets at once lets no signal in: this does. */
static void
hear(struct serve *serve, const sigset_t *mask)
{
	static const struct timespec now = { 0, 0 };

	if (clock_ms() - serve->heard < HEAR_MS)
		return;
	(void)ppoll(NULL, 0, &now, mask);
	serve->heard = clock_ms();
}

/*
 * Wait for packets for so many ms, 0 to look only, and say whose are there.
 * Signals arrive here and nowhere else.  Returns -1 when it is time to end.
 */
static int
wait_for_work(struct serve *serve, const sigset_t *mask, int ms,
    bool ready[CONF_MAX_WORKERS])
{
	bool wanted[SHARED_WAIT_MAX], came[SHARED_WAIT_MAX];
	size_t i;

	metrics_set(&serve->metrics->beat, clock_ms());
	wanted[0] = true;	/* the end of the master */
	for (i = 0; i < serve->conf->prefork; i++)
		wanted[i + 1] = may_take(serve, i);
	memset(came, 0, sizeof(came));
	if (shared_wait(&serve->wait, wanted, came, ms, mask) == -1 &&
	    errno != EINTR)
		fatal("waiting for requests");
	hear(serve, mask);
	memcpy(ready, came + 1, serve->conf->prefork * sizeof(*ready));
	return (terminated || came[0] ? -1 : 0);
}

/*
 * Those that were put off are answered as well.  A signer is told to end when a
 * worker is new, and that one waits meanwhile: so what takes long, or what the
 * master did not live to see, is left to serve_orphan().
 */
static void
finish(struct serve *serve, struct issue_scratch *scratch)
{
	static const struct timespec ts = { 0, HASHING_ASK_MS * 1000000L };
	struct deferred *one;
	struct pollfd pfd;
	uint64_t end;
	size_t i;

	pfd.fd = serve->life;
	pfd.events = POLLIN;
	end = clock_ms() + FINISH_MS;
	while (serve->defer->n > 0 && clock_ms() < end)
		if (!resume(serve, scratch) && ppoll(&pfd, 1, &ts, NULL) == 1)
			break;
	for (i = 0; i < DEFER_MAX; i++) {
		one = &serve->defer->all[i];
		if (one->since == 0)
			continue;
		serve_orphan(serve->workers[one->worker], one->request.id);
		forget(serve, one);
	}
}

void
serve_prepare(struct serve *serve)
{
	int fds[SHARED_WAIT_MAX];

	fds[0] = serve->life;
	memcpy(fds + 1, serve->workers,
	    serve->conf->prefork * sizeof(*serve->workers));
	shared_wait_open(&serve->wait, fds, serve->conf->prefork + 1);
}

void
serve_run(struct serve *serve)
{
	static const int heard[] = { SIGTERM, 0 };
	struct message_request request;
	struct issue_scratch *scratch;
	sigset_t mask;
	size_t turn;
	bool ready[CONF_MAX_WORKERS], busy;

	signals_hear(heard, on_terminate, &mask);
	scratch = calloc(1, sizeof(*scratch));
	serve->defer = calloc(1, sizeof(*serve->defer));
	if (scratch == NULL || serve->defer == NULL)
		fatal("scratch");
	defer_init(serve->defer, serve->conf->prefork);
	turn = serve->slot;
	for (;;) {
		busy = resume(serve, scratch);
		if (!busy)
			busy = store_work(serve->store);
		if (wait_for_work(serve, &mask, busy ? 0 :
		    serve->defer->n > 0 ? HASHING_ASK_MS : BEAT_MS,
		    ready) == -1)
			break;
		take_some(serve, ready, &turn, &request, scratch);
	}
	finish(serve, scratch);
	shared_wait_close(&serve->wait);
	freezero(scratch, sizeof(*scratch));
	freezero(serve->defer, sizeof(*serve->defer));
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
