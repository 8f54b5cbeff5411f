/* What the load client counts, and the line that it prints of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define SAMPLES	65536

/* times of one kind of answer; the median is of the first SAMPLES */
struct times {
	const char	*name;
	uint32_t	 v[SAMPLES];
	size_t		 n;
	uint64_t	 slowest;
};

static const char *const names[LOAD_NCOUNTS] = {
	"good", "busy", "stale", "wrong", "closed", "cut", "lost", "stuck",
	"refused", "handshake", "connections"
};
static unsigned long counts[LOAD_NCOUNTS];
static struct times grant = { .name = "grant" },
    resource = { .name = "resource" }, busy = { .name = "busy" };

void
load_count(enum load_count which)
{
	counts[which]++;
}

void
load_count_time(enum load_kind kind, enum load_result result, uint64_t us)
{
	struct times *times;

	if (result == LOAD_BUSY)
		times = &busy;
	else if (kind == LOAD_GRANT)
		times = &grant;
	else if (kind == LOAD_WRONG_PASSWORD)
		return;		/* it is a hash each */
	else
		times = &resource;
	if (us > times->slowest)
		times->slowest = us;
	if (times->n < SAMPLES)
		times->v[times->n++] = us < UINT32_MAX ? (uint32_t)us :
		    UINT32_MAX;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x < y ? -1 : x > y);
}

/* in milliseconds */
static void
print_times(struct times *times)
{
	double median;

	qsort(times->v, times->n, sizeof(times->v[0]), compare);
	median = times->n > 0 ? times->v[times->n / 2] / 1000.0 : 0;
	printf(" %ss=%zu %s_median=%.2f %s_slowest=%.0f", times->name,
	    times->n, times->name, median, times->name,
	    (double)times->slowest / 1000.0);
	times->n = 0;
	times->slowest = 0;
}

void
load_count_print(void)
{
	size_t i;

	for (i = 0; i < LOAD_NCOUNTS; i++)
		printf("%s%s=%lu", i > 0 ? " " : "", names[i], counts[i]);
	print_times(&grant);
	print_times(&resource);
	print_times(&busy);
	printf("\n");
	fflush(stdout);
	memset(counts, 0, sizeof(counts));
}
