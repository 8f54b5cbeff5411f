/* One signer: takes requests from workers, one at a time, and answers them. */
#ifndef SERVE_H
#define SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "defer.h"
#include "hashing.h"
#include "metrics.h"
#include "remember.h"
#include "reuse.h"
#include "revoked.h"
#include "shared_wait.h"
#include "sign.h"
#include "store.h"
#include "throttle.h"

/*
 * Which requests a signer holds, so that its master can answer if it dies:
 * those that it has put off, and the one that it is at.
 */
#define SERVE_HELD	(DEFER_MAX + 1)
struct serve_held {
	uint64_t	 id;		/* 0: none */
	uint32_t	 worker;	/* its slot */
};

/* memory that the master and all signers share, mapped before the fork */
struct serve_shared {
	struct store_shared	 store;
	struct hashing		 hashing;
	struct throttle		 throttle;
	struct throttle		 revoking;	/* by those who own them */
	struct remember		 remember;
	struct serve_held	 held[CONF_MAX_SIGNERS][SERVE_HELD];
};

struct serve {
	const struct conf	*conf;
	struct keyring		*keys;
	struct store		*store;
	struct strings		 audiences;	/* of all grant locations */
	struct serve_shared	*shared;
	/* shared too, and there only if tokens are reused */
	struct reuse		*reuse;
	struct revoked		*revoked;	/* to read; or NULL */
	struct defer		*defer;		/* this signer's own */
	struct metrics_signer	*metrics;	/* the same */
	size_t			 slot;		/* this signer's, in held */
	int			 life;		/* ends when the master does */
	int			 workers[CONF_MAX_WORKERS];	/* -1: none */
	struct shared_wait	 wait;		/* for these, its own */
	uint64_t		 heard;		/* when it let signals in */
};

/* By the master: what follows from conf.  Ends the program without memory. */
void	serve_init(struct serve *);

/* By the master, at its end: who still finishes gives no token again. */
void	serve_end(struct serve *);

/* By a child that is no signer: without workers, keys and tokens. */
void	serve_leave(struct serve *);

/* By a signer, before its sandbox. */
void	serve_prepare(struct serve *);

/*
 * Serve until SIGTERM, which is blocked but while this waits, or until the
 * master is gone.  Every request that was taken is answered.
 */
void	serve_run(struct serve *);

/* Answer a request that the signer did not live to answer. */
void	serve_orphan(int worker, uint64_t id);

#endif
