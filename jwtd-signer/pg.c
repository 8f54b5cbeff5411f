/*
 * A connection to PostgreSQL with deadlines of our own.  It knows nothing of
 * users; it holds no password but in libpq's connection.
 */
#include "pg.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "clock.h"

/* no such prepared statement, and one that is there already */
#define STATE_UNKNOWN	"26000"
#define STATE_DUPLICATE	"42P05"
/* among others: a function of the statement has other columns than it had */
#define STATE_CHANGED	"0A000"

static void
set_error(struct pg *pg, const char *text)
{
	size_t n;

	/* libpq's messages are lines; the first says it */
	n = strcspn(text, "\n");
	if (n >= sizeof(pg->error))
		n = sizeof(pg->error) - 1;
	memcpy(pg->error, text, n);
	pg->error[n] = '\0';
}

void
pg_close(struct pg *pg)
{
	if (pg->conn != NULL)
		PQfinish(pg->conn);
	pg->conn = NULL;
	pg->prepared = 0;
}

static void
lose(struct pg *pg, const char *text)
{
	set_error(pg, text);
	pg->sqlstate[0] = '\0';
	pg_close(pg);
}

bool
pg_connected(const struct pg *pg)
{
	return (pg->conn != NULL && PQstatus(pg->conn) == CONNECTION_OK);
}

/* Wait for the socket.  Returns false past the deadline. */
static bool
wait_for(struct pg *pg, short events, uint64_t deadline)
{
	struct pollfd pfd;
	uint64_t now;
	int n;

	do {
		if ((now = clock_ms()) >= deadline)
			return (false);
		pfd.fd = PQsocket(pg->conn);
		pfd.events = events;
		n = poll(&pfd, 1, (int)(deadline - now));
	} while (n == -1 && errno == EINTR);
	return (n > 0);
}

static int
try_hosts(struct pg *pg, uint64_t deadline)
{
	PostgresPollingStatusType next;
	short events;

	pg->conn = PQconnectStartParams(conninfo_keywords(pg->info),
	    conninfo_values(pg->info), 0);
	if (pg->conn == NULL) {
		lose(pg, "out of memory");
		return (-1);
	}
	next = PQstatus(pg->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED :
	    PGRES_POLLING_WRITING;
	while (next != PGRES_POLLING_OK) {
		if (next == PGRES_POLLING_FAILED) {
			lose(pg, PQerrorMessage(pg->conn));
			return (-1);
		}
		events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (!wait_for(pg, events, deadline)) {
			lose(pg, "the server does not answer");
			return (-1);
		}
		next = PQconnectPoll(pg->conn);
	}
	if (PQsetnonblocking(pg->conn, 1) == -1) {
		lose(pg, PQerrorMessage(pg->conn));
		return (-1);
	}
	return (0);
}

int
pg_connect(struct pg *pg)
{
	char why[sizeof(pg->error)];
	size_t first, hosts;

	pg_close(pg);
	why[0] = '\0';
	hosts = conninfo_hosts(pg->info);
	/*
	 * libpq goes on to the next host if one refuses a connection, but not
	 * in time, and not if one takes it and then closes it, as one does that
	 * is shutting down
	 */
	for (first = 0; first < hosts; first++) {
		conninfo_begin_with(pg->info, first);
		if (try_hosts(pg, clock_ms() + PG_CONNECT_MS / hosts) == 0)
			break;
		if (first == 0)
			(void)strlcpy(why, pg->error, sizeof(why));
	}
	conninfo_begin_with(pg->info, 0);
	if (pg_connected(pg))
		return (0);
	(void)strlcpy(pg->error, why, sizeof(pg->error));
	return (-1);
}

/* Send what libpq has queued; it may have to read meanwhile. */
static bool
flush(struct pg *pg, uint64_t deadline)
{
	int left;

	while ((left = PQflush(pg->conn)) == 1)
		if (!wait_for(pg, POLLIN | POLLOUT, deadline) ||
		    PQconsumeInput(pg->conn) == 0)
			return (false);
	return (left == 0);
}

/*
 * The answer to what was sent, and with it the end of it.  NULL if the
 * connection is lost.
 */
static PGresult *
receive(struct pg *pg, uint64_t deadline)
{
	PGresult *result, *last;
	PGnotify *notify;

	last = NULL;
	for (;;) {
		while (PQisBusy(pg->conn)) {
			if (!wait_for(pg, POLLIN, deadline)) {
				PQclear(last);
				lose(pg, "the server does not answer");
				return (NULL);
			}
			if (PQconsumeInput(pg->conn) == 0) {
				PQclear(last);
				lose(pg, PQerrorMessage(pg->conn));
				return (NULL);
			}
		}
		if ((result = PQgetResult(pg->conn)) == NULL)
			break;
		PQclear(last);
		last = result;
		/* copying would go on for ever, and no query of ours copies */
		if (PQresultStatus(result) == PGRES_COPY_IN ||
		    PQresultStatus(result) == PGRES_COPY_OUT ||
		    PQresultStatus(result) == PGRES_COPY_BOTH ||
		    clock_ms() >= deadline) {
			PQclear(last);
			lose(pg, "the server does not answer the query");
			return (NULL);
		}
	}
	/* that there is one is all that anybody wants to know */
	while ((notify = PQnotifies(pg->conn)) != NULL)
		PQfreemem(notify);
	if (last == NULL || PQstatus(pg->conn) != CONNECTION_OK) {
		PQclear(last);
		lose(pg, PQerrorMessage(pg->conn));
		return (NULL);
	}
	return (last);
}

/* Finish a PQsend function's work.  sent is what it returned. */
static PGresult *
exchange(struct pg *pg, int sent, uint64_t deadline)
{
	if (sent != 1 || !flush(pg, deadline)) {
		lose(pg, clock_ms() >= deadline ?
		    "the server does not answer" : PQerrorMessage(pg->conn));
		return (NULL);
	}
	return (receive(pg, deadline));
}

/* Returns the result if it is rows or a completed command. */
static PGresult *
good(struct pg *pg, PGresult *result)
{
	const char *state;

	if (result == NULL)
		return (NULL);
	if (PQresultStatus(result) == PGRES_TUPLES_OK ||
	    PQresultStatus(result) == PGRES_COMMAND_OK)
		return (result);
	state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	(void)strlcpy(pg->sqlstate, state != NULL ? state : "",
	    sizeof(pg->sqlstate));
	set_error(pg, PQresultErrorMessage(result));
	PQclear(result);
	return (NULL);
}

/*
 * Prepare once for a connection.  Behind a pooler that gives each transaction
 * another server connection, the name may be there already or be missing; then
 * nothing is prepared any more.
 */
static PGresult *
run_prepared(struct pg *pg, const struct pg_query *q,
    const char *const *params, uint64_t deadline)
{
	PGresult *result;

	if ((pg->prepared & 1u << q->number) == 0) {
		result = good(pg, exchange(pg, PQsendPrepare(pg->conn, q->name,
		    q->text, q->nparams, NULL), deadline));
		if (result == NULL)
			return (NULL);
		PQclear(result);
		pg->prepared |= 1u << q->number;
	}
	return (good(pg, exchange(pg, PQsendQueryPrepared(pg->conn, q->name,
	    q->nparams, params, NULL, NULL, 0), deadline)));
}

PGresult *
pg_run(struct pg *pg, const struct pg_query *q, const char *const *params)
{
	PGresult *result;
	uint64_t deadline;

	deadline = clock_ms() + (pg->query_ms != 0 ? pg->query_ms :
	    PG_QUERY_MS);
	pg->sqlstate[0] = '\0';
	if (!pg->unprepared) {
		result = run_prepared(pg, q, params, deadline);
		/* it would fail for ever; a new connection prepares anew */
		if (strcmp(pg->sqlstate, STATE_CHANGED) == 0)
			pg_close(pg);
		if (result != NULL || (strcmp(pg->sqlstate,
		    STATE_UNKNOWN) != 0 && strcmp(pg->sqlstate,
		    STATE_DUPLICATE) != 0))
			return (result);
		pg->unprepared = true;
	}
	return (good(pg, exchange(pg, PQsendQueryParams(pg->conn, q->text,
	    q->nparams, NULL, params, NULL, NULL, 0), deadline)));
}

void
pg_clear(PGresult *result)
{
	int row, column;

	/* libpq frees without wiping, and there may be hashes in it */
	for (row = 0; row < PQntuples(result); row++)
		for (column = 0; column < PQnfields(result); column++)
			explicit_bzero(PQgetvalue(result, row, column),
			    (size_t)PQgetlength(result, row, column));
	PQclear(result);
}
