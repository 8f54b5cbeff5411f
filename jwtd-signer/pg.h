/*
 * A connection to PostgreSQL that never waits longer than it says.  libpq's
 * blocking calls hang on a server that is stopped, whatever the timeouts of the
 * connection string, so everything here polls.
 */
#ifndef PG_H
#define PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conninfo.h"

#define PG_CONNECT_MS	3000		/* over all hosts of the string */
#define PG_QUERY_MS	2000
#define PG_PARAMS_MAX	4

struct pg {
	struct conninfo		*info;
	PGconn			*conn;		/* NULL: not connected */
	unsigned int		 prepared;	/* bits by query number */
	bool			 unprepared;	/* a pooler is in between */
	unsigned int		 query_ms;	/* 0: PG_QUERY_MS */
	char			 error[256];	/* of the last failure */
	char			 sqlstate[6];	/* of the last failure, or "" */
};

struct pg_query {
	unsigned int	 number;	/* below 32, for prepared */
	const char	*name;		/* when it is prepared */
	const char	*text;
	int		 nparams;
};

/*
 * Connect, to the first host that is what the string wants.  One that hangs is
 * passed over like one that is not there.  Returns 0, or -1 with a text in
 * ->error.
 */
int		 pg_connect(struct pg *);

/* Is it connected, as far as one can know without asking? */
bool		 pg_connected(const struct pg *);

/*
 * Run a query, prepared if that works.  Returns its rows, which the caller
 * clears with pg_clear(), or NULL with ->error.  After a failure of the
 * connection, past the deadline, or if what was prepared is of no use any more,
 * the connection is closed.
 */
PGresult	*pg_run(struct pg *, const struct pg_query *,
		    const char *const *params);

/* wipes them, too */
void		 pg_clear(PGresult *);

void		 pg_close(struct pg *);

#endif
