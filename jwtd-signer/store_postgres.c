/*
 * The PostgreSQL store.  The signer's role can call four functions of the
 * schema jwtd and nothing else: those of users, here, and those of what was
 * revoked, in store_postgres_revoked.c.  One connection a signer, made when it
 * is first needed and again when it was lost.
 */
#include "store_postgres_internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "password.h"

/*
 * after a lost connection, nobody makes one for this long; requests get 503 at
 * once
 */
#define RETRY_MS	500

#define WHAT		"store postgres"	/* in the log */

static const struct pg_query lookup_query = {
	0, "jwtd_lookup",
	"SELECT password_hash, grants, disabled FROM jwtd.lookup($1)", 1
};
static const struct pg_query rehash_query = {
	1, "jwtd_rehash", "SELECT jwtd.rehash($1, $2, $3)", 3
};

/* Users can be looked up all the same: it is a standby, or an old schema. */
static void
note_failed(struct store_postgres *sp)
{
	if (!__atomic_exchange_n(&sp->shared->revoke_failed, true,
	    __ATOMIC_RELAXED))
		log_warnx(WHAT ": %s: no token can be revoked", sp->pg.error);
}

static void
note_up(struct store_postgres *sp, const struct pg_query *query)
{
	if (query != &lookup_query)
		__atomic_store_n(&sp->shared->revoke_failed, false,
		    __ATOMIC_RELAXED);
	store_note_up(sp->shared, WHAT);
}

static void
note_down(struct store_postgres *sp, const struct pg_query *query)
{
	if (query != &lookup_query && pg_connected(&sp->pg)) {
		note_failed(sp);
		return;
	}
	/* a query that fails says nothing of the server that took it */
	if (!pg_connected(&sp->pg))
		__atomic_store_n(&sp->shared->down_until,
		    clock_ms() + RETRY_MS, __ATOMIC_RELAXED);
	store_note_down(sp->shared, WHAT, sp->pg.error);
}

static bool
connect_now(struct store_postgres *sp, const struct pg_query *query)
{
	if (clock_ms() < __atomic_load_n(&sp->shared->down_until,
	    __ATOMIC_RELAXED))
		return (false);
	if (pg_connect(&sp->pg) == 0)
		return (true);
	note_down(sp, query);
	return (false);
}

/*
 * Run it on the connection there is, or on a new one if the server closed that
 * since: it does so whenever it is restarted.
 */
PGresult *
store_postgres_run(struct store_postgres *sp, const struct pg_query *query,
    const char *const *params)
{
	PGresult *result;
	uint64_t begin;

	begin = clock_ms();
	if (pg_connected(&sp->pg)) {
		result = pg_run(&sp->pg, query, params);
		if (result != NULL) {
			note_up(sp, query);
			return (result);
		}
		if (pg_connected(&sp->pg) ||
		    clock_ms() - begin >= PG_QUERY_MS) {
			note_down(sp, query);
			return (NULL);
		}
	}
	if (!connect_now(sp, query))
		return (NULL);
	if ((result = pg_run(&sp->pg, query, params)) == NULL)
		note_down(sp, query);
	else
		note_up(sp, query);
	return (result);
}

/* What is in the row, or why it cannot be used. */
static const char *
read_row(PGresult *result, struct user *user)
{
	size_t hash_len, grants_len;

	if (PQnfields(result) != 3 || PQgetisnull(result, 0, 0) ||
	    PQgetisnull(result, 0, 1) || PQgetisnull(result, 0, 2))
		return ("the look-up function gave no whole row");
	hash_len = (size_t)PQgetlength(result, 0, 0);
	grants_len = (size_t)PQgetlength(result, 0, 1);
	if (hash_len > USER_HASH_MAX ||
	    !password_hash_known(PQgetvalue(result, 0, 0)))
		return ("unknown kind of password hash");
	if (grants_len > USER_GRANTS_MAX)
		return ("the grants are too large");
	if ((user->grants = malloc(grants_len + 1)) == NULL)
		return ("out of memory");
	memcpy(user->hash, PQgetvalue(result, 0, 0), hash_len + 1);
	memcpy(user->grants, PQgetvalue(result, 0, 1), grants_len + 1);
	user->grants_len = grants_len;
	user->disabled = strcmp(PQgetvalue(result, 0, 2), "f") != 0;
	return (NULL);
}

static enum store_result
lookup(struct store *store, const char *name, struct user *user)
{
	struct store_postgres *sp;
	enum store_result found;
	const char *why;
	PGresult *result;

	sp = (struct store_postgres *)store;
	result = store_postgres_run(sp, &lookup_query, &name);
	if (result == NULL)
		return (STORE_UNAVAILABLE);
	found = STORE_NOT_FOUND;
	why = NULL;
	if (PQntuples(result) > 1)
		why = "the look-up function gave several rows";
	else if (PQntuples(result) == 1 &&
	    (why = read_row(result, user)) == NULL)
		found = STORE_FOUND;
	if (why != NULL)
		log_warnx("user \"%s\": %s", name, why);
	pg_clear(result);
	return (found);
}

static void
rehash(struct store *store, const char *name, const char *old,
    const char *new)
{
	const char *params[3] = { name, old, new };
	struct store_postgres *sp;
	PGresult *result;

	sp = (struct store_postgres *)store;
	/* no other connection for it: a standby, say, cannot write */
	if (!pg_connected(&sp->pg))
		return;
	result = pg_run(&sp->pg, &rehash_query, params);
	store_note_rehash(sp->shared, WHAT,
	    result != NULL ? NULL : sp->pg.error);
	PQclear(result);
}

static void
needs(struct store *store, struct sandbox_needs *out)
{
	conninfo_needs(((struct store_postgres *)store)->info, out);
}

static void
close_store(struct store *store)
{
	struct store_postgres *sp;

	sp = (struct store_postgres *)store;
	pg_close(&sp->pg);
	conninfo_free(sp->info);
	freezero(sp, sizeof(*sp));
}

static const struct store_ops ops = {
	lookup, rehash, NULL, needs, store_postgres_revoke,
	store_postgres_revoked, store_postgres_hint, close_store
};

struct store *
store_postgres_open(const char *string, bool confined,
    struct store_shared *shared)
{
	struct store_postgres *sp;
	char err[512];

	if ((sp = calloc(1, sizeof(*sp))) == NULL) {
		log_warn("store postgres");
		return (NULL);
	}
	sp->info = conninfo_resolve(string, confined, err, sizeof(err));
	if (sp->info == NULL) {
		log_warnx("store postgres: %s", err);
		free(sp);
		return (NULL);
	}
	/* or libpq looks for certificates where root's are */
	(void)setenv("HOME", "/nonexistent", 1);
	sp->store.ops = &ops;
	sp->shared = shared;
	sp->pg.info = sp->info;
	return (&sp->store);
}
