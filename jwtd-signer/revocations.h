/*
 * The process that keeps the table of what was revoked up to date.  It signs
 * nothing and hears no worker.
 */
#ifndef REVOCATIONS_H
#define REVOCATIONS_H

#include "conf.h"
#include "revoked.h"
#include "store.h"

struct revocations {
	const struct conf_revocations	*conf;
	struct store			*store;
	struct revoked			*table;
	int				 life;	/* ends when the master does */
};

/* Run until SIGTERM, or until the master is gone. */
void	revocations_run(const struct revocations *);

#endif
