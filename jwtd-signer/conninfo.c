/*
 * libpq's connection string.  Runs once, in the signer's master, while that can
 * still read what only root can; the password is in this struct's memory and in
 * libpq's, and nowhere else.
 */
#include "conninfo_internal.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "pgpass.h"
#include "system.h"

#define HOSTS_MAX	16		/* addresses of all hosts */
#define DEFAULT_PORT	"5432"
#define PASSWORD_MAX	1024
#define PASSFILE_MAX	((size_t)256 * 1024)

static size_t
count_items(const char *list)
{
	size_t n;

	if (*list == '\0')
		return (0);
	for (n = 1; (list = strchr(list, ',')) != NULL; list++)
		n++;
	return (n);
}

/* The next of a list with commas; false at its end. */
static bool
next_item(const char **list, char *out, size_t size)
{
	size_t n;

	if (*list == NULL)
		return (false);
	n = strcspn(*list, ",");
	(void)snprintf(out, size, "%.*s", (int)n, *list);
	*list = (*list)[n] == ',' ? *list + n + 1 : NULL;
	return (true);
}

static int
append(struct conninfo *ci, char list[CONNINFO_LIST_MAX], const char *item)
{
	const size_t size = CONNINFO_LIST_MAX;

	if ((ci->nhosts > 0 && strlcat(list, ",", size) >= size) ||
	    strlcat(list, item, size) >= size)
		return (conninfo_fail(ci, "too many hosts"));
	return (0);
}

static int
add_host(struct conninfo *ci, const char *host, const char *address,
    const char *port)
{
	if (ci->nhosts == HOSTS_MAX)
		return (conninfo_fail(ci, "too many hosts"));
	if (append(ci, ci->host, host) == -1 ||
	    append(ci, ci->hostaddr, address) == -1 ||
	    append(ci, ci->port, port) == -1)
		return (-1);
	ci->nhosts++;
	return (0);
}

/* Every address of a name, now: later there is nobody to ask. */
static int
look_up(struct conninfo *ci, const char *host, const char *port)
{
	struct addrinfo hints, *list, *ai;
	char address[NI_MAXHOST];
	int error, result;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	if ((error = getaddrinfo(host, NULL, &hints, &list)) != 0)
		return (conninfo_fail(ci, "host \"%s\": %s", host,
		    gai_strerror(error)));
	result = 0;
	for (ai = list; ai != NULL && result == 0; ai = ai->ai_next)
		if (getnameinfo(ai->ai_addr, ai->ai_addrlen, address,
		    sizeof(address), NULL, 0, NI_NUMERICHOST) == 0)
			result = add_host(ci, host, address, port);
	freeaddrinfo(list);
	return (result);
}

/*
 * Behind chroot the socket's directory is the root.  Several sockets then have
 * to be in the same.
 */
static int
add_socket(struct conninfo *ci, const char *host, const char *port,
    bool confined)
{
	if (ci->directory != NULL && strcmp(ci->directory, host) != 0 &&
	    confined)
		return (conninfo_fail(ci, "sockets in two directories, \"%s\" "
		    "and \"%s\"", ci->directory, host));
	if (ci->directory == NULL && (ci->directory = strdup(host)) == NULL)
		return (conninfo_fail(ci, "out of memory"));
	/* libpq would ask for the name of the server's user */
	if (confined && *conninfo_get(ci, "requirepeer") != '\0')
		return (conninfo_fail(ci, "requirepeer needs names of users, "
		    "which the signer does not see"));
	ci->nsockets++;
	return (add_host(ci, confined ? "/" : host, "", port));
}

/* libpq would refuse lists that do not fit together, but it sees others. */
static int
check_lists(struct conninfo *ci)
{
	size_t hosts, addresses, ports;

	hosts = count_items(conninfo_get(ci, "host"));
	addresses = count_items(conninfo_get(ci, "hostaddr"));
	ports = count_items(conninfo_get(ci, "port"));
	if (hosts != 0 && addresses != 0 && hosts != addresses)
		return (conninfo_fail(ci, "%zu hosts and %zu addresses", hosts,
		    addresses));
	if (addresses > hosts)
		hosts = addresses;
	if (ports > 1 && ports != hosts)
		return (conninfo_fail(ci, "%zu hosts and %zu ports", hosts,
		    ports));
	return (0);
}

/* The lists of hosts, addresses and ports, each host with its port. */
static int
read_hosts(struct conninfo *ci, bool confined)
{
	char host[CONNINFO_LIST_MAX], address[CONNINFO_LIST_MAX];
	char port[CONNINFO_LIST_MAX];
	const char *hosts, *addresses, *ports;
	bool more, last_port;
	int result;

	if (check_lists(ci) == -1)
		return (-1);
	hosts = conninfo_get(ci, "host");
	if (*hosts == '\0')
		hosts = NULL;
	addresses = conninfo_get(ci, "hostaddr");
	if (*addresses == '\0')
		addresses = NULL;
	ports = conninfo_get(ci, "port");
	host[0] = '\0';
	if (hosts == NULL && addresses == NULL)
		hosts = system_postgres_directory();
	last_port = strchr(ports, ',') == NULL;
	for (;;) {
		address[0] = '\0';
		more = next_item(&hosts, host, sizeof(host));
		more = next_item(&addresses, address, sizeof(address)) || more;
		if (!more)
			break;
		/* one port is for all */
		if (last_port)
			(void)strlcpy(port, ports, sizeof(port));
		else
			(void)next_item(&ports, port, sizeof(port));
		if (port[0] == '\0')
			(void)strlcpy(port, DEFAULT_PORT, sizeof(port));
		if (address[0] != '\0')
			result = add_host(ci, host[0] != '\0' ? host : address,
			    address, port);
		else if (host[0] == '/')
			result = add_socket(ci, host, port, confined);
		else
			result = look_up(ci, host, port);
		if (result == -1)
			return (-1);
	}
	if (ci->nsockets != 0 && ci->nsockets != ci->nhosts && confined)
		return (conninfo_fail(ci, "hosts with and without a socket's "
		    "directory"));
	return (0);
}

/*
 * To libpq a socket in the usual directory is localhost, and one in another is
 * that directory.  Here it is localhost as well, wherever it is.
 */
static bool
find_for_host(const struct conninfo *ci, const char *text, size_t len,
    struct pgpass_key *key, char *password, size_t size)
{
	if (key->host[0] != '/')
		return (pgpass_find(text, len, key, password, size));
	/* behind chroot, all are in the one that was "/" */
	if (strcmp(key->host, "/") == 0)
		key->host = ci->directory;
	if (pgpass_find(text, len, key, password, size))
		return (true);
	key->host = "localhost";
	return (pgpass_find(text, len, key, password, size));
}

/*
 * The password that the password file has for the hosts.  libpq takes one for
 * all of them when it does not read the file itself.
 */
static int
find_password(struct conninfo *ci, const char *text, size_t len)
{
	char host[CONNINFO_LIST_MAX], port[CONNINFO_LIST_MAX];
	char password[PASSWORD_MAX], other[PASSWORD_MAX];
	const char *hosts, *ports;
	struct pgpass_key key;
	int result;

	result = 0;
	hosts = ci->host;
	ports = ci->port;
	password[0] = '\0';
	while (result == 0 && next_item(&hosts, host, sizeof(host)) &&
	    next_item(&ports, port, sizeof(port))) {
		key.host = host;
		key.port = port;
		key.database = conninfo_get(ci, "dbname");
		key.user = conninfo_get(ci, "user");
		if (!find_for_host(ci, text, len, &key, other, sizeof(other)))
			continue;
		if (password[0] != '\0' && strcmp(password, other) != 0)
			result = conninfo_fail(ci, "the password file has "
			    "several passwords for these hosts");
		(void)strlcpy(password, other, sizeof(password));
	}
	if (result == 0 && password[0] != '\0')
		result = conninfo_set(ci, "password", password);
	explicit_bzero(password, sizeof(password));
	explicit_bzero(other, sizeof(other));
	return (result);
}

static int
read_password(struct conninfo *ci)
{
	const char *path, *why;
	struct stat st;
	size_t len;
	char *text;
	int result;

	path = conninfo_get(ci, "passfile");
	if (*conninfo_get(ci, "password") != '\0' || *path == '\0' ||
	    stat(path, &st) == -1)
		return (0);
	/* libpq would pass over such a file with a warning */
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return (conninfo_fail(ci, "%s: readable by group or others "
		    "(mode %04o)", path, (unsigned int)st.st_mode & 07777));
	if ((text = file_read(path, PASSFILE_MAX, &len, &why)) == NULL)
		return (conninfo_fail(ci, "%s: %s", path, why));
	result = find_password(ci, text, len);
	freezero(text, len);
	return (result);
}

/*
 * A file that libpq opens when it connects.  Behind chroot that is by its last
 * name only, and all of them are in one directory.
 */
static int
confine_file(struct conninfo *ci, const char *keyword)
{
	const char *path, *base;
	char *dir;
	int result;

	path = conninfo_get(ci, keyword);
	if (*path == '\0')
		return (0);
	if (*path != '/')
		return (conninfo_fail(ci, "%s \"%s\" is not an absolute path",
		    keyword, path));
	if ((dir = file_directory(path, &base)) == NULL)
		return (conninfo_fail(ci, "out of memory"));
	if (ci->directory == NULL) {
		ci->directory = dir;
		dir = NULL;
	}
	if (dir != NULL && strcmp(dir, ci->directory) != 0)
		result = conninfo_fail(ci, "%s \"%s\" is not in \"%s\"",
		    keyword, path, ci->directory);
	else
		result = conninfo_set(ci, keyword, base - 1);
	free(dir);
	return (result);
}

/* TLS is verified unless the string says how else, or it is a socket. */
static int
read_tls(struct conninfo *ci, bool confined)
{
	static const char *const files[] = {
		"sslrootcert", "sslcert", "sslkey", "sslcrl"
	};
	size_t i;

	if (ci->nsockets == ci->nhosts)
		return (0);
	/* libpq's default, which anybody in between could turn off */
	if (strcmp(conninfo_get(ci, "sslmode"), "prefer") == 0 &&
	    conninfo_set(ci, "sslmode", "verify-full") == -1)
		return (-1);
	if (strncmp(conninfo_get(ci, "sslmode"), "verify-", 7) == 0 &&
	    *conninfo_get(ci, "sslrootcert") == '\0' &&
	    conninfo_set(ci, "sslrootcert", system_ca_bundle()) == -1)
		return (-1);
	if (strcmp(conninfo_get(ci, "sslmode"), "disable") == 0)
		return (0);
	if (confined && *conninfo_get(ci, "sslcrldir") != '\0')
		return (conninfo_fail(ci, "sslcrldir is not seen by the "
		    "signer: use sslcrl"));
	for (i = 0; confined && i < sizeof(files) / sizeof(files[0]); i++)
		if (confine_file(ci, files[i]) == -1)
			return (-1);
	return (0);
}

static int
resolve(struct conninfo *ci, const char *string, bool confined)
{
	if (conninfo_options(ci, string) == -1 ||
	    read_hosts(ci, confined) == -1 ||
	    read_password(ci) == -1 ||
	    read_tls(ci, confined) == -1 ||
	    conninfo_set(ci, "host", ci->host) == -1 ||
	    conninfo_set(ci, "hostaddr", ci->hostaddr) == -1 ||
	    conninfo_set(ci, "port", ci->port) == -1 ||
	    conninfo_set(ci, "passfile", "/nonexistent") == -1 ||
	    conninfo_set(ci, "gssencmode", "disable") == -1 ||
	    conninfo_set(ci, "client_encoding", "UTF8") == -1 ||
	    conninfo_set(ci, "fallback_application_name", "jwtd-signer") == -1)
		return (-1);
	if (ci->directory == NULL &&
	    (ci->directory = strdup(system_empty_directory())) == NULL)
		return (conninfo_fail(ci, "out of memory"));
	return (0);
}

struct conninfo *
conninfo_resolve(const char *string, bool confined, char *err, size_t errsize)
{
	struct conninfo *ci;

	if ((ci = calloc(1, sizeof(*ci))) == NULL) {
		(void)strlcpy(err, "out of memory", errsize);
		return (NULL);
	}
	ci->err = err;
	ci->errsize = errsize;
	ci->confined = confined;
	if (resolve(ci, string, confined) == -1) {
		conninfo_free(ci);
		return (NULL);
	}
	return (ci);
}

void
conninfo_free(struct conninfo *ci)
{
	size_t i;

	for (i = 0; i < ci->n; i++)
		freezero(ci->values[i], strlen(ci->values[i]));
	for (i = 0; i < ci->nfiles; i++)
		free(ci->files[i]);
	free(ci->directory);
	freezero(ci, sizeof(*ci));
}

size_t
conninfo_hosts(const struct conninfo *ci)
{
	return (ci->nhosts);
}

/* out has room for the list, and becomes as long as it is. */
static void
rotate(char *out, const char *list, size_t first)
{
	const char *p;
	size_t len;

	for (p = list; first > 0; first--)
		p = strchr(p, ',') + 1;
	len = strlen(p);
	memcpy(out, p, len);
	if (p > list) {
		out[len++] = ',';
		memcpy(out + len, list, (size_t)(p - list) - 1);
	}
}

void
conninfo_begin_with(struct conninfo *ci, size_t first)
{
	rotate(ci->values[conninfo_find(ci, "host")], ci->host, first);
	rotate(ci->values[conninfo_find(ci, "hostaddr")], ci->hostaddr,
	    first);
	rotate(ci->values[conninfo_find(ci, "port")], ci->port, first);
}

const char *const *
conninfo_keywords(const struct conninfo *ci)
{
	return (ci->keywords);
}

const char *const *
conninfo_values(const struct conninfo *ci)
{
	return ((const char *const *)ci->values);
}
