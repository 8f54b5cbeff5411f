/* common/log_limit.c: lines a second, and how many were left out. */
#include "log_limit.h"

#include "tap.h"

static unsigned int
take(struct log_limit *limit, unsigned int n, uint64_t now)
{
	unsigned int i, taken;

	for (i = taken = 0; i < n; i++)
		taken += log_limit_take(limit, now);
	return (taken);
}

int
main(void)
{
	struct log_limit limit;
	unsigned int i, n;

	log_limit_init(&limit, 10, 5000);
	is_int(take(&limit, 25, 5000), 10, "full at first");
	is_int((long long)log_limit_left_out(&limit), 15,
	    "the rest is left out");
	is_int((long long)log_limit_left_out(&limit), 0, "and is counted once");
	is_int(take(&limit, 1, 5099), 0, "not before its time");
	is_int(take(&limit, 2, 5100), 1, "a tenth of a second is a line");
	is_int(take(&limit, 20, 5600), 5, "half a second, 5");
	is_int(take(&limit, 1, 5500), 0, "time that goes back gives nothing");
	is_int(take(&limit, 20, 1000000), 10, "never more than a second's");
	is_int(take(&limit, 20, UINT64_MAX), 10, "after the longest time");
	is_int((long long)log_limit_left_out(&limit), 1 + 1 + 15 + 1 + 10 + 10,
	    "all that were left out");

	log_limit_init(&limit, 100, 0);
	(void)take(&limit, 100, 0);
	for (i = 1, n = 0; i <= 1000; i++)
		n += take(&limit, 3, i);
	is_int(n, 100, "a flood gets its rate, a millisecond at a time");
	log_limit_init(&limit, 0, 0);
	is_int(take(&limit, 5, 100000), 0, "a rate of none");
	return (done());
}
