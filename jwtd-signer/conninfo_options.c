/*
 * The options of libpq's connection string, its service's included.  They may
 * hold a password: no message here repeats one.
 */
#include "conninfo_internal.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
conninfo_fail(struct conninfo *ci, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(ci->err, ci->errsize, fmt, ap);
	va_end(ap);
	return (-1);
}

/* libpq's messages are lines; the first says it */
static int
fail_libpq(struct conninfo *ci, const char *message)
{
	return (conninfo_fail(ci, "%.*s", (int)strcspn(message, "\n"),
	    message));
}

size_t
conninfo_find(const struct conninfo *ci, const char *keyword)
{
	size_t i;

	for (i = 0; i < ci->n; i++)
		if (strcmp(ci->keywords[i], keyword) == 0)
			break;
	return (i);
}

const char *
conninfo_get(const struct conninfo *ci, const char *keyword)
{
	size_t i;

	i = conninfo_find(ci, keyword);
	return (i < ci->n ? ci->values[i] : "");
}

int
conninfo_set(struct conninfo *ci, const char *keyword, const char *value)
{
	size_t i;
	char *copy;

	i = conninfo_find(ci, keyword);
	if (i == CONNINFO_OPTIONS_MAX || (copy = strdup(value)) == NULL)
		return (conninfo_fail(ci, "out of memory"));
	if (i == ci->n) {
		ci->keywords[i] = keyword;
		ci->n++;
	} else
		freezero(ci->values[i], strlen(ci->values[i]));
	ci->values[i] = copy;
	return (0);
}

/* the keywords that libpq knows, as static strings */
static const char *
known_keyword(const char *keyword)
{
	static const char *const known[] = {
		"application_name", "channel_binding", "client_encoding",
		"connect_timeout", "dbname", "fallback_application_name",
		"gssencmode", "host", "hostaddr", "keepalives",
		"keepalives_count", "keepalives_idle", "keepalives_interval",
		"krbsrvname", "load_balance_hosts", "options", "passfile",
		"password", "port", "require_auth", "requirepeer", "sslcert",
		"sslcertmode", "sslcompression", "sslcrl", "sslcrldir",
		"sslkey", "ssl_max_protocol_version",
		"ssl_min_protocol_version", "sslmode", "sslnegotiation",
		"sslpassword", "sslrootcert", "sslsni", "target_session_attrs",
		"tcp_user_timeout", "user"
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i], keyword) == 0)
			return (known[i]);
	return (NULL);
}

static int
set_all(struct conninfo *ci, const PQconninfoOption *o)
{
	const char *keyword;

	for (; o->keyword != NULL; o++)
		if (o->val != NULL && *o->val != '\0' &&
		    (keyword = known_keyword(o->keyword)) != NULL &&
		    conninfo_set(ci, keyword, o->val) == -1)
			return (-1);
	return (0);
}

/*
 * Does libpq understand it all, the service's definition included?  It says so
 * only when it connects, so it is given an address that no connection can be
 * made to, and complains of that or of something else.
 */
static int
check_string(struct conninfo *ci, const char *string)
{
	static const char nowhere[] = "255.255.255.255";
	static const char *const keywords[] = {
		"dbname", "host", "hostaddr", "port", NULL
	};
	const char *values[] = { string, "nowhere", nowhere, "1", NULL };
	PGconn *conn;
	int result;

	if ((conn = PQconnectStartParams(keywords, values, 1)) == NULL)
		return (conninfo_fail(ci, "out of memory"));
	result = 0;
	if (PQstatus(conn) == CONNECTION_BAD &&
	    strstr(PQerrorMessage(conn), nowhere) == NULL)
		result = fail_libpq(ci, PQerrorMessage(conn));
	PQfinish(conn);
	return (result);
}

/*
 * What libpq says of a string that it cannot parse has parts of the string in
 * quotes, and where a quote is missing these are parts of a password.  They are
 * left out, but for an unknown option of a string without a password.
 */
static int
fail_parse(struct conninfo *ci, const char *string, const char *message)
{
	const char *first, *last;

	first = strchr(message, '"');
	if (first == NULL || (strncmp(message, "invalid ", 8) == 0 &&
	    strstr(string, "password") == NULL && strchr(string, '@') == NULL))
		return (fail_libpq(ci, message));
	last = strrchr(message, '"') + 1;
	return (conninfo_fail(ci, "%.*s\"...\"%.*s", (int)(first - message),
	    message, (int)strcspn(last, "\n"), last));
}

/*
 * The string's own options over those of its service, over the environment's
 * and the defaults.
 */
int
conninfo_options(struct conninfo *ci, const char *string)
{
	PQconninfoOption *own, *defaults, *o;
	char *message;
	int result;

	if ((own = PQconninfoParse(string, &message)) == NULL) {
		(void)fail_parse(ci, string, message != NULL ? message :
		    "out of memory");
		PQfreemem(message);
		return (-1);
	}
	if (check_string(ci, string) == -1) {
		PQconninfoFree(own);
		return (-1);
	}
	for (o = own; o->keyword != NULL; o++)
		if (strcmp(o->keyword, "service") == 0 && o->val != NULL)
			(void)setenv("PGSERVICE", o->val, 1);
	defaults = PQconndefaults();
	(void)unsetenv("PGSERVICE");
	if (defaults == NULL)
		result = conninfo_fail(ci, "out of memory");
	else
		result = set_all(ci, defaults) == -1 ? -1 : set_all(ci, own);
	PQconninfoFree(defaults);
	PQconninfoFree(own);
	if (result == 0 && *conninfo_get(ci, "dbname") == '\0')
		result = conninfo_set(ci, "dbname", conninfo_get(ci, "user"));
	return (result);
}
