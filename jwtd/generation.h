/*
 * A generation: one configuration, and the processes that serve it.  A reload
 * starts a new one beside the old.  For the files of the parent alone.
 */
#ifndef GENERATION_H
#define GENERATION_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "children.h"
#include "conf.h"
#include "metrics.h"
#include "parent.h"

#define MAX_ISSUERS	(1 + CONF_MAX_TRUSTS)

struct keywatch;
struct watch;

/* the public keys of an issuer, which the parent does not read */
struct keys {
	int		 fd;		/* the last set, sealed; -1: none */
	int		 next;		/* what is written now; -1: none */
	bool		 down;		/* it was logged that there is no new */
	bool		 owed;		/* the trust process lacks a file */
	uint64_t	 next_ask;	/* ms: not for an unknown key before */
};

/* what all generations count in, and where this one does */
struct generation_counts {
	struct metrics		*metrics;
	int			 fd;
	unsigned int		 place;		/* no other has it */
};

struct generation {
	TAILQ_ENTRY(generation)	 entry;
	struct conf		*conf;
	const struct parent_options *options;
	struct generation_counts counts;
	struct metrics_generation *metrics;	/* there */
	/* those that there are; the workers are the last of them */
	struct child		 children[MAX_CHILDREN];
	size_t			 nchildren;
	struct child		*signer;	/* or NULL */
	struct child		*tlskey;	/* or NULL */
	struct child		*trust;		/* or NULL */
	struct child		*workers;
	struct keys		 keys[MAX_ISSUERS];
	size_t			 nkeys;
	struct watch		*watches;	/* the files of trust blocks */
	struct keywatch		*keywatch;	/* a directory; or NULL */
	int			 listeners[CONF_MAX_LISTENERS];
	bool			 listening;	/* these are open */
	int			 conf_fd;
	int			 revoked_rw;	/* what was revoked; -1: off */
	int			 revoked_ro;
	int			 certificates;	/* tlskey's last; -1: none */
	int			 new_certificates; /* what it writes now */
	bool			 started;	/* all have been ready */
	bool			 serving;	/* its workers accept */
	bool			 failed;	/* before that */
	bool			 renew;		/* the same again is wanted */
	bool			 renews;	/* it is that */
	bool			 stopping;	/* it only ends */
	bool			 told_workers;	/* SIGTERM: do not wait */
	bool			 told_holders;	/* SIGTERM: those with keys */
	bool			 killed;
	uint64_t		 ready_by;	/* ms */
	uint64_t		 term_by;	/* ms, when it is stopping */
	uint64_t		 kill_by;
};
TAILQ_HEAD(generations, generation);

/*
 * Open what it takes; its processes are started by generation_work().  It
 * shares the listeners of the one before, or NULL, that it has too, and keeps
 * conf until generation_free().  Returns NULL after a message, without having
 * kept it.
 */
struct generation *generation_new(struct conf *, const struct parent_options *,
	    const struct generation_counts *, const struct generation *before);

/* None of its processes runs, and its listeners are closed. */
void	generation_free(struct generation *);

/* Close those listeners that the other, or NULL, does not share. */
void	generation_close(struct generation *, const struct generation *);

/*
 * Do what is due: start processes, give them what they lack, end them.  Returns
 * the ms until there is more to do, or -1.
 */
int	generation_work(struct generation *);

/* That child of it has something to say. */
void	generation_hear(struct generation *, struct child *);

/* A process has ended.  Returns false if it was none of this generation's. */
bool	generation_ended(struct generation *, pid_t, int status);

/* Is every process ready?  Once it was, this stays. */
bool	generation_ready(struct generation *);

/* Its workers accept connections from now on. */
void	generation_serve(struct generation *);

/* generation_end.c */

/*
 * Another one serves: these workers take what is queued and end as their
 * clients have had their answers.  Connections on which nothing is asked are
 * closed a little later.
 */
void	generation_drain(struct generation *);

/* As before, but connections on which nothing is asked are closed at once. */
void	generation_stop(struct generation *);

void	generation_kill(struct generation *);

/* What generation_work() does of it; returns the same. */
int	generation_end(struct generation *);

/* Does nothing of it run any more? */
bool	generation_gone(const struct generation *);

#endif
