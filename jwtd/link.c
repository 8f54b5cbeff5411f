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

#include "clock.h"
#include "conn.h"
#include "grant.h"
#include "log.h"
#include "worker.h"

#define BUCKETS		256

struct pending {
	TAILQ_ENTRY(pending)	 entry;
	struct link		*link;
	struct conn		*conn;
	struct link_context	 context;
	struct deadline		 deadline;
	uint64_t		 id;
	uint32_t		 next_part;
	uint32_t		 parts;		/* as the first one said */
	size_t			 len;
	char			*token;		/* NULL unless in parts */
};

struct link {
	struct worker		*worker;
	struct event		 event;
	struct deadline_queue	 deadlines;
	TAILQ_HEAD(, pending)	 buckets[BUCKETS];
	uint64_t		 next_id;
	unsigned int		 inflight;
	int			 fd;
};

static void
pending_free(struct pending *pending)
{
	struct link *link;

	link = pending->link;
	TAILQ_REMOVE(&link->buckets[pending->id % BUCKETS], pending, entry);
	deadline_clear(&pending->deadline);
	pending->conn->pending = NULL;
	freezero(pending->token, MESSAGE_TOKEN_MAX);
	free(pending);
	link->inflight--;
}

void
link_forget(struct link *link, struct pending *pending)
{
	(void)link;
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

static void
on_deadline(void *arg)
{
	struct message_reply reply;

	memset(&reply, 0, offsetof(struct message_reply, data));
	reply.status = MESSAGE_UNAVAILABLE;
	reply.retry_after = 1;
	conclude(arg, &reply, "", 0);
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

/* Returns -1 if the part is not the one that must come next. */
static int
add_part(struct pending *pending, const struct message_reply *reply)
{
	if (reply->part != pending->next_part ||
	    (reply->part != 0 && reply->parts != pending->parts))
		return (-1);
	if (pending->token == NULL) {
		pending->parts = reply->parts;
		if ((pending->token = malloc(MESSAGE_TOKEN_MAX)) == NULL)
			return (-1);
	}
	memcpy(pending->token + pending->len, reply->data, reply->len);
	pending->len += reply->len;
	pending->next_part++;
	return (0);
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
	    (reply->parts == 1 && pending->next_part == 0)) {
		conclude(pending, reply, reply->data, reply->len);
		return;
	}
	if (add_part(pending, reply) == -1) {
		log_warnx("the parts of an answer do not fit together");
		reply->status = MESSAGE_BROKEN;
		conclude(pending, reply, "", 0);
		return;
	}
	if (pending->next_part == pending->parts)
		conclude(pending, reply, pending->token, pending->len);
}

static void
on_readable(int fd, short what, void *arg)
{
	struct message_reply reply;
	struct link *link;

	(void)what;
	link = arg;
	for (;;) {
		switch (message_recv_reply(fd, &reply)) {
		case PACKET_DONE:
			take_reply(link, &reply);
			break;
		case PACKET_AGAIN:
			explicit_bzero(reply.data, sizeof(reply.data));
			return;
		case PACKET_CLOSED:
			fatalx("the signers closed the socket");
		case PACKET_MALFORMED:
			fatalx("a malformed answer from the signers");
		}
	}
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

struct pending *
link_send(struct link *link, struct conn *conn,
    const struct link_context *context, struct message_request *request)
{
	struct pending *pending;
	uint64_t now;

	if (link->inflight >= link->worker->conf->limit_requests ||
	    (pending = calloc(1, sizeof(*pending))) == NULL)
		return (NULL);
	if (++link->next_id == 0)
		link->next_id = 1;
	now = clock_ms();
	request->magic = MESSAGE_REQUEST;
	request->id = link->next_id;
	request->deadline = now + link->deadlines.length;
	switch (message_send_request(link->fd, request)) {
	case PACKET_DONE:
		break;
	case PACKET_AGAIN:
		free(pending);
		return (NULL);
	case PACKET_CLOSED:
	case PACKET_MALFORMED:
		fatalx("the signers closed the socket");
	}
	pending->link = link;
	pending->conn = conn;
	pending->context = *context;
	pending->id = request->id;
	pending->deadline.arg = pending;
	TAILQ_INSERT_TAIL(&link->buckets[pending->id % BUCKETS], pending,
	    entry);
	deadline_set(&pending->deadline, &link->deadlines, now);
	link->inflight++;
	return (pending);
}
