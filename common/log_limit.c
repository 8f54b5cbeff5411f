/* A token bucket for log lines; see log_limit.h.  Pure functions of time. */
#include "log_limit.h"

#define LINE	1000

void
log_limit_init(struct log_limit *limit, unsigned int rate, uint64_t now)
{
	limit->rate = rate;
	limit->room = (uint64_t)rate * LINE;
	limit->last = now;
	limit->left_out = 0;
}

bool
log_limit_take(struct log_limit *limit, uint64_t now)
{
	uint64_t full, passed;

	full = (uint64_t)limit->rate * LINE;
	passed = now > limit->last ? now - limit->last : 0;
	/* a second fills it, and no product of a longer time overflows */
	if (passed >= 1000)
		limit->room = full;
	else
		limit->room += passed * limit->rate;
	if (limit->room > full)
		limit->room = full;
	limit->last = now;
	if (limit->room >= LINE) {
		limit->room -= LINE;
		return (true);
	}
	limit->left_out++;
	return (false);
}

uint64_t
log_limit_left_out(struct log_limit *limit)
{
	uint64_t n;

	n = limit->left_out;
	limit->left_out = 0;
	return (n);
}
