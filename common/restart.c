/*
 * Back-off for children.  One that lived for a while is started again at once,
 * since service goes on with one fewer; one that dies young waits.
 */
#include "restart.h"

#define FIRST_DELAY	100	/* ms */
#define LAST_DELAY	10000
#define GOOD_LIFE	5000

int
restart_wait(const struct restart *r, uint64_t now)
{
	return (r->due > now ? (int)(r->due - now) : 0);
}

void
restart_started(struct restart *r, uint64_t now)
{
	r->started = now;
}

void
restart_ended(struct restart *r, uint64_t now)
{
	if (now - r->started >= GOOD_LIFE) {
		restart_reset(r);
		return;
	}
	r->due = now + r->delay;
	r->delay = r->delay == 0 ? FIRST_DELAY : r->delay * 2;
	if (r->delay > LAST_DELAY)
		r->delay = LAST_DELAY;
}

void
restart_reset(struct restart *r)
{
	r->due = 0;
	r->delay = 0;
}
