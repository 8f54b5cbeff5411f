/* What the files of the PostgreSQL store share; nobody else includes it. */
#ifndef STORE_POSTGRES_INTERNAL_H
#define STORE_POSTGRES_INTERNAL_H

#include "conninfo.h"
#include "pg.h"
#include "store.h"

/* how far what was revoked has been read, on this connection */
struct store_postgres_revoked {
	int64_t			 version;	/* the last one that was read */
	uint64_t		 whole;		/* clock_ms(): all of it anew */
	uint64_t		 retry;		/* clock_ms(): not before */
};

struct store_postgres {
	struct store		 store;		/* first: it is cast */
	struct conninfo		*info;
	struct store_shared	*shared;
	struct pg		 pg;
	struct store_postgres_revoked revoked;
};

/*
 * Run it on the connection there is, or on a new one if the server closed that
 * since.  NULL after it was noted.
 */
PGresult *store_postgres_run(struct store_postgres *, const struct pg_query *,
	    const char *const *params);

/* store_postgres_revoked.c */
enum store_result store_postgres_revoke(struct store *, const char *id,
	    int64_t expires);
const char *store_postgres_revoked(struct store *, struct revoked *);
int	 store_postgres_hint(const struct store *);

#endif
