/*
 * What was revoked, in PostgreSQL.  Each entry has a version, and versions are
 * committed in their order, so that what is new is what has a larger one than
 * the last that was read.  A notification only says when to ask; that asks now
 * and then anyway who waits for none, as behind a pooler.
 */
#include "store_postgres_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "message.h"
#include "revoked.h"
#include "revoked_lines.h"

#define PAGE		"10000"	/* rows of one answer */
#define PAGE_ROWS	10000
#define WHOLE_MS	60000	/* what was deleted is seen, or is over */
#define FULL_MS		5000	/* the same, when the table is full */
#define RETRY_MS	500	/* between two connections that fail */

static const struct pg_query revoke_query = {
	2, "jwtd_revoke_token", "SELECT jwtd.revoke_token($1, $2::bigint)", 2
};
static const struct pg_query list_query = {
	3, "jwtd_revocations", "SELECT version, kind, id, seconds "
	"FROM jwtd.revocations($1::bigint, $2::integer)", 2
};
static const struct pg_query listen_query = {
	4, "jwtd_listen", "LISTEN jwtd_revocations", 0
};

enum store_result
store_postgres_revoke(struct store *store, const char *id, int64_t expires)
{
	char seconds[32];
	const char *params[2] = { id, seconds };
	struct store_postgres *sp;
	PGresult *result;
	bool done;

	sp = (struct store_postgres *)store;
	(void)snprintf(seconds, sizeof(seconds), "%lld", (long long)expires);
	result = store_postgres_run(sp, &revoke_query, params);
	if (result == NULL)
		return (STORE_UNAVAILABLE);
	done = PQntuples(result) == 1 &&
	    strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return (done ? STORE_FOUND : STORE_UNAVAILABLE);
}

static bool
number(PGresult *result, int row, int column, int64_t *out)
{
	const char *errstr;

	*out = strtonum(PQgetvalue(result, row, column), 1, INT64_MAX,
	    &errstr);
	return (errstr == NULL);
}

/* Returns false if the row is none of ours. */
static bool
add_row(struct store_postgres *sp, struct revoked *table, PGresult *result,
    int row, int64_t now)
{
	struct revoked_line line;
	const char *kind;

	kind = PQgetvalue(result, row, 1);
	line.id.p = PQgetvalue(result, row, 2);
	line.id.len = (size_t)PQgetlength(result, row, 2);
	if (!number(result, row, 0, &sp->revoked.version) ||
	    !number(result, row, 3, &line.time) || strlen(kind) != 1 ||
	    (*kind != REVOKED_TOKEN && *kind != REVOKED_USER) ||
	    line.time > REVOKED_TIME_MAX)
		return (false);
	line.kind = *kind == REVOKED_TOKEN ? REVOKED_TOKEN : REVOKED_USER;
	if (!revoked_line_over(&line, now))
		revoked_add(table, line.kind, line.id.p, line.id.len,
		    line.time);
	return (true);
}

/*
 * Add what is new since the last version, page by page.  The first row begins
 * another version of the table, if it is not begun.
 */
static const char *
read_pages(struct store_postgres *sp, struct revoked *table, bool *begun)
{
	char since[32];
	const char *params[2] = { since, PAGE };
	PGresult *result;
	int64_t now;
	int i, rows;

	now = (int64_t)time(NULL);
	do {
		(void)snprintf(since, sizeof(since), "%lld",
		    (long long)sp->revoked.version);
		result = pg_run(&sp->pg, &list_query, params);
		if (result == NULL)
			return (sp->pg.error);
		rows = PQnfields(result) == 4 ? PQntuples(result) : -1;
		if (rows > 0 && !*begun) {
			revoked_begin(table, false);
			*begun = true;
		}
		for (i = 0; i < rows; i++)
			if (!add_row(sp, table, result, i, now))
				rows = -1;
		PQclear(result);
		if (rows == -1)
			return ("jwtd.revocations() gave something else");
	} while (rows >= PAGE_ROWS);
	return (NULL);
}

/* A new connection listens before it reads, so that nothing is missed. */
static const char *
connect_now(struct store_postgres *sp)
{
	uint64_t now;

	if (pg_connected(&sp->pg))
		return (NULL);
	if ((now = clock_ms()) < sp->revoked.retry)
		return (sp->pg.error);
	sp->revoked.retry = now + RETRY_MS;
	sp->revoked.whole = 0;
	if (pg_connect(&sp->pg) == -1)
		return (sp->pg.error);
	/* a standby has no notifications: then it is asked in time */
	PQclear(pg_run(&sp->pg, &listen_query, NULL));
	return (pg_connected(&sp->pg) ? NULL : sp->pg.error);
}

const char *
store_postgres_revoked(struct store *store, struct revoked *table)
{
	struct store_postgres *sp;
	const char *why;
	size_t n;
	bool begun;

	sp = (struct store_postgres *)store;
	if ((why = connect_now(sp)) != NULL)
		return (why);
	begun = clock_ms() >= sp->revoked.whole;
	if (begun) {
		sp->revoked.version = 0;
		revoked_begin(table, true);
	}
	why = read_pages(sp, table, &begun);
	if (why != NULL) {
		/* what was begun is not used, and has to be read once more */
		sp->revoked.whole = 0;
		return (why);
	}
	if (!begun)
		return (NULL);
	if (clock_ms() >= sp->revoked.whole)
		sp->revoked.whole = clock_ms() + WHOLE_MS;
	(void)revoked_commit(table);
	if (revoked_overflow(table, &n) &&
	    sp->revoked.whole > clock_ms() + FULL_MS)
		sp->revoked.whole = clock_ms() + FULL_MS;
	return (NULL);
}

int
store_postgres_hint(const struct store *store)
{
	const struct store_postgres *sp;

	sp = (const struct store_postgres *)store;
	return (pg_connected(&sp->pg) ? PQsocket(sp->pg.conn) : -1);
}
