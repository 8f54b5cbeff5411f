/*
 * The socket to the signers.  An answer is matched to a request by its id, and
 * by nothing else that a signer says; one that is unknown or late is dropped.
 */
#include "link.h"

#include <sys/queue.h>

#include <event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "conn.h"
#include "grant.h"
#include "log.h"
#include "metrics.h"
#include "parts.h"
#include "worker.h"

#define BUCKETS		256
#define BATCH		64	/* packets, then clients are heard */
#define RETRY_AFTER	1	/* seconds, for a request that was lost */

struct pending {
	TAILQ_ENTRY(pending)	 entry;
	struct link		*link;
	struct conn		*conn;
	struct link_context	 context;
	struct deadline		 deadline;
	uint64_t		 id;
	struct parts		 parts;
};

struct link {
	struct worker		*worker;
	struct event		 event;
	struct deadline_queue	 deadlines;
	TAILQ_HEAD(, pending)	 buckets[BUCKETS];
	uint64_t		 next_id;
	unsigned int		 inflight;
	int			 fd;
	bool			 broken;	/* nothing goes through it */
};

static void
pending_free(struct pending *pending)
{
	struct link *link;

	link = pending->link;
	TAILQ_REMOVE(&link->buckets[pending->id % BUCKETS], pending, entry);
	deadline_clear(&pending->deadline);
	pending->conn->pending = NULL;
	parts_clear(&pending->parts);
	free(pending->context.told);
	free(pending);
	metrics_set(&link->worker->metrics->inflight, --link->inflight);
}

void
link_forget(struct link *link, struct pending *pending)
{
	grant_gone(link->worker, &pending->context);
	pending_free(pending);
}

/* The request is over: the connection gets the answer and goes on. */
static void
conclude(struct pending *pending, const struct message_reply *reply,
    const char *token, size_t len)
{
	struct link_context context;
	struct conn *conn;

	conn = pending->conn;
	context = pending->context;
	grant_answer(conn, &context, reply, token, len);
	pending_free(pending);
	conn_resume(conn);
}

/* There is no answer, and there will be none. */
static void
give_up(struct pending *pending)
{
	struct message_reply reply;

	memset(&reply, 0, offsetof(struct message_reply, data));
	reply.status = MESSAGE_UNAVAILABLE;
	reply.retry_after = RETRY_AFTER;
	conclude(pending, &reply, "", 0);
}

static void
on_deadline(void *arg)
{
	give_up(arg);
}

static struct pending *
find(struct link *link, uint64_t id)
{
	struct pending *pending;

	TAILQ_FOREACH(pending, &link->buckets[id % BUCKETS], entry)
		if (pending->id == id)
			return (pending);
	return (NULL);
}

static void
take_reply(struct link *link, struct message_reply *reply)
{
	struct pending *pending;

	if ((pending = find(link, reply->id)) == NULL) {
		log_debug("an answer that nobody waits for was dropped");
		return;
	}
	/* also when a signer died between the parts of a token */
	if (reply->status != MESSAGE_OK ||
	    (reply->parts == 1 && pending->parts.next == 0)) {
		conclude(pending, reply, reply->data, reply->len);
		return;
	}
	switch (parts_add(&pending->parts, reply)) {
	case PARTS_MORE:
		break;
	case PARTS_DONE:
		conclude(pending, reply, pending->parts.token,
		    pending->parts.len);
		break;
	case PARTS_BAD:
		log_warnx("the parts of an answer do not fit together");
		reply->status = MESSAGE_BROKEN;
		conclude(pending, reply, "", 0);
		break;
	}
}

/*
 * Nothing more comes from here that could be believed.  Whoever waits is
 * answered; then this worker ends as if it had been told to, without harm to
 * its connections, and the parent starts another with a socket that works.
 */
static void
break_off(struct link *link, const char *why)
{
	struct pending *pending;
	size_t i;

	log_warnx("%s: going on without", why);
	link->broken = true;
	(void)event_del(&link->event);
	close(link->fd);
	link->fd = -1;
	for (i = 0; i < BUCKETS; i++)
		while ((pending = TAILQ_FIRST(&link->buckets[i])) != NULL)
			give_up(pending);
	event_active(&link->worker->terminate, EV_SIGNAL, 1);
}

static void
on_readable(int fd, short what, void *arg)
{
	struct message_reply reply;
	enum packet_io io;
	struct link *link;
	int i;

	(void)what;
	link = arg;
	io = PACKET_DONE;
	/* when nobody waits any more, nothing else is there: no need to look */
	for (i = 0; i < BATCH && io == PACKET_DONE &&
	    (i == 0 || link->inflight > 0); i++)
		if ((io = message_recv_reply(fd, &reply)) == PACKET_DONE)
			take_reply(link, &reply);
	explicit_bzero(&reply, sizeof(reply));
	if (io == PACKET_CLOSED)
		break_off(link, "the signers closed the socket");
	else if (io == PACKET_MALFORMED)
		break_off(link, "a malformed answer from the signers");
}

struct link *
link_new(struct worker *worker, int fd)
{
	struct link *link;
	size_t i;

	if ((link = calloc(1, sizeof(*link))) == NULL)
		fatal("link");
	link->worker = worker;
	link->fd = fd;
	for (i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&link->buckets[i]);
	/* a worker that follows a dead one must not take its answers */
	arc4random_buf(&link->next_id, sizeof(link->next_id));
	deadline_queue_init(&link->deadlines, worker->base,
	    worker->conf->timeout_request, on_deadline);
	event_set(&link->event, fd, EV_READ | EV_PERSIST, on_readable, link);
	event_base_set(worker->base, &link->event);
	if (event_add(&link->event, NULL) == -1)
		fatalx("event_add");
	return (link);
}

uint64_t
link_next_id(struct link *link)
{
	if (++link->next_id == 0)
		link->next_id = 1;
	return (link->next_id);
}

bool
link_usable(const struct link *link)
{
	return (!link->broken);
}

struct pending *
link_send(struct link *link, struct conn *conn,
    const struct link_context *context, struct message_request *request)
{
	struct pending *pending;
	uint64_t now;

	if (link->broken ||
	    link->inflight >= link->worker->conf->limit_requests ||
	    (pending = calloc(1, sizeof(*pending))) == NULL)
		return (NULL);
	now = clock_ms();
	request->magic = MESSAGE_REQUEST;
	request->id = context->id;
	request->deadline = now + link->deadlines.length;
	switch (message_send_request(link->fd, request)) {
	case PACKET_DONE:
		break;
	case PACKET_AGAIN:
	case PACKET_CLOSED:	/* on_readable() hears of that, too */
	case PACKET_MALFORMED:
		free(pending);
		return (NULL);
	}
	pending->link = link;
	pending->conn = conn;
	pending->context = *context;
	pending->id = request->id;
	pending->deadline.arg = pending;
	TAILQ_INSERT_TAIL(&link->buckets[pending->id % BUCKETS], pending,
	    entry);
	deadline_set(&pending->deadline, &link->deadlines, now);
	metrics_set(&link->worker->metrics->inflight, ++link->inflight);
	return (pending);
}
