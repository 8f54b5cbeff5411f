/*
 * The status file: where jwtctl finds the parent and reads what it says.  Only
 * the parent writes it, and nobody else may read it.  It holds a lock on it for
 * its life, and it is by this lock that it is found: what a dead one has left
 * behind names nobody.
 */
#ifndef STATUS_H
#define STATUS_H

#include <sys/types.h>

#include <signal.h>
#include <stdint.h>

#include "conf.h"
#include "metrics.h"

#define STATUS_MAGIC	0x6a77737461740001ULL	/* and the version of this */
#define STATUS_ASK	SIGUSR1		/* to have the metrics written */

struct status {
	uint64_t		 magic;
	uint64_t		 answers;	/* how often that was heard */
	struct metrics_parent	 parent;	/* always that of now */
};

struct status_file {
	struct status		 status;
	struct metrics		 metrics;	/* of the last answer */
};

/*
 * Where it is, by the configuration in that file; or NULL: there is none.  The
 * usual place is that of the usual configuration, and of root.
 */
const char	*status_path(const struct conf *, const char *conf_path);

/*
 * Who has the lock: a process, or 0 for nobody, -1 for an error with errno, or
 * -2 for one that cannot be seen from here.
 */
pid_t		 status_holder(int fd);

#endif
