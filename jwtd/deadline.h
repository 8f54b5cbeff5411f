/*
 * Deadlines of one length: a queue in the order of expiry, with one timer.  To
 * add, move or remove costs a few pointers and no system call.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/time.h>

#include <event.h>
#include <stdint.h>

struct deadline_queue;

struct deadline {
	TAILQ_ENTRY(deadline)	 entry;
	struct deadline_queue	*queue;		/* NULL: in none */
	uint64_t		 due;		/* ms */
	void			*arg;
};
TAILQ_HEAD(deadlines, deadline);

struct deadline_queue {
	struct deadlines	 list;
	struct event		 timer;
	uint64_t		 length;	/* ms */
	void			(*expired)(void *arg);
};

/* expired(arg) is called for each one that is due, after it left the queue */
void	deadline_queue_init(struct deadline_queue *, struct event_base *,
	    unsigned int seconds, void (*expired)(void *));
/* put at the queue's end, out of any other; now is clock_ms() */
void	deadline_set(struct deadline *, struct deadline_queue *, uint64_t now);
void	deadline_clear(struct deadline *);
/* the one that is due first, or NULL */
void	*deadline_first(const struct deadline_queue *);

#endif
