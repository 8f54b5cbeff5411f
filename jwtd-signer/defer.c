/*
 * Requests that were put off; see defer.h.  There are passwords in here until
 * defer_remove().
 */
#include "defer.h"

#include <string.h>

void
defer_init(struct defer *d, size_t workers)
{
	d->share = workers > 0 ? DEFER_MAX / workers : DEFER_MAX;
}

bool
defer_room(const struct defer *d, size_t worker)
{
	return (d->count[worker] < d->share);
}

size_t
defer_add(struct defer *d, size_t worker,
    const struct message_request *request, uint64_t now)
{
	struct deferred *one;
	size_t i;

	for (i = 0; d->all[i].since != 0; i++)
		;
	one = &d->all[i];
	/* 0 is what says that it is free */
	one->since = now != 0 ? now : 1;
	one->order = d->order++;
	one->worker = worker;
	one->request = *request;
	d->count[worker]++;
	d->n++;
	return (i);
}

uint64_t
defer_oldest(const struct defer *d)
{
	uint64_t oldest;
	size_t i;

	oldest = 0;
	for (i = 0; d->n > 0 && i < DEFER_MAX; i++)
		if (d->all[i].since != 0 &&
		    (oldest == 0 || d->all[i].since < oldest))
			oldest = d->all[i].since;
	return (oldest);
}

struct deferred *
defer_next(struct defer *d)
{
	struct deferred *next;
	size_t i, worker;

	if (d->n == 0)
		return (NULL);
	worker = d->turn;
	do
		worker = (worker + 1) % CONF_MAX_WORKERS;
	while (d->count[worker] == 0);
	next = NULL;
	for (i = 0; i < DEFER_MAX; i++)
		if (d->all[i].since != 0 && d->all[i].worker == worker &&
		    (next == NULL || d->all[i].order < next->order))
			next = &d->all[i];
	return (next);
}

void
defer_remove(struct defer *d, struct deferred *one)
{
	d->turn = one->worker;
	d->count[one->worker]--;
	d->n--;
	explicit_bzero(one, sizeof(*one));
}
