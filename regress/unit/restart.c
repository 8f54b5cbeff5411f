/* common/restart.c: how long a child that died waits. */
#include "restart.h"

#include "tap.h"

/* one life, and how long the next has to wait after it */
static int
live(struct restart *r, uint64_t *now, uint64_t ms)
{
	restart_started(r, *now);
	*now += ms;
	restart_ended(r, *now);
	return (restart_wait(r, *now));
}

static void
test_back_off(void)
{
	static const int waits[] = { 0, 100, 200, 400, 800, 1600, 3200, 6400,
	    10000, 10000, 10000 };
	struct restart r = { 0 };
	char what[64];
	uint64_t now;
	size_t i;

	now = 1000;
	is_int(restart_wait(&r, now), 0, "a new child starts at once");
	is_int(restart_wait(&r, 0), 0, "... whatever time it is");
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		snprintf(what, sizeof(what), "after early death %zu", i + 1);
		is_int(live(&r, &now, 0), waits[i], what);
		if (waits[i] > 0)
			is_int(restart_wait(&r, now + (uint64_t)waits[i] - 1),
			    1, "... still so 1 ms before");
		now += (uint64_t)waits[i];
		is_int(restart_wait(&r, now), 0, "... and then no more");
	}
}

static void
test_good_life(void)
{
	struct restart r = { 0 };
	uint64_t now;

	now = 50000;
	(void)live(&r, &now, 10);
	(void)live(&r, &now, 10);
	is_int(live(&r, &now, 4999), 200, "not yet a good life");
	is_int(live(&r, &now, 5000), 0, "a good life");
	is_int(live(&r, &now, 0), 0, "... and what was before is forgotten");
	is_int(live(&r, &now, 0), 100, "... so that it begins anew");
	is_int(live(&r, &now, 1000 * 60 * 60 * 24), 0, "a very good life");
}

static void
test_reset(void)
{
	struct restart r = { 0 };
	uint64_t now;

	now = 7;
	(void)live(&r, &now, 0);
	(void)live(&r, &now, 0);
	ok(live(&r, &now, 0) > 0, "it waits");
	restart_reset(&r);
	is_int(restart_wait(&r, now), 0, "told to end: it does not");
	is_int(live(&r, &now, 0), 0, "... and begins anew");
}

int
main(void)
{
	test_back_off();
	test_good_life();
	test_reset();
	return (done());
}
