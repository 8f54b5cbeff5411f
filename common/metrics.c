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

static uint64_t
sum_place(const char *first, size_t step, size_t n)
{
	uint64_t total;
	size_t i;

	total = 0;
	for (i = 0; i < n; i++)
		total += metrics_get((const uint64_t *)(const void *)
		    (first + i * step));
	return (total);
}

uint64_t
metrics_sum(const uint64_t *first, size_t step, size_t n)
{
	uint64_t total;
	size_t i;

	total = 0;
	for (i = 0; i < METRICS_GENERATIONS; i++)
		total += sum_place((const char *)first +
		    i * sizeof(struct metrics_generation), step, n);
	return (total);
}

const char *
metrics_kind_name(size_t kind)
{
	static const char *const names[METRICS_KINDS] = {
		[METRICS_WORKER] = "worker",
		[METRICS_SIGNER] = "signer",
		[METRICS_MASTER] = "signer_master",
		[METRICS_TLSKEY] = "tlskey",
		[METRICS_TRUST] = "trust",
		[METRICS_REVOCATIONS] = "revocations"
	};

	return (names[kind]);
}

const char *
metrics_phase_name(size_t phase)
{
	static const char *const names[METRICS_PHASES] = {
		[METRICS_QUEUE] = "queue",
		[METRICS_WAIT] = "wait",
		[METRICS_STORE] = "store",
		[METRICS_HASH] = "hash",
		[METRICS_SIGN] = "sign"
	};

	return (names[phase]);
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

const struct metrics_generation *
metrics_serving(const struct metrics *metrics)
{
	return (&metrics->places[metrics_get(&metrics->parent.serving) %
	    METRICS_GENERATIONS]);
}

void
metrics_publish(struct metrics *metrics, const struct metrics_parent *parent)
{
	metrics_set(&metrics->parent.started, parent->started);
	metrics_set(&metrics->parent.serving, parent->serving);
	metrics_set(&metrics->parent.loaded, parent->loaded);
	metrics_set(&metrics->parent.generations, parent->generations);
	metrics_set(&metrics->parent.begun, parent->begun);
	metrics_set(&metrics->parent.reloads, parent->reloads);
	metrics_set(&metrics->parent.refused, parent->refused);
	metrics_set(&metrics->parent.last_refused, parent->last_refused);
}

static void
clear_worker(struct metrics_worker *worker)
{
	metrics_set(&worker->connections, 0);
	metrics_set(&worker->inflight, 0);
	metrics_set(&worker->first_expiry, 0);
}

void
metrics_begin(struct metrics_generation *place)
{
	size_t i;

	for (i = 0; i < METRICS_KINDS; i++) {
		metrics_set(&place->processes[i].configured, 0);
		metrics_set(&place->processes[i].running, 0);
	}
	metrics_set(&place->key_expiry, 0);
	for (i = 0; i < CONF_MAX_WORKERS; i++)
		clear_worker(&place->workers[i]);
	for (i = 0; i < CONF_MAX_SIGNERS; i++)
		metrics_set(&place->signers[i].beat, 0);
}

void
metrics_started(struct metrics_generation *place, enum metrics_kind kind)
{
	metrics_add(&place->processes[kind].running, 1);
}

void
metrics_ended(struct metrics_generation *place, enum metrics_kind kind,
    size_t slot)
{
	metrics_add(&place->processes[kind].running, (uint64_t)-1);
	if (kind == METRICS_WORKER && slot < CONF_MAX_WORKERS)
		clear_worker(&place->workers[slot]);
	/* signers end with their master, without anybody who counts */
	if (kind == METRICS_MASTER) {
		metrics_set(&place->processes[METRICS_SIGNER].running, 0);
		metrics_set(&place->processes[METRICS_REVOCATIONS].running, 0);
	}
}
