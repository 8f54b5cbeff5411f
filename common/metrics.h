/*
 * What is counted, over all processes: memory that they share, in which each
 * has a place of its own that only it writes and its successor goes on with.
 * Who has taken a worker over can falsify these numbers, and that is all: no
 * process decides anything by them but what /metrics and /health say.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdalign.h>
#include <stdint.h>

#include "conf.h"

#define METRICS_SERVICES	(CONF_HEALTH + 1)
#define METRICS_STATUSES	24	/* of answers, by reply_status() */
#define METRICS_REFUSALS	24	/* by resource_refusal() */
#define METRICS_BUCKETS		16	/* of a histogram, besides the last */

enum metrics_phase {
	METRICS_QUEUE,			/* from the worker to a signer */
	METRICS_STORE,			/* a look-up */
	METRICS_HASH,			/* of a password */
	METRICS_SIGN,			/* claims and signature */
	METRICS_PHASES
};

/* bucket i has those of at most metrics_bounds[i], and of no bucket before */
struct metrics_histogram {
	uint64_t	 bucket[METRICS_BUCKETS + 1];
	uint64_t	 sum;		/* microseconds */
};

struct metrics_worker {
	alignas(64)
	uint64_t	 requests[METRICS_SERVICES][METRICS_STATUSES];
	uint64_t	 refusals[METRICS_REFUSALS];
	uint64_t	 accepted;
	uint64_t	 handshakes_failed;
	uint64_t	 lines_left_out;
	uint64_t	 connections;	/* now */
	uint64_t	 inflight;	/* now */
	struct metrics_histogram total;	/* a grant, as the worker sees it */
};

struct metrics_signer {
	alignas(64)
	uint64_t	 beat;		/* clock_ms() */
	struct metrics_histogram phases[METRICS_PHASES];
};

enum metrics_kind {
	METRICS_WORKER,
	METRICS_SIGNER,			/* written by the master */
	METRICS_MASTER,
	METRICS_TLSKEY,
	METRICS_TRUST,
	METRICS_KINDS
};

/* written by who starts them */
struct metrics_processes {
	alignas(64)
	uint64_t	 configured;
	uint64_t	 running;
	uint64_t	 restarts;
};

struct metrics {
	uint64_t		 started;	/* time(3) */
	struct metrics_processes processes[METRICS_KINDS];
	struct metrics_worker	 workers[CONF_MAX_WORKERS];
	struct metrics_signer	 signers[CONF_MAX_SIGNERS];
};

/* microseconds */
extern const uint64_t metrics_bounds[METRICS_BUCKETS];

/*
 * A file for them, whose size nobody can change where the system has that.
 * Ends the program if there is none.
 */
int		 metrics_file(void);
/* What is in that file, which is closed.  Ends the program if it is no such. */
struct metrics	*metrics_map(int fd);

/* Two may write the same for a while: one that ends, and its successor. */
static inline void
metrics_add(uint64_t *counter, uint64_t n)
{
	(void)__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static inline void
metrics_set(uint64_t *gauge, uint64_t n)
{
	__atomic_store_n(gauge, n, __ATOMIC_RELAXED);
}

static inline uint64_t
metrics_get(const uint64_t *value)
{
	return (__atomic_load_n(value, __ATOMIC_RELAXED));
}

void		 metrics_observe(struct metrics_histogram *, uint64_t us);
/* since a clock_us() of before; returns the clock_us() of now */
uint64_t	 metrics_since(struct metrics_histogram *, uint64_t start);

/* A process of that kind is there, or not any more. */
void		 metrics_started(struct metrics *, enum metrics_kind);
void		 metrics_ended(struct metrics *, enum metrics_kind);

#endif
