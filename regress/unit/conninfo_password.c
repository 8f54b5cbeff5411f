/* Passwords in libpq's connection strings, wherever libpq finds one. */
#include <libpq-fe.h>

#include "conf.h"
#include "tap.h"

static const struct {
	const char	*string;
	bool		 want;
} cases[] = {
	{ "", false },
	{ "service=jwtd", false },
	{ "host=/run/postgresql user=signer passfile=/etc/pass", false },
	{ "postgresql:///users?host=/run/postgresql", false },
	{ "postgres://signer@db.example:5432/users", false },
	{ "postgres://h/d?user=a%3Ab&passfile=%2Fetc%2Fpass", false },
	{ "postgres://h/d%", false },
	{ "password=x", true },
	{ "host=h password = 'x y'", true },
	{ "host=h password\t=x", true },
	{ "host=h password\t\f=x", true },		/* found by fuzzing */
	{ "host=h password\v\r\n =x", true },
	{ "sslkey=k sslpassword=x", true },
	{ "postgres://u:p@h/d", true },
	{ "postgresql://u:p@h:1,i:2/d?sslmode=require", true },
	{ "postgres://u:p%40%2F@[::1]/d", true },
	{ "postgres://h/d?password=x", true },
	{ "postgres://h/d?user=u&password=x", true },
	{ "postgres://h/d?pass%77ord=x", true },
	{ "postgresql:///?%70%61ssword=x&host=h", true },
	{ "postgres://h/d?sslp%61ssword=x", true },
};

/* What libpq says of the same string; it may not take it. */
static bool
libpq_finds(const char *string)
{
	PQconninfoOption *options, *o;
	bool found;

	found = false;
	options = PQconninfoParse(string, NULL);
	for (o = options; o != NULL && o->keyword != NULL; o++)
		if ((strcmp(o->keyword, "password") == 0 ||
		    strcmp(o->keyword, "sslpassword") == 0) && o->val != NULL)
			found = true;
	PQconninfoFree(options);
	return (found);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ok(conf_conninfo_password(cases[i].string) == cases[i].want,
		    "string %zu", i);
		ok(libpq_finds(cases[i].string) == cases[i].want,
		    "... and libpq agrees");
	}
	return (done());
}
