/* jwtd-signer/defer.c: requests that wait for a hash. */
#include "defer.h"

#include <stdlib.h>

#include "tap.h"

static struct defer *
new_defer(size_t workers)
{
	struct defer *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		abort();
	defer_init(d, workers);
	return (d);
}

static size_t
add(struct defer *d, size_t worker, uint64_t id, uint64_t now)
{
	struct message_request m;

	memset(&m, 0, sizeof(m));
	m.id = id;
	memcpy(m.password, "secret", sizeof("secret"));
	return (defer_add(d, worker, &m, now));
}

/* the next one's id, or 0 if there is none */
static uint64_t
next(struct defer *d)
{
	struct deferred *one;
	uint64_t id;

	if ((one = defer_next(d)) == NULL)
		return (0);
	id = one->request.id;
	defer_remove(d, one);
	return (id);
}

static void
test_turns(void)
{
	static const uint64_t want[] = { 10, 20, 1, 11, 2, 12, 3, 4, 0 };
	struct defer *d;
	size_t i;

	d = new_defer(64);
	is_int((long long)next(d), 0, "nothing is there");
	is_int((long long)defer_oldest(d), 0, "... since never");
	for (i = 1; i <= 4; i++)
		(void)add(d, 0, i, 100);
	for (i = 10; i <= 12; i++)
		(void)add(d, 3, i, 90);
	(void)add(d, 63, 20, 80);
	is_int((long long)defer_oldest(d), 80, "the oldest");
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		if (i == 2)
			is_int((long long)defer_oldest(d), 90,
			    "the oldest that is left");
		is_int((long long)next(d), (long long)want[i],
		    "one of each worker in turn");
	}
	is_int((long long)defer_oldest(d), 0, "all are gone");
	free(d);
}

static void
test_shares(void)
{
	struct defer *d;
	size_t i, n;

	d = new_defer(3);
	for (n = 0; n < 1000 && defer_room(d, 1); n++)
		(void)add(d, 1, n + 1, 0);
	is_int((long long)n, DEFER_MAX / 3, "a worker has its share");
	ok(defer_room(d, 0) && defer_room(d, 2), "and the others theirs");
	is_int((long long)defer_oldest(d), 1, "the time 0 is one too");
	for (i = 1; i <= n; i++)
		if (next(d) != i)
			break;
	is_int((long long)i, (long long)n + 1,
	    "in the order in which they came");
	ok(defer_room(d, 1), "there is room again");
	is_int((long long)add(d, 1, 1, 1), 0, "a place is used again");
	free(d);

	d = new_defer(64);
	for (i = 0; i < 64; i++)
		while (defer_room(d, i))
			(void)add(d, i, 1, 1);
	is_int((long long)d->n, DEFER_MAX, "all shares fill it");
	free(d);
}

static void
test_wiped(void)
{
	struct defer *d;
	size_t i;

	d = new_defer(1);
	for (i = 0; i < 10; i++)
		(void)add(d, 0, i + 1, 1);
	ok(memmem(d->all, sizeof(d->all), "secret", 6) != NULL,
	    "a password is there as long as it is needed");
	while (next(d) != 0)
		;
	ok(memmem(d->all, sizeof(d->all), "secret", 6) == NULL,
	    "and no longer");
	free(d);
}

int
main(void)
{
	test_turns();
	test_shares();
	test_wiped();
	return (done());
}
