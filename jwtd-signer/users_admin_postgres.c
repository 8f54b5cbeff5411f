/*
 * The table of PostgreSQL, as jwtctl(8) edits and lists it: one connection, in
 * one transaction from its opening to the commit.  It never sends a password.
 */
#include "users_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "log.h"
#include "pg.h"
#include "pg_array.h"
#include "store.h"

#define QUERY_MS	60000	/* an import of many may have to wait */
#define BATCH_ROWS	1000
#define BATCH_BYTES	((size_t)1024 * 1024)

_Static_assert(USER_GRANTS_MAX == 65536, "INSERT has it, too");

struct users_postgres {
	struct users_admin	 admin;		/* first: it is cast */
	struct conninfo		*info;
	struct pg		 pg;
	PGresult		*found;		/* of find() */
};

/* Nothing is prepared, so it works through any pooler. */
#define QUERY(name, text, nparams)					\
	static const struct pg_query name##_query = { 0, NULL, text, nparams }

QUERY(begin, "BEGIN", 0);
QUERY(begin_list, "BEGIN READ ONLY", 0);
/* below QUERY_MS, so that the server's own message says what it was */
QUERY(settings, "SELECT set_config('search_path', 'pg_catalog, pg_temp', true),"
    " set_config('lock_timeout', '30s', true)", 0);
QUERY(find, "SELECT name, password_hash, grants::text, disabled "
    "FROM jwtd.users WHERE name = $1 FOR UPDATE", 1);
/* one import at a time, or two of the same names might wait for each other */
QUERY(lock, "LOCK TABLE jwtd.users IN SHARE UPDATE EXCLUSIVE MODE", 0);
QUERY(savepoint, "SAVEPOINT jwtctl", 0);
QUERY(rollback, "ROLLBACK TO SAVEPOINT jwtctl", 0);
QUERY(release, "RELEASE SAVEPOINT jwtctl", 0);
/*
 * What is left of grants that are too long is no JSON any more: or else the
 * check of the table would put the row, hash and all, into the server's log.
 */
#define INSERT								\
	"INSERT INTO jwtd.users (name, password_hash, grants, disabled) " \
	"SELECT n, h, convert_from(substr(convert_to(g::text, 'UTF8'), " \
	"1, 65536), 'UTF8')::jsonb, d " \
	"FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::boolean[]) " \
	"AS u(n, h, g, d) ON CONFLICT (name) DO "
/* a row that was there has been locked, by this transaction's number */
#define RETURNING	" RETURNING name, xmax = 0"
QUERY(add, INSERT "NOTHING" RETURNING, 4);
QUERY(replace, INSERT "UPDATE SET password_hash = excluded.password_hash, "
    "grants = excluded.grants, disabled = excluded.disabled" RETURNING, 4);
QUERY(delete, "DELETE FROM jwtd.users WHERE name = $1", 1);
QUERY(declare, "DECLARE jwtctl NO SCROLL CURSOR FOR "
    "SELECT name, password_hash, grants::text, disabled "
    "FROM jwtd.users ORDER BY name", 0);
QUERY(fetch, "FETCH 1000 FROM jwtctl", 0);
QUERY(revoke_token, "INSERT INTO jwtd.revoked_tokens (id, expires) "
    "VALUES ($1, to_timestamp($2::bigint)) ON CONFLICT (id) DO UPDATE "
    "SET expires = excluded.expires "
    "WHERE revoked_tokens.expires < excluded.expires", 2);
/* a token of this second may have been made before now */
QUERY(revoke_user, "INSERT INTO jwtd.revoked_users (name, not_before) "
    "VALUES ($1, date_trunc('second', clock_timestamp()) + "
    "interval '1 second') ON CONFLICT (name) DO UPDATE SET not_before = "
    "greatest(excluded.not_before, revoked_users.not_before)", 1);
QUERY(commit, "COMMIT", 0);

/* The server's text without the word for an error, in whatever language. */
static const char *
error_text(const struct pg *pg)
{
	const char *text;

	text = *pg->sqlstate != '\0' ? strstr(pg->error, ":  ") : NULL;
	return (text != NULL ? text + 3 : pg->error);
}

static int
fail(struct users_postgres *up)
{
	static const struct {
		const char	*sqlstate;
		const char	*text;
	} known[] = {
		{ "3F000", "there is no table jwtd.users: run schema.sql" },
		{ "42P01", "there is no table jwtd.users: run schema.sql" },
		{ "40P01", "others are at work on the same users" },
		{ "55P03", "others are at work on the same users" },
	};
	const char *text;
	size_t i;

	text = error_text(&up->pg);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(up->pg.sqlstate, known[i].sqlstate) == 0)
			text = known[i].text;
	log_warnx("PostgreSQL: %s", text);
	return (-1);
}

/* Run what gives no rows that count. */
static int
run(struct users_postgres *up, const struct pg_query *query,
    const char *const *params)
{
	PGresult *result;

	if ((result = pg_run(&up->pg, query, params)) == NULL)
		return (-1);
	pg_clear(result);
	return (0);
}

/* A row of name, password_hash, grants, disabled. */
static void
read_row(const PGresult *result, int row, struct users_line *user)
{
	struct span *const fields[] = {
		&user->name, &user->hash, &user->grants
	};
	int i;

	for (i = 0; i < 3; i++) {
		fields[i]->p = PQgetvalue(result, row, i);
		fields[i]->len = (size_t)PQgetlength(result, row, i);
	}
	user->disabled = *PQgetvalue(result, row, 3) == 't';
}

static void
forget(struct users_postgres *up)
{
	if (up->found != NULL)
		pg_clear(up->found);
	up->found = NULL;
}

static int
find(struct users_admin *ua, const char *name, struct users_line *user)
{
	struct users_postgres *up;

	up = (struct users_postgres *)ua;
	forget(up);
	if ((up->found = pg_run(&up->pg, &find_query, &name)) == NULL)
		return (fail(up));
	if (PQntuples(up->found) == 0)
		return (0);
	read_row(up->found, 0, user);
	return (1);
}

/* The rows that came back are those of the batch, but for some left out. */
static int
report(const struct users_batch *batch, size_t from, size_t n,
    const PGresult *result)
{
	const struct users_line *user;
	struct span name;
	size_t i;
	int row;

	row = 0;
	for (i = from; i < from + n; i++) {
		user = batch->users[i];
		name.p = NULL;
		if (row < PQntuples(result)) {
			name.p = PQgetvalue(result, row, 0);
			name.len = (size_t)PQgetlength(result, row, 0);
		}
		if (name.p == NULL || name.len != user->name.len ||
		    memcmp(name.p, user->name.p, name.len) != 0) {
			batch->did(batch->arg, i, USERS_EXISTS, NULL);
			continue;
		}
		batch->did(batch->arg, i, *PQgetvalue(result, row, 1) == 't' ?
		    USERS_ADDED : USERS_REPLACED, NULL);
		row++;
	}
	if (row == PQntuples(result))
		return (0);
	log_warnx("PostgreSQL: the rows are not in order");
	return (-1);
}

/* Is it about what was to be written, and not about the server? */
static bool
is_refusal(const struct pg *pg)
{
	return (strncmp(pg->sqlstate, "22", 2) == 0 ||
	    strncmp(pg->sqlstate, "23", 2) == 0 ||
	    strncmp(pg->sqlstate, "54", 2) == 0);
}

static const char *
why_refused(const struct pg *pg)
{
	/*
	 * Valid JSON came in, and INSERT cut it: the server keeps it with more
	 * white space, or with numbers written out.
	 */
	if (strcmp(pg->sqlstate, "22P02") == 0 ||
	    strcmp(pg->sqlstate, "22021") == 0)
		return ("the grants are too long");
	return (error_text(pg));
}

static PGresult *
insert(struct users_postgres *up, const struct users_batch *batch, size_t from,
    size_t n)
{
	struct pg_array arrays[4];
	const char *params[4];
	const struct users_line *user;
	PGresult *result;
	bool good;
	size_t i;

	memset(arrays, 0, sizeof(arrays));
	good = true;
	for (i = from; good && i < from + n; i++) {
		user = batch->users[i];
		good = pg_array_add(&arrays[0], user->name) &&
		    pg_array_add(&arrays[1], user->hash) &&
		    pg_array_add(&arrays[2], user->grants) &&
		    pg_array_add(&arrays[3], user->disabled ?
		    (struct span){ "t", 1 } : (struct span){ "f", 1 });
	}
	for (i = 0; i < 4; i++)
		params[i] = arrays[i].text;
	result = NULL;
	if (good)
		result = pg_run(&up->pg, batch->replace ? &replace_query :
		    &add_query, params);
	else {
		up->pg.sqlstate[0] = '\0';
		(void)strlcpy(up->pg.error, "out of memory",
		    sizeof(up->pg.error));
	}
	for (i = 0; i < 4; i++)
		pg_array_free(&arrays[i]);
	return (result);
}

/*
 * Put some users with one statement, or if the server refuses one of them, the
 * others without it, which halving finds.
 */
static int
put_some(struct users_postgres *up, const struct users_batch *batch,
    size_t from, size_t n)
{
	char why[sizeof(up->pg.error)];
	PGresult *result;
	int rc;

	if (run(up, &savepoint_query, NULL) == -1)
		return (fail(up));
	if ((result = insert(up, batch, from, n)) != NULL) {
		rc = report(batch, from, n, result);
		pg_clear(result);
		if (rc == 0 && run(up, &release_query, NULL) == -1)
			return (fail(up));
		return (rc);
	}
	if (!is_refusal(&up->pg))
		return (fail(up));
	(void)strlcpy(why, why_refused(&up->pg), sizeof(why));
	if (run(up, &rollback_query, NULL) == -1 ||
	    run(up, &release_query, NULL) == -1)
		return (fail(up));
	if (n == 1) {
		batch->did(batch->arg, from, USERS_REFUSED, why);
		return (0);
	}
	if (put_some(up, batch, from, n / 2) == -1)
		return (-1);
	return (put_some(up, batch, from + n / 2, n - n / 2));
}

/* How many of the users go into one statement: one at least. */
static size_t
batch_size(const struct users_batch *batch, size_t from)
{
	const struct users_line *user;
	size_t bytes, n;

	bytes = 0;
	for (n = 0; n < BATCH_ROWS && from + n < batch->n; n++) {
		user = batch->users[from + n];
		bytes += user->name.len + user->hash.len + user->grants.len;
		if (n > 0 && bytes > BATCH_BYTES)
			break;
	}
	return (n);
}

static int
put(struct users_admin *ua, const struct users_batch *batch)
{
	struct users_postgres *up;
	size_t i, n;

	up = (struct users_postgres *)ua;
	if (batch->n > 1 && run(up, &lock_query, NULL) == -1)
		return (fail(up));
	for (i = 0; i < batch->n; i += n) {
		n = batch_size(batch, i);
		if (put_some(up, batch, i, n) == -1)
			return (-1);
	}
	return (0);
}

static int
delete(struct users_admin *ua, const char *name)
{
	struct users_postgres *up;

	up = (struct users_postgres *)ua;
	return (run(up, &delete_query, &name) == 0 ? 0 : fail(up));
}

int
users_admin_postgres_revoke(struct users_admin *ua,
    const struct revoked_line *line)
{
	char id[USER_NAME_MAX + 1], seconds[32];
	const char *params[2] = { id, seconds };
	struct users_postgres *up;

	up = (struct users_postgres *)ua;
	if (line->id.len >= sizeof(id))
		return (-1);
	memcpy(id, line->id.p, line->id.len);
	id[line->id.len] = '\0';
	(void)snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)line->time);
	if (run(up, line->kind == REVOKED_TOKEN ? &revoke_token_query :
	    &revoke_user_query, params) == 0)
		return (0);
	/* of an older version, which has users */
	if (strcmp(up->pg.sqlstate, "42P01") != 0)
		return (fail(up));
	log_warnx("PostgreSQL: there is no table for what is revoked: "
	    "run schema.sql");
	return (-1);
}

/* Returns the number of users that cannot be used. */
static long
list_rows(const PGresult *result, void (*each)(const struct users_line *))
{
	struct users_line user;
	const char *why;
	long bad;
	int row;

	bad = 0;
	for (row = 0; row < PQntuples(result); row++) {
		read_row(result, row, &user);
		if (users_valid(&user, &why)) {
			each(&user);
			continue;
		}
		log_warnx("user \"%s\": %s", user.name.p, why);
		bad++;
	}
	return (bad);
}

static long
list(struct users_admin *ua, void (*each)(const struct users_line *))
{
	struct users_postgres *up;
	PGresult *result;
	long bad;
	int rows;

	up = (struct users_postgres *)ua;
	if (run(up, &declare_query, NULL) == -1)
		return (fail(up));
	bad = 0;
	do {
		if ((result = pg_run(&up->pg, &fetch_query, NULL)) == NULL)
			return (fail(up));
		rows = PQntuples(result);
		bad += list_rows(result, each);
		pg_clear(result);
	} while (rows > 0);
	return (bad);
}

static int
commit(struct users_admin *ua)
{
	struct users_postgres *up;

	up = (struct users_postgres *)ua;
	if (run(up, &commit_query, NULL) == 0)
		return (0);
	if (pg_connected(&up->pg))
		return (fail(up));
	log_warnx("PostgreSQL: %s: it may or may not have been done",
	    up->pg.error);
	return (-1);
}

static void
close_postgres(struct users_admin *ua)
{
	struct users_postgres *up;

	up = (struct users_postgres *)ua;
	forget(up);
	pg_close(&up->pg);
	if (up->info != NULL)
		conninfo_free(up->info);
	free(up);
}

static const struct users_admin_ops ops = {
	find, put, delete, list, commit, close_postgres
};

/*
 * What the connection string and its service leave open.  The environment is
 * where libpq looks next, and the administrator may have set it.
 */
static void
set_defaults(bool edit)
{
	char path[1024];
	const char *home;

	(void)setenv("PGUSER", "jwtd_admin", 0);
	(void)setenv("PGAPPNAME", "jwtctl", 0);
	/* of several servers the one that can be written to */
	(void)setenv("PGTARGETSESSIONATTRS", edit ? "primary" : "any", 0);
	if ((home = getenv("HOME")) == NULL ||
	    (size_t)snprintf(path, sizeof(path), "%s/.pgpass",
	    home) >= sizeof(path))
		return;
	(void)setenv("PGPASSFILE", path, 0);
}

struct users_admin *
users_admin_postgres(const char *conninfo, bool edit)
{
	struct users_postgres *up;
	char err[512];

	if ((up = calloc(1, sizeof(*up))) == NULL) {
		log_warn("PostgreSQL");
		return (NULL);
	}
	up->admin.ops = &ops;
	set_defaults(edit);
	up->info = conninfo_resolve(conninfo, false, err, sizeof(err));
	if (up->info == NULL) {
		log_warnx("PostgreSQL: %s", err);
		close_postgres(&up->admin);
		return (NULL);
	}
	up->pg.info = up->info;
	up->pg.unprepared = true;
	up->pg.query_ms = QUERY_MS;
	if (pg_connect(&up->pg) == -1 ||
	    run(up, edit ? &begin_query : &begin_list_query, NULL) == -1 ||
	    run(up, &settings_query, NULL) == -1) {
		(void)fail(up);
		close_postgres(&up->admin);
		return (NULL);
	}
	return (&up->admin);
}
