/*
 * Users in CSV.  It reads no file, makes no hash and writes no log.
 */
#include "users_csv.h"

#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "password.h"

/* "a,b": no user has a shorter line, nor one of several lines only such */
#define LINE_MIN	3

enum column {
	NAME,
	HASH,
	GRANTS,
	DISABLED,
	PASSWORD,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
	[NAME] = "name", [HASH] = "hash", [GRANTS] = "grants",
	[DISABLED] = "disabled", [PASSWORD] = "password"
};

static const char no_grants[] = "{}";

struct reader {
	struct users_table	*table;
	struct csv		 csv;
	enum column		 columns[COLUMNS];	/* of each field */
	size_t			 ncolumns;
	void			(*bad)(void *, unsigned int, const char *);
	void			*arg;
};

static enum column
column_of(struct span field)
{
	int c;

	for (c = NAME; c < COLUMNS; c++)
		if (span_case_is(field, column_names[c]))
			break;
	return ((enum column)c);
}

static bool
has_column(const struct reader *r, enum column c)
{
	size_t i;

	for (i = 0; i < r->ncolumns; i++)
		if (r->columns[i] == c)
			return (true);
	return (false);
}

/* No user has such a hash, so a header cannot be mistaken for one. */
static bool
is_header(const struct span *fields, size_t n)
{
	bool name, secret;
	size_t i;

	name = secret = false;
	for (i = 0; i < n; i++) {
		name |= column_of(fields[i]) == NAME;
		secret |= column_of(fields[i]) == HASH ||
		    column_of(fields[i]) == PASSWORD;
	}
	return (name && secret);
}

/* Returns false after it said what is wrong. */
static bool
read_header(struct reader *r, const struct span *fields, size_t n)
{
	char why[128];
	enum column c;
	size_t i;

	r->ncolumns = 0;
	why[0] = '\0';
	for (i = 0; i < n && why[0] == '\0'; i++) {
		c = column_of(fields[i]);
		if (c == COLUMNS)
			(void)snprintf(why, sizeof(why),
			    "unknown column \"%.*s\"",
			    fields[i].len < 64 ? (int)fields[i].len : 64,
			    fields[i].p);
		else if (has_column(r, c))
			(void)snprintf(why, sizeof(why),
			    "duplicate column \"%s\"", column_names[c]);
		else
			r->columns[r->ncolumns++] = c;
	}
	if (why[0] == '\0' && has_column(r, HASH) && has_column(r, PASSWORD))
		(void)snprintf(why, sizeof(why),
		    "columns \"hash\" and \"password\"");
	if (why[0] != '\0')
		r->bad(r->arg, r->csv.line, why);
	return (why[0] == '\0');
}

/* Also as PostgreSQL writes them, and as spreadsheets do. */
static bool
read_flag(struct span text, bool *flag)
{
	static const char *const words[] = {
		"", "false", "f", "no", "0", "true", "t", "yes", "1"
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_case_is(text, words[i])) {
			*flag = i >= 5;
			return (true);
		}
	return (false);
}

static bool
valid(const struct reader *r, const struct users_line *user, const char **why)
{
	if (!has_column(r, PASSWORD))
		return (users_valid(user, why));
	return (users_name_valid(user->name.p, user->name.len, why) &&
	    password_valid(user->hash.p, user->hash.len, why) &&
	    users_grants_valid(user->grants.p, user->grants.len, why));
}

/* Returns what is wrong with the record, or NULL. */
static const char *
read_user(const struct reader *r, const struct span *fields, size_t n,
    struct users_line *user)
{
	const char *why;
	size_t i;

	if (n > r->ncolumns)
		return ("too many fields");
	memset(user, 0, sizeof(*user));
	for (i = 0; i < n; i++) {
		switch (r->columns[i]) {
		case NAME:
			user->name = fields[i];
			break;
		case HASH:
		case PASSWORD:
			user->hash = fields[i];
			break;
		case GRANTS:
			user->grants = fields[i];
			break;
		case DISABLED:
			if (!read_flag(fields[i], &user->disabled))
				return ("\"disabled\" is neither true nor "
				    "false");
			break;
		case COLUMNS:
			break;
		}
	}
	if (user->name.p == NULL || user->hash.p == NULL)
		return ("too few fields");
	if (user->grants.len == 0) {
		user->grants.p = no_grants;
		user->grants.len = strlen(no_grants);
	}
	return (valid(r, user, &why) ? NULL : why);
}

static void
add_user(struct reader *r, const struct span *fields, size_t n)
{
	struct users_line user;
	const char *why;
	char *grants;

	if ((why = read_user(r, fields, n, &user)) != NULL) {
		r->bad(r->arg, r->csv.line, why);
		return;
	}
	if (user.grants.p != no_grants) {
		grants = r->csv.buf + (user.grants.p - r->csv.buf);
		user.grants.len = users_grants_one_line(grants,
		    user.grants.len);
	}
	if (!users_table_add(r->table, &user, r->csv.line))
		r->bad(r->arg, r->csv.line,
		    "an earlier line has the same name");
}

/* Returns false if the form is wrong, after it said so. */
static bool
read_records(struct reader *r)
{
	struct span fields[COLUMNS + 1];
	enum csv_result result;
	const char *why;
	bool first;
	size_t n, have;

	first = true;
	while ((result = csv_next(&r->csv, fields, COLUMNS + 1, &n,
	    &why)) == CSV_RECORD) {
		have = n <= COLUMNS ? n : COLUMNS + 1;
		if (!first || !is_header(fields, have))
			add_user(r, fields, have);
		else if (!read_header(r, fields, have))
			return (false);
		first = false;
	}
	if (result == CSV_BAD)
		r->bad(r->arg, r->csv.line, why);
	return (result == CSV_END);
}

struct users_table *
users_csv_table(char *buf, size_t len, bool *passwords,
    void (*bad)(void *, unsigned int, const char *), void *arg)
{
	/* without a header */
	struct reader r = {
		.columns = { NAME, HASH, GRANTS, DISABLED }, .ncolumns = 4
	};

	if ((r.table = users_table_empty(buf, len, LINE_MIN)) == NULL) {
		bad(arg, 0, "out of memory");
		return (NULL);
	}
	r.bad = bad;
	r.arg = arg;
	csv_init(&r.csv, buf, len);
	if (!read_records(&r)) {
		users_table_free(r.table);
		return (NULL);
	}
	*passwords = has_column(&r, PASSWORD);
	return (r.table);
}
