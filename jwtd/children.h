/*
 * The parent's children: what it knows of each, and how each is started.  For
 * the files of the parent alone.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "control.h"
#include "metrics.h"
#include "restart.h"

#define MAX_CHILDREN	(3 + CONF_MAX_WORKERS)

struct child;
struct generation;

struct child {
	const char	*what;
	/* when it does not run; if it fails it counts as one that died */
	void		(*start)(struct generation *, struct child *);
	/* what it says but for CONTROL_READY; NULL: nothing is expected */
	void		(*hear)(struct generation *, const struct control *);
	void		(*ready_hook)(struct generation *);	/* or NULL */
	const char	*program;
	enum metrics_kind kind;
	unsigned int	 slot;
	pid_t		 pid;		/* 0: not running */
	int		 control;
	int		 signer_end;	/* of a worker's pair; -1: none */
	int		 tlskey_end;	/* the same */
	bool		 ready;
	bool		 may_end;	/* by itself, with 0 */
	bool		 replaced;	/* told to end, another follows */
	uint64_t	 owed;		/* bits: issuers whose keys it lacks */
	bool		 accept_owed;	/* it has not been told to accept */
	struct restart	 restart;
};

/* A file of the bytes that were validated, for the children to read; or -1. */
int	children_conf_file(const struct conf *);

/* Fill in which children there are. */
void	children_init(struct generation *);

/* Tell a worker what it has not been told.  Returns false if there is more. */
bool	children_give(const struct generation *, struct child *worker);

/* Close the parent's ends of what connects it and the signer to that child. */
void	children_close_ends(struct child *);

#endif
