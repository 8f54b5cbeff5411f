/* Deadlines of one length; see deadline.h. */
#include "deadline.h"

#include "clock.h"
#include "log.h"

static void
arm(struct deadline_queue *queue, uint64_t now)
{
	struct deadline *first;
	struct timeval tv;
	uint64_t wait;

	first = TAILQ_FIRST(&queue->list);
	if (first == NULL || evtimer_pending(&queue->timer, NULL))
		return;
	wait = first->due > now ? first->due - now : 0;
	tv.tv_sec = (time_t)(wait / 1000);
	tv.tv_usec = (suseconds_t)(wait % 1000 * 1000);
	if (evtimer_add(&queue->timer, &tv) == -1)
		fatalx("a timer cannot be set");
}

/*
 * The timer may have been set for one that has left since: then nothing is due,
 * and it is set for the one that is first now.
 */
static void
on_timer(int fd, short what, void *arg)
{
	struct deadline_queue *queue;
	struct deadline *first;
	uint64_t now;

	(void)fd;
	(void)what;
	queue = arg;
	now = clock_ms();
	while ((first = TAILQ_FIRST(&queue->list)) != NULL &&
	    first->due <= now) {
		deadline_clear(first);
		queue->expired(first->arg);
	}
	arm(queue, now);
}

void
deadline_queue_init(struct deadline_queue *queue, struct event_base *base,
    unsigned int seconds, void (*expired)(void *))
{
	TAILQ_INIT(&queue->list);
	queue->length = (uint64_t)seconds * 1000;
	queue->expired = expired;
	evtimer_set(&queue->timer, on_timer, queue);
	event_base_set(base, &queue->timer);
}

void
deadline_set(struct deadline *deadline, struct deadline_queue *queue,
    uint64_t now)
{
	deadline_clear(deadline);
	deadline->queue = queue;
	deadline->due = now + queue->length;
	TAILQ_INSERT_TAIL(&queue->list, deadline, entry);
	arm(queue, now);
}

void
deadline_clear(struct deadline *deadline)
{
	if (deadline->queue == NULL)
		return;
	TAILQ_REMOVE(&deadline->queue->list, deadline, entry);
	deadline->queue = NULL;
}

void *
deadline_first(const struct deadline_queue *queue)
{
	struct deadline *first;

	first = TAILQ_FIRST(&queue->list);
	return (first != NULL ? first->arg : NULL);
}
