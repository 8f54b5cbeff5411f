/*
 * Connection strings, without any server: what libpq is given, or what is
 * wrong.
 */
#include "conninfo.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system.h"
#include "tap.h"

#define SECRET	"s3cret"

/* no name has so long a label, so nobody is asked for it */
#define LABEL	"abcdefghijklmnopqrstuvwxyzabcdefghijklmn" \
		"opqrstuvwxyzabcdefghijklmn"

static char dir[] = "/tmp/jwtd-conninfo.XXXXXXXXXX";

static const struct {
	const char	*name;
	mode_t		 mode;
	const char	*text;
} files[] = {
	{ "service", 0644,
	    "# services\n"
	    "[plain]\n"
	    "host=127.0.0.1\n"
	    "port=6543\n"
	    "dbname=users\n"
	    "user=signer\n"
	    "\n"
	    "[secret]\n"
	    "host=/run/db\n"
	    "user=signer\n"
	    "password=" SECRET "\n"
	    "[disabled]\n"
	    "host=127.0.0.1\n"
	    "sslmode=disable\n"
	    "[bad]\n"
	    "host=127.0.0.1\n"
	    "nonsense\n" },
	{ "pass", 0600,
	    "# passwords\n"
	    "127.0.0.1:5432:users:signer:" SECRET "\n"
	    "127.0.0.2:*:*:*:" SECRET "\n"
	    "127.0.0.3:*:*:*:other\n"
	    "127.0.0.4:7777:*:*:seven\n"
	    "127.0.0.4:8888:*:*:eight\n"
	    "localhost:*:*:*:socket\n"
	    "/run/db:*:*:*:directory\n"
	    "db.example.com:*:*:*:named\n"
	    "\\:\\:1:*:*:*:six\n" },
	{ "group", 0640, "*:*:*:*:" SECRET "\n" },
	{ "others", 0604, "*:*:*:*:" SECRET "\n" },
	{ "empty", 0600, "" },
};

/* DIR is the directory of the files above. */
static const struct {
	const char	*what;
	const char	*string;
	bool		 confined;
	const char	*directory;	/* NULL: not looked at */
	const char	*want[6];	/* "keyword=value", or "keyword=" */
} good[] = {
	{ "a socket", "host=/run/db user=u", true, "/run/db",
	    { "host=/", "hostaddr=", "port=5432", "user=u", "dbname=u",
	    "sslmode=prefer" } },
	{ "a socket, not confined", "host=/run/db user=u", false, "/run/db",
	    { "host=/run/db", "hostaddr=", "port=5432" } },
	{ "another port of a socket", "host=/run/db port=5433", true,
	    "/run/db", { "host=/", "port=5433" } },
	{ "two sockets in one directory", "host=/run/db,/run/db port=1,2",
	    true, "/run/db", { "host=/,/", "hostaddr=,", "port=1,2" } },
	{ "sockets in two directories", "host=/a,/b", false, NULL,
	    { "host=/a,/b", "port=5432,5432" } },
	{ "a database of its own", "host=/run/db user=u dbname=d", true, NULL,
	    { "user=u", "dbname=d" } },
	{ "an address", "host=127.0.0.1", true, NULL,
	    { "host=127.0.0.1", "hostaddr=127.0.0.1", "port=5432",
	    "sslmode=verify-full", "sslrootcert=/ca-certificates.crt" } },
	{ "an address, not confined", "host=127.0.0.1", false, NULL,
	    { "host=127.0.0.1", "hostaddr=127.0.0.1", "sslmode=verify-full",
	    "sslrootcert=CA" } },
	{ "an IPv6 address", "host=::1 sslmode=disable", true, NULL,
	    { "host=::1", "hostaddr=::1" } },
	{ "a name and its address", "host=db.example.com hostaddr=127.0.0.9",
	    true, NULL, { "host=db.example.com", "hostaddr=127.0.0.9",
	    "sslmode=verify-full" } },
	{ "an address without a name", "hostaddr=127.0.0.9", true, NULL,
	    { "host=127.0.0.9", "hostaddr=127.0.0.9", "sslmode=verify-full" } },
	{ "several hosts", "host=127.0.0.1,127.0.0.2", true, NULL,
	    { "host=127.0.0.1,127.0.0.2", "hostaddr=127.0.0.1,127.0.0.2",
	    "port=5432,5432" } },
	{ "one port for all", "host=127.0.0.1,127.0.0.2 port=99", true, NULL,
	    { "port=99,99" } },
	{ "a port for each", "host=127.0.0.1,127.0.0.2 port=99,98", true, NULL,
	    { "port=99,98" } },
	{ "a port that is left out", "postgresql://127.0.0.1:99,127.0.0.2/d",
	    true, NULL, { "port=99,5432", "dbname=d" } },
	{ "names and addresses",
	    "host=a.example,b.example hostaddr=127.0.0.1,127.0.0.2", true,
	    NULL, { "host=a.example,b.example",
	    "hostaddr=127.0.0.1,127.0.0.2" } },
	{ "a URI", "postgresql://u:p%20w@127.0.0.1:99/d"
	    "?target_session_attrs=primary", true, NULL,
	    { "user=u", "password=p w", "port=99", "dbname=d",
	    "target_session_attrs=primary", "host=127.0.0.1" } },
	{ "both, where the directory does not matter", "host=/run/db,127.0.0.1",
	    false, NULL, { "host=/run/db,127.0.0.1", "hostaddr=,127.0.0.1",
	    "sslmode=verify-full" } },

	{ "TLS: without", "host=127.0.0.1 sslmode=disable", true, "EMPTY",
	    { "sslmode=disable", "sslrootcert=" } },
	{ "TLS: unverified", "host=127.0.0.1 sslmode=require", true, "EMPTY",
	    { "sslmode=require", "sslrootcert=" } },
	{ "TLS: verify-ca", "host=127.0.0.1 sslmode=verify-ca", true, NULL,
	    { "sslmode=verify-ca", "sslrootcert=/ca-certificates.crt" } },
	{ "TLS: prefer is no wish", "host=127.0.0.1 sslmode=prefer", true,
	    NULL, { "sslmode=verify-full" } },
	{ "TLS: a CA", "host=127.0.0.1 sslrootcert=/etc/ca/x.crt", true,
	    "/etc/ca", { "sslmode=verify-full", "sslrootcert=/x.crt" } },
	{ "TLS: a CA, not confined", "host=127.0.0.1 sslrootcert=/etc/ca/x.crt",
	    false, NULL, { "sslrootcert=/etc/ca/x.crt" } },
	{ "TLS: a CA in the root", "host=127.0.0.1 sslrootcert=/x.crt", true,
	    "/", { "sslrootcert=/x.crt" } },
	{ "TLS: a certificate beside it", "host=127.0.0.1 "
	    "sslrootcert=/etc/ca/x.crt sslcert=/etc/ca/c.crt "
	    "sslkey=/etc/ca/c.key", true, "/etc/ca",
	    { "sslrootcert=/x.crt", "sslcert=/c.crt", "sslkey=/c.key" } },
	{ "TLS: one elsewhere, not confined", "host=127.0.0.1 "
	    "sslrootcert=/etc/ca/x.crt sslcert=/etc/c.crt", false, NULL,
	    { "sslrootcert=/etc/ca/x.crt", "sslcert=/etc/c.crt" } },
	{ "TLS: files mean nothing to a socket", "host=/run/db "
	    "sslrootcert=/etc/ca/x.crt", true, "/run/db", { "host=/" } },

	{ "service", "service=plain", true, NULL,
	    { "host=127.0.0.1", "port=6543", "dbname=users", "user=signer",
	    "sslmode=verify-full", "password=" } },
	{ "service: the string comes first", "service=plain port=1 dbname=d",
	    true, NULL, { "port=1", "dbname=d", "user=signer" } },
	{ "service: with a password", "service=secret", true, "/run/db",
	    { "host=/", "password=" SECRET, "user=signer" } },
	{ "service: with sslmode", "service=disabled", true, "EMPTY",
	    { "sslmode=disable" } },
	{ "service: as a URI", "postgresql:///?service=plain", true, NULL,
	    { "host=127.0.0.1", "port=6543" } },

	{ "password file", "host=127.0.0.1 user=signer dbname=users "
	    "passfile=DIR/pass", true, NULL,
	    { "password=" SECRET, "passfile=/nonexistent" } },
	{ "password file: no line", "host=127.0.0.1 user=other "
	    "passfile=DIR/pass", true, NULL,
	    { "password=", "passfile=/nonexistent" } },
	{ "password file: not there", "host=127.0.0.1 passfile=DIR/none",
	    true, NULL, { "password=" } },
	{ "password file: empty", "host=127.0.0.1 passfile=DIR/empty", true,
	    NULL, { "password=" } },
	{ "password file: the string has one", "host=127.0.0.1 user=signer "
	    "dbname=users password=own passfile=DIR/pass", true, NULL,
	    { "password=own" } },
	{ "password file: then its mode does not matter", "host=127.0.0.1 "
	    "password=own passfile=DIR/group", true, NULL,
	    { "password=own" } },
	{ "password file: for a service", "service=plain port=5432 "
	    "passfile=DIR/pass", true, NULL, { "password=" SECRET } },
	{ "password file: a socket is localhost", "host=/run/x "
	    "passfile=DIR/pass", true, NULL, { "password=socket" } },
	{ "password file: or its directory", "host=/run/db passfile=DIR/pass",
	    true, NULL, { "password=directory" } },
	{ "password file: also if not confined", "host=/run/db "
	    "passfile=DIR/pass", false, NULL, { "password=directory" } },
	{ "password file: the name, not the address",
	    "host=db.example.com hostaddr=127.0.0.3 passfile=DIR/pass", true,
	    NULL, { "password=named" } },
	{ "password file: the address without a name",
	    "hostaddr=127.0.0.3 passfile=DIR/pass", true, NULL,
	    { "password=other" } },
	{ "password file: an IPv6 address", "host=::1 passfile=DIR/pass", true,
	    NULL, { "password=six" } },
	{ "password file: by port", "host=127.0.0.4 port=8888 "
	    "passfile=DIR/pass", true, NULL, { "password=eight" } },
	{ "password file: the same for two hosts", "host=127.0.0.1,127.0.0.2 "
	    "user=signer dbname=users passfile=DIR/pass", true, NULL,
	    { "password=" SECRET } },
	{ "password file: for one of two hosts", "host=127.0.0.9,127.0.0.2 "
	    "passfile=DIR/pass", true, NULL, { "password=" SECRET } },

	{ "fixed", "host=127.0.0.1 gssencmode=require client_encoding=LATIN1",
	    true, NULL, { "gssencmode=disable", "client_encoding=UTF8",
	    "fallback_application_name=jwtd-signer" } },
	{ "kept", "host=127.0.0.1 channel_binding=require "
	    "application_name=x tcp_user_timeout=7 keepalives_idle=8 "
	    "ssl_min_protocol_version=TLSv1.3 krbsrvname=k", true, NULL,
	    { "channel_binding=require", "application_name=x",
	    "tcp_user_timeout=7", "keepalives_idle=8",
	    "ssl_min_protocol_version=TLSv1.3", "krbsrvname=k" } },
	{ "kept: requirepeer", "host=/run/db requirepeer=postgres", false,
	    NULL, { "requirepeer=postgres" } },
};

/* The message has to say that, on one line, and no password. */
static const struct {
	const char	*what;
	const char	*string;
	bool		 confined;
	const char	*message;
} bad[] = {
	{ "no option", "nonsense", true, "missing" },
	{ "an unknown option", "host=127.0.0.1 nosuch=1", true, "\"nosuch\"" },
	{ "an unknown parameter", "postgresql://127.0.0.1/d?nosuch=1", true,
	    "\"nosuch\"" },
	{ "a bad sslmode", "host=127.0.0.1 sslmode=sure password=" SECRET,
	    true, "sslmode" },
	{ "a bad target", "host=127.0.0.1 target_session_attrs=best "
	    "password=" SECRET, true, "target_session_attrs" },
	{ "a bad channel_binding", "host=127.0.0.1 channel_binding=x", true,
	    "channel_binding" },
	{ "no such service", "service=nosuch password=" SECRET, true,
	    "\"nosuch\" not found" },
	{ "a bad service file", "service=bad", true, "syntax error" },
	{ "no such host", "host=" LABEL " password=" SECRET, true,
	    "host \"" LABEL "\": " },
	{ "the second is no host", "host=127.0.0.1," LABEL, true, LABEL },
	{ "too few ports", "host=127.0.0.1,127.0.0.2,127.0.0.3 port=1,2", true,
	    "3 hosts and 2 ports" },
	{ "too many ports", "host=127.0.0.1 port=1,2", true,
	    "1 hosts and 2 ports" },
	{ "too few addresses", "host=a.example,b.example hostaddr=127.0.0.1",
	    true, "2 hosts and 1 addresses" },
	{ "too many hosts", "host=127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,"
	    "127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,"
	    "127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,127.0.0.1,"
	    "127.0.0.1", true, "too many hosts" },
	{ "two directories", "host=/a,/b password=" SECRET, true,
	    "sockets in two directories, \"/a\" and \"/b\"" },
	{ "a socket and a host", "host=/a,127.0.0.1 password=" SECRET, true,
	    "hosts with and without a socket" },
	{ "a host and a socket", "host=127.0.0.1,/a", true,
	    "hosts with and without a socket" },
	{ "a socket's peer", "host=/a requirepeer=postgres", true,
	    "requirepeer" },
	{ "a certificate elsewhere", "host=127.0.0.1 sslrootcert=/a/ca.crt "
	    "sslcert=/b/c.crt password=" SECRET, true,
	    "sslcert \"/b/c.crt\" is not in \"/a\"" },
	{ "a key elsewhere", "host=127.0.0.1 sslrootcert=/a/ca.crt "
	    "sslcert=/a/c.crt sslkey=/b/c.key", true,
	    "sslkey \"/b/c.key\" is not in \"/a\"" },
	{ "a CRL elsewhere", "host=127.0.0.1 sslrootcert=/a/ca.crt "
	    "sslcrl=/b/crl", true, "sslcrl \"/b/crl\" is not in \"/a\"" },
	{ "a relative path", "host=127.0.0.1 sslrootcert=ca.crt", true,
	    "sslrootcert \"ca.crt\" is not an absolute path" },
	{ "a password file of a group", "host=127.0.0.1 passfile=DIR/group",
	    true, "/group: readable by group or others (mode 0640)" },
	{ "a password file of all", "host=127.0.0.1 passfile=DIR/others", false,
	    "/others: readable by group or others (mode 0604)" },
	{ "a directory as password file", "host=127.0.0.1 passfile=DIR", true,
	    ": " },
	{ "two passwords", "host=127.0.0.2,127.0.0.3 passfile=DIR/pass", true,
	    "several passwords" },
	{ "two passwords by port", "host=127.0.0.4,127.0.0.4 port=7777,8888 "
	    "passfile=DIR/pass", true, "several passwords" },

	{ "a blank in a password", "host=127.0.0.1 password=a " SECRET " b",
	    true, "missing" },
	{ "a blank and '='", "host=127.0.0.1 password=a " SECRET "=b", true,
	    "invalid connection option" },
	{ "an open quote", "host=127.0.0.1 password='" SECRET, true, "quote" },
	{ "a misspelt option with a password",
	    "host=127.0.0.1 pasword=a " SECRET, true, "\"pasword\"" },
	{ "URI: a bad escape", "postgresql://u:" SECRET "%zz@127.0.0.1/d",
	    true, "percent-encoded" },
	{ "URI: an open bracket", "postgresql://u:" SECRET "@[::1/d", true,
	    "end of string" },
	{ "URI: after the bracket", "postgresql://u:" SECRET "@[::1]x/d", true,
	    "unexpected character" },
	{ "URI: an unknown parameter",
	    "postgresql://127.0.0.1/d?password=x&" SECRET "=x", true,
	    "invalid URI query parameter" },
	{ "URI: no value", "postgresql://127.0.0.1/d?password=x&" SECRET, true,
	    "missing" },
	{ "URI: quotes in a password",
	    "postgresql://u:%zz\"" SECRET "\"" SECRET "@127.0.0.1", true,
	    "percent-encoded" },
	{ "URI: a newline in a password",
	    "postgresql://u:%zz\"" SECRET "\n" SECRET "@127.0.0.1", true,
	    "percent-encoded" },
};

static const char *
value(const struct conninfo *ci, const char *keyword, size_t len)
{
	size_t i;

	for (i = 0; conninfo_keywords(ci)[i] != NULL; i++)
		if (strlen(conninfo_keywords(ci)[i]) == len &&
		    memcmp(conninfo_keywords(ci)[i], keyword, len) == 0)
			return (conninfo_values(ci)[i]);
	return ("");
}

/* Put the directory in the place of DIR. */
static const char *
expand(const char *string)
{
	static char text[4096];
	const char *at;

	if ((at = strstr(string, "DIR")) == NULL)
		return (string);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - string), string,
	    dir, at + 3);
	return (text);
}

/* where a process with these needs is confined */
static const char *
directory(struct conninfo *ci)
{
	struct sandbox_needs needs;

	memset(&needs, 0, sizeof(needs));
	conninfo_needs(ci, &needs);
	return (needs.directories[0]);
}

static void
check_values(const struct conninfo *ci, const char *what,
    const char *const want[], size_t n)
{
	char name[256];
	const char *expected;
	size_t i, len;

	for (i = 0; i < n && want[i] != NULL; i++) {
		len = strcspn(want[i], "=");
		snprintf(name, sizeof(name), "%s: %.*s", what, (int)len,
		    want[i]);
		expected = want[i] + len + 1;
		if (strcmp(expected, "CA") == 0)
			expected = system_ca_bundle();
		/* the last name of it is all that is seen behind chroot */
		else if (strcmp(expected, "/ca-certificates.crt") == 0)
			expected = strrchr(system_ca_bundle(), '/');
		is_str(value(ci, want[i], len), expected, name);
	}
	for (i = 0; conninfo_keywords(ci)[i] != NULL; i++)
		if (conninfo_values(ci)[i] == NULL)
			ok(0, "%s: a value for each keyword", what);
	ok(conninfo_values(ci)[i] == NULL, "%s: as many values", what);
}

static void
test_good(void)
{
	struct conninfo *ci;
	const char *want;
	char err[512];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ci = conninfo_resolve(expand(good[i].string), good[i].confined,
		    err, sizeof(err));
		if (!ok(ci != NULL, "%s", good[i].what)) {
			printf("# %s\n", err);
			continue;
		}
		check_values(ci, good[i].what, good[i].want,
		    sizeof(good[i].want) / sizeof(good[i].want[0]));
		if ((want = good[i].directory) != NULL) {
			if (strcmp(want, "EMPTY") == 0)
				want = system_empty_directory();
			is_str(directory(ci), want, good[i].what);
		}
		conninfo_free(ci);
	}
}

static void
test_bad(void)
{
	struct conninfo *ci;
	char err[512];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		ci = conninfo_resolve(expand(bad[i].string), bad[i].confined,
		    err, sizeof(err));
		if (!ok(ci == NULL, "refused: %s", bad[i].what)) {
			conninfo_free(ci);
			continue;
		}
		if (!ok(strstr(err, bad[i].message) != NULL, "message: %s",
		    bad[i].what) ||
		    !ok(strchr(err, '\n') == NULL, "one line: %s",
		    bad[i].what) ||
		    !ok(strstr(err, SECRET) == NULL, "no password: %s",
		    bad[i].what))
			printf("# %s\n", err);
	}
}

/* The order in which the hosts are tried. */
static void
test_order(void)
{
	static const char *const want[] = {
		"127.0.0.1,127.0.0.2,127.0.0.3 1,2,3",
		"127.0.0.2,127.0.0.3,127.0.0.1 2,3,1",
		"127.0.0.3,127.0.0.1,127.0.0.2 3,1,2",
		"127.0.0.1,127.0.0.2,127.0.0.3 1,2,3",
	};
	struct conninfo *ci;
	char err[512], got[512];
	size_t i;

	ci = conninfo_resolve("host=127.0.0.1,127.0.0.2,127.0.0.3 port=1,2,3",
	    true, err, sizeof(err));
	if (!ok(ci != NULL, "three hosts"))
		return;
	is_int((long long)conninfo_hosts(ci), 3, "are three");
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		conninfo_begin_with(ci, i % 3);
		snprintf(got, sizeof(got), "%s %s",
		    value(ci, "hostaddr", 8), value(ci, "port", 4));
		is_str(got, want[i], "in order");
		is_str(value(ci, "host", 4), value(ci, "hostaddr", 8),
		    "names in the order of addresses");
	}
	conninfo_free(ci);
	ci = conninfo_resolve("host=/run/db,/run/db port=1,2", true, err,
	    sizeof(err));
	if (!ok(ci != NULL, "two sockets"))
		return;
	conninfo_begin_with(ci, 1);
	is_str(value(ci, "host", 4), "/,/", "two sockets: directories");
	is_str(value(ci, "hostaddr", 8), ",", "two sockets: no addresses");
	is_str(value(ci, "port", 4), "2,1", "two sockets: the other first");
	conninfo_free(ci);
	ci = conninfo_resolve("host=/run/db", true, err, sizeof(err));
	if (!ok(ci != NULL, "one socket"))
		return;
	is_int((long long)conninfo_hosts(ci), 1, "is one");
	conninfo_begin_with(ci, 0);
	is_str(value(ci, "host", 4), "/", "and stays");
	conninfo_free(ci);
}

/* What libpq takes from the environment, and that nothing of it is left. */
static void
test_environment(void)
{
	struct conninfo *ci;
	char err[512], path[64];

	snprintf(path, sizeof(path), "%s/pass", dir);
	(void)setenv("PGHOST", "127.0.0.2", 1);
	(void)setenv("PGUSER", "env", 1);
	(void)setenv("PGPASSFILE", path, 1);
	ci = conninfo_resolve("port=99", true, err, sizeof(err));
	if (ok(ci != NULL, "environment")) {
		is_str(value(ci, "hostaddr", 8), "127.0.0.2", "PGHOST");
		is_str(value(ci, "user", 4), "env", "PGUSER");
		is_str(value(ci, "password", 8), SECRET, "PGPASSFILE");
		conninfo_free(ci);
	}
	(void)unsetenv("PGHOST");
	(void)unsetenv("PGUSER");
	(void)unsetenv("PGPASSFILE");
	ci = conninfo_resolve("service=plain", true, err, sizeof(err));
	ok(ci != NULL && getenv("PGSERVICE") == NULL,
	    "a service is not left in the environment");
	if (ci != NULL)
		conninfo_free(ci);
}

static void
test_usual_socket(void)
{
	struct conninfo *ci;
	char err[512];

	ci = conninfo_resolve("", true, err, sizeof(err));
	if (!ok(ci != NULL, "nothing said"))
		return;
	is_str(directory(ci), system_postgres_directory(),
	    "nothing said: the usual directory");
	is_str(value(ci, "host", 4), "/", "nothing said: a socket");
	conninfo_free(ci);
}

/* What the sandbox has to leave: written as "directories|ports|local". */
static void
is_needed(const char *string, bool confined, const char *want)
{
	struct sandbox_needs needs;
	struct conninfo *ci;
	char err[512], got[512], one[256];
	size_t i;

	memset(&needs, 0, sizeof(needs));
	ci = conninfo_resolve(string, confined, err, sizeof(err));
	if (!ok(ci != NULL, "%s", string))
		return;
	conninfo_needs(ci, &needs);
	got[0] = '\0';
	for (i = 0; i < needs.ndirectories; i++) {
		snprintf(one, sizeof(one), "%s ", needs.directories[i]);
		strlcat(got, one, sizeof(got));
	}
	strlcat(got, "|", sizeof(got));
	for (i = 0; i < needs.nports; i++) {
		snprintf(one, sizeof(one), "%u ", (unsigned int)needs.ports[i]);
		strlcat(got, one, sizeof(got));
	}
	strlcat(got, needs.local ? "|local" : "|", sizeof(got));
	is_str(got, want, string);
	ok(!needs.write, "%s: writes no file", string);
	conninfo_free(ci);
}

static void
test_needs(void)
{
	is_needed("host=/nowhere port=5433", true, "/nowhere ||local");
	is_needed("host=/nowhere", false, "/nowhere ||local");
	is_needed("hostaddr=127.0.0.1,127.0.0.2 port=1,2 "
	    "sslrootcert=/nowhere/ca.crt", true, "/nowhere |1 2 |");
	/* not confined, they are wherever they are */
	is_needed("hostaddr=127.0.0.1 port=65535 sslrootcert=/nowhere/ca.crt "
	    "sslcert=/elsewhere/a sslkey=/elsewhere/b", false,
	    "/var/empty /nowhere /elsewhere /elsewhere |65535 |");
	is_needed("hostaddr=127.0.0.1 sslmode=disable", true,
	    "/var/empty |5432 |");
}

static void
each_file(bool make)
{
	char path[64];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
		if (!make) {
			(void)unlink(path);
			continue;
		}
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd == -1 || write(fd, files[i].text,
		    strlen(files[i].text)) == -1 ||
		    fchmod(fd, files[i].mode) == -1)
			abort();
		close(fd);
	}
}

int
main(void)
{
	static const char *const variables[] = {
		"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER",
		"PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSYSCONFDIR",
		"PGSSLMODE", "PGSSLROOTCERT", "PGOPTIONS",
		"PGTARGETSESSIONATTRS"
	};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		(void)unsetenv(variables[i]);
	if (mkdtemp(dir) == NULL)
		return (1);
	each_file(true);
	snprintf(path, sizeof(path), "%s/service", dir);
	(void)setenv("PGSERVICEFILE", path, 1);
	test_usual_socket();
	test_needs();
	test_good();
	test_bad();
	test_order();
	test_environment();
	each_file(false);
	(void)rmdir(dir);
	return (done());
}
