/*
 * jwtctl doctor, the database: connects as a signer does, looks up a name that
 * nobody can have, and tries what the role should not be able to do.  It reads
 * no user.
 */
#include "ctl_doctor.h"

#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "pg.h"

#define WHAT		"store postgres"
#define STATE_DENIED	"42501"		/* insufficient_privilege */

static const struct pg_query role_query = {
	0, "jwtd_doctor_role",
	"SELECT current_user, pg_catalog.current_database(), r.rolsuper "
	"FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user", 0
};
static const struct pg_query lookup_query = {
	1, "jwtd_doctor_lookup",
	"SELECT password_hash, grants, disabled FROM jwtd.lookup($1)", 1
};
static const struct pg_query list_query = {
	2, "jwtd_doctor_list", "SELECT 1 FROM jwtd.users LIMIT 1", 0
};
static const struct pg_query write_query = {
	3, "jwtd_doctor_write",
	"SELECT pg_catalog.has_any_column_privilege('jwtd.users', "
	"'INSERT, UPDATE') OR pg_catalog.has_table_privilege('jwtd.users', "
	"'DELETE, TRUNCATE')", 0
};

/* Who are we there?  Returns false if there is no more to ask. */
static bool
check_role(struct doctor *d, struct pg *pg)
{
	PGresult *result;

	if ((result = pg_run(pg, &role_query, NULL)) == NULL ||
	    PQntuples(result) != 1) {
		doctor_say(d, DOCTOR_ERROR, WHAT ": %s", result == NULL ?
		    pg->error : "the role is unknown");
		PQclear(result);
		return (false);
	}
	doctor_say(d, DOCTOR_OK, WHAT ": connected to database \"%s\" as "
	    "\"%s\"", PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 0));
	if (strcmp(PQgetvalue(result, 0, 2), "t") == 0)
		doctor_say(d, DOCTOR_ERROR, WHAT ": \"%s\" is a superuser: "
		    "the signer needs jwtd_signer", PQgetvalue(result, 0, 0));
	PQclear(result);
	return (true);
}

static void
check_lookup(struct doctor *d, struct pg *pg)
{
	/* no name has a colon */
	const char *name = ":";
	PGresult *result;

	result = pg_run(pg, &lookup_query, &name);
	if (result == NULL)
		doctor_say(d, DOCTOR_ERROR, WHAT ": %s", pg->error);
	else if (PQntuples(result) != 0)
		doctor_say(d, DOCTOR_ERROR, WHAT ": the look-up function "
		    "finds a user that cannot be");
	else
		doctor_say(d, DOCTOR_OK, WHAT ": the look-up function works");
	if (result != NULL)
		pg_clear(result);
}

/* Does the role have no more rights than it needs? */
static void
check_rights(struct doctor *d, struct pg *pg)
{
	PGresult *result;

	result = pg_run(pg, &list_query, NULL);
	if (result != NULL)
		doctor_say(d, DOCTOR_ERROR, WHAT ": the role can read the "
		    "whole table of users");
	else if (strcmp(pg->sqlstate, STATE_DENIED) == 0)
		doctor_say(d, DOCTOR_OK, WHAT ": the role cannot read the "
		    "table of users");
	else
		doctor_say(d, DOCTOR_ERROR, WHAT ": %s", pg->error);
	PQclear(result);
	if (!pg_connected(pg))
		return;
	result = pg_run(pg, &write_query, NULL);
	if (result != NULL && PQntuples(result) == 1 &&
	    strcmp(PQgetvalue(result, 0, 0), "t") == 0)
		doctor_say(d, DOCTOR_ERROR, WHAT ": the role can write the "
		    "table of users");
	PQclear(result);
}

void
doctor_postgres(struct doctor *d, const char *string)
{
	char err[512];
	struct pg pg;

	memset(&pg, 0, sizeof(pg));
	pg.info = conninfo_resolve(string, false, err, sizeof(err));
	if (pg.info == NULL) {
		doctor_say(d, DOCTOR_ERROR, WHAT ": %s", err);
		return;
	}
	/* as the signer has it: or libpq looks for certificates there */
	(void)setenv("HOME", "/nonexistent", 1);
	if (pg_connect(&pg) == -1)
		doctor_say(d, DOCTOR_ERROR, WHAT ": %s", pg.error);
	else if (check_role(d, &pg)) {
		check_lookup(d, &pg);
		if (pg_connected(&pg))
			check_rights(d, &pg);
	}
	pg_close(&pg);
	conninfo_free(pg.info);
}
