/*
 * What is counted, over all processes: memory that they share for the life of
 * the parent, in which each has a place of its own that only it writes and its
 * successor goes on with.  Generations that live beside one another have
 * different places, and a later one goes on with those of one that is gone: so
 * counters never go back.
 * Who has taken a worker over can falsify these numbers, and that is all: no
 * process decides anything by them but what /metrics and /health say.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

#define METRICS_SERVICES	(CONF_HEALTH + 1)
#define METRICS_STATUSES	24	/* of answers, by reply_status() */
#define METRICS_REFUSALS	24	/* by resource_refusal() */
#define METRICS_BUCKETS		16	/* of a histogram, besides the last */
#define METRICS_GENERATIONS	4	/* that can live beside one another */

enum metrics_phase {
	METRICS_QUEUE,			/* from the worker to a signer */
	METRICS_WAIT,			/* of what is put off, for a hash */
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
	uint64_t	 first_expiry;	/* of a TLS certificate; 0: none */
	struct metrics_histogram total;	/* a grant, as the worker sees it */
};

struct metrics_signer {
	alignas(64)
	uint64_t	 beat;		/* clock_ms() */
	uint64_t	 remembered;	/* passwords that were */
	uint64_t	 hashed;	/* passwords that were not */
	uint64_t	 deferred;
	uint64_t	 throttled;
	uint64_t	 reused;	/* tokens that were given again */
	struct metrics_histogram phases[METRICS_PHASES];
};

enum metrics_kind {
	METRICS_WORKER,
	METRICS_SIGNER,			/* written by the master */
	METRICS_MASTER,
	METRICS_TLSKEY,
	METRICS_TRUST,
	METRICS_REVOCATIONS,		/* written by the master, too */
	METRICS_KINDS
};

/* written by who starts them */
struct metrics_processes {
	alignas(64)
	uint64_t	 configured;	/* now, as all that follows */
	uint64_t	 running;
	uint64_t	 restarts;
};

struct metrics_generation {
	struct metrics_processes processes[METRICS_KINDS];
	/* of the certificate of the key that signs, time(3); 0: none */
	uint64_t		 key_expiry;
	struct metrics_worker	 workers[CONF_MAX_WORKERS];
	struct metrics_signer	 signers[CONF_MAX_SIGNERS];
};

/* what the parent knows; times are of time(3) */
struct metrics_parent {
	uint64_t	 started;
	uint64_t	 serving;	/* which place serves */
	uint64_t	 loaded;	/* when its configuration was */
	uint64_t	 generations;	/* that live now */
	uint64_t	 begun;		/* reloads, and... */
	uint64_t	 reloads;	/* ...how they ended: done */
	uint64_t	 refused;
	uint64_t	 last_refused;	/* when; 0: never */
};

struct metrics {
	struct metrics_parent	 parent;
	struct metrics_generation places[METRICS_GENERATIONS];
};

/* of struct metrics_worker or metrics_signer, summed over all there can be */
#define METRICS_WORKERS(metrics, field) \
	metrics_sum(&(metrics)->places[0].workers[0].field, \
	    sizeof((metrics)->places[0].workers[0]), CONF_MAX_WORKERS)
#define METRICS_SIGNERS(metrics, field) \
	metrics_sum(&(metrics)->places[0].signers[0].field, \
	    sizeof((metrics)->places[0].signers[0]), CONF_MAX_SIGNERS)

/* microseconds */
extern const uint64_t metrics_bounds[METRICS_BUCKETS];

/*
 * A file for them, whose size nobody can change where the system has that.
 * Ends the program if there is none.
 */
int		 metrics_file(void);
/* What is in that file, which is closed.  Ends the program if it is no such. */
struct metrics	*metrics_map(int fd);

/*
 * The place of the generation that serves: of all that there is in there, the
 * one number that says where something else is.
 */
const struct metrics_generation *metrics_serving(const struct metrics *);

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

/* Of n at the same distance in each place, from the first in the first. */
uint64_t	 metrics_sum(const uint64_t *first, size_t step, size_t n);

/* The word for it. */
const char	*metrics_kind_name(size_t);
const char	*metrics_phase_name(size_t);

void		 metrics_observe(struct metrics_histogram *, uint64_t us);
/* since a clock_us() of before; returns the clock_us() of now */
uint64_t	 metrics_since(struct metrics_histogram *, uint64_t start);

/* Let others see what the parent knows. */
void		 metrics_publish(struct metrics *,
		    const struct metrics_parent *);

/* A new generation has that place; nothing runs there. */
void		 metrics_begin(struct metrics_generation *);

/* A process of that kind is there. */
void		 metrics_started(struct metrics_generation *,
		    enum metrics_kind);
/* It is not any more, with that slot among its kind, nor what it had. */
void		 metrics_ended(struct metrics_generation *,
		    enum metrics_kind, size_t slot);

#endif
