/* A worker: what its connections share. */
#ifndef WORKER_H
#define WORKER_H

#include <sys/types.h>
#include <sys/queue.h>

#include <event.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <tls.h>

#include "buf.h"
#include "conf.h"
#include "deadline.h"
#include "etag.h"
#include "jwt.h"

#define WORKER_USER	"_jwtd"

struct control;
struct link;
struct metadata;
struct metrics;
struct metrics_generation;
struct metrics_worker;
struct request_log;
struct verified;
struct revoked;
struct conn;
TAILQ_HEAD(conns, conn);

struct worker_listener {
	const struct conf_listener *conf;
	struct worker		*worker;
	struct tls		*tls;		/* NULL: plain */
	struct event		 event;
	int			 fd;
};

/* what else there is to know of an issuer */
struct worker_issuer {
	const struct conf_trust	*trust;		/* NULL: our own */
	uint64_t		 next_ask;	/* ms; not before */
};

struct worker {
	const struct conf	*conf;
	struct event_base	*base;
	struct worker_listener	*listeners;
	struct link		*link;		/* NULL: no signer */
	struct request_log	*log;
	const struct metrics	*all_metrics;
	const struct metrics_generation *place;	/* its generation's, in there */
	struct metrics_worker	*metrics;	/* its own */
	struct jwt_issuer	*issuers;
	struct worker_issuer	*sources;	/* of each of these */
	size_t			 nissuers;
	uint64_t		*expiry;	/* of certificates, by server */
	struct revoked		*revoked;	/* NULL: nothing is */
	uint64_t		 revoked_version; /* of what is verified */
	bool			 stale;		/* it is; which was logged */
	char			*jwks;		/* our own keys, or NULL */
	size_t			 jwks_len;
	char			 jwks_etag[ETAG_SIZE];
	struct metadata		*metadata;	/* one per location of it */
	size_t			 nmetadata;
	struct jwt_header	 header;	/* of a good token */
	struct verified		*verified;	/* or NULL */
	struct ahead		*ahead;		/* conn_tls.c */

	struct conns		 conns;
	size_t			 nconns;
	bool			 accepting;
	bool			 short_of;	/* descriptors or memory */
	bool			 told_accept;	/* by the parent, and... */
	bool			 told_drain;
	bool			 told_hold;
	bool			 serving;	/* ...done: accepts, or may */
	bool			 holding;	/* none with TLS is accepted */
	bool			 draining;	/* answers are the last ones */
	bool			 ending;	/* and who asks nothing goes */
	struct event		 accept_again;
	struct event		 control;
	struct event		 terminate;
	struct deadline_queue	 requests;
	struct deadline_queue	 replies;
	struct deadline_queue	 idle;
	struct deadline_queue	 lingering;
	struct buf_pool		 pool;

	time_t			 date_time;
	char			 date[32];	/* RFC 9110 section 5.6.7 */
};

/*
 * Run as a worker, on the descriptors that the parent left, with that slot of
 * that place in the metrics.  Does not return.
 */
void	worker_main(unsigned int slot, unsigned int place, int foreground,
	    int verbose) __attribute__((noreturn));

/* What the parent said that is not about keys; it is done later. */
void	worker_told(struct worker *, const struct control *);
/*
 * A connection is idle, so that another could have its place: go on accepting.
 */
void	worker_has_room(struct worker *);
/* A connection is gone: go on accepting, or end if that was the last. */
void	worker_conn_closed(struct worker *);

#endif
