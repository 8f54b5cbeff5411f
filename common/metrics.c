/* Memory for what is counted, shared by all processes; see metrics.h. */
#include "metrics.h"

#include <sys/types.h>
#include <sys/mman.h>

#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "system.h"

const uint64_t metrics_bounds[METRICS_BUCKETS] = {
	100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
	500000, 1000000, 2500000, 5000000, 10000000
};

int
metrics_file(void)
{
	int fd;

	if ((fd = system_anonymous_file("jwtd.metrics")) == -1 ||
	    ftruncate(fd, (off_t)sizeof(struct metrics)) == -1 ||
	    system_seal_size(fd) == -1)
		fatal("metrics");
	return (fd);
}

struct metrics *
metrics_map(int fd)
{
	void *p;

	/* what lies past the end would be a signal, not an error */
	if (lseek(fd, 0, SEEK_END) != (off_t)sizeof(struct metrics))
		fatalx("metrics: not a file of their size");
	p = mmap(NULL, sizeof(struct metrics), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		fatal("metrics");
	close(fd);
	return (p);
}

void
metrics_observe(struct metrics_histogram *histogram, uint64_t us)
{
	size_t i;

	for (i = 0; i < METRICS_BUCKETS && us > metrics_bounds[i]; i++)
		;
	metrics_add(&histogram->bucket[i], 1);
	metrics_add(&histogram->sum, us);
}

uint64_t
metrics_since(struct metrics_histogram *histogram, uint64_t start)
{
	uint64_t now;

	now = clock_us();
	metrics_observe(histogram, now > start ? now - start : 0);
	return (now);
}

void
metrics_started(struct metrics *metrics, enum metrics_kind kind)
{
	metrics_add(&metrics->processes[kind].running, 1);
}

void
metrics_ended(struct metrics *metrics, enum metrics_kind kind)
{
	metrics_add(&metrics->processes[kind].running, (uint64_t)-1);
}
