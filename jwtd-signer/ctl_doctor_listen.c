/*
 * jwtctl doctor, servers: whether their addresses are there, and what is unsafe
 * in how they are reached and whom they believe.  It connects to nothing and
 * takes no port.
 */
#include "ctl_doctor.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "file.h"

#define NAME_SIZE	1024

static bool
serves(const struct conf_listener *l, enum conf_service service)
{
	size_t i;

	for (i = 0; i < l->nservers; i++)
		if (doctor_location(l->servers[i], service) != NULL)
			return (true);
	return (false);
}

static bool
trusts_anyone(const struct conf_listener *l)
{
	size_t i;

	for (i = 0; i < l->nservers; i++)
		if (!TAILQ_EMPTY(&l->servers[i]->trusted))
			return (true);
	return (false);
}

/* Where a Unix socket is to be; returns whether all is well. */
static bool
check_folder(struct doctor *d, const char *path)
{
	struct stat st;
	const char *base;
	unsigned int mode;
	char *dir;
	bool good;

	if ((dir = file_directory(path, &base)) == NULL)
		return (false);
	good = false;
	if (stat(dir, &st) == -1) {
		doctor_say(d, DOCTOR_ERROR, "listen on %s: %s: %s", path, dir,
		    strerror(errno));
		goto out;
	}
	mode = (unsigned int)st.st_mode & 07777;
	if (!S_ISDIR(st.st_mode))
		doctor_say(d, DOCTOR_ERROR, "listen on %s: %s: not a folder",
		    path, dir);
	else if ((mode & S_IWOTH) != 0 && (mode & S_ISVTX) == 0)
		doctor_say(d, DOCTOR_ERROR, "listen on %s: everybody can put "
		    "another socket in its place: %s is writable by others "
		    "(mode %04o)", path, dir, mode);
	else if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		doctor_say(d, DOCTOR_ERROR, "listen on %s: something that is "
		    "no socket is there", path);
	else
		good = true;
out:
	free(dir);
	return (good);
}

/*
 * Is it an address of this machine?  Tried with a port that the system chooses,
 * so that nobody, jwtd above all, is kept from its own.
 */
static bool
check_address(struct doctor *d, const struct conf_listener *l,
    const char *name)
{
	struct sockaddr_storage ss;
	bool good;
	int fd;

	ss = l->ss;
	if (l->family == AF_INET)
		((struct sockaddr_in *)&ss)->sin_port = 0;
	else
		((struct sockaddr_in6 *)&ss)->sin6_port = 0;
	fd = socket(l->family, SOCK_STREAM, 0);
	good = fd != -1 &&
	    bind(fd, (const struct sockaddr *)&ss, l->ss_len) == 0;
	if (!good)
		doctor_say(d, DOCTOR_ERROR, "listen on %s: %s", name,
		    strerror(errno));
	if (fd != -1)
		close(fd);
	return (good);
}

/* What travels in the clear, and who may say who a client is. */
static bool
check_safety(struct doctor *d, const struct conf_listener *l,
    const char *name)
{
	bool clear, good;

	good = true;
	clear = !l->tls && !conf_listener_loopback(l);
	if (clear && (serves(l, CONF_GRANT) || serves(l, CONF_REVOKE) ||
	    serves(l, CONF_INTROSPECTION))) {
		doctor_say(d, DOCTOR_ERROR, "listen on %s: passwords and "
		    "tokens travel in the clear", name);
		good = false;
	} else if (clear) {
		doctor_say(d, DOCTOR_WARNING, "listen on %s: %s", name,
		    serves(l, CONF_RESOURCE) ? "tokens travel in the clear" :
		    "without TLS");
		good = false;
	}
	if (l->proxy && !conf_listener_loopback(l) && !trusts_anyone(l)) {
		doctor_say(d, DOCTOR_ERROR, "listen on %s: no server there "
		    "has \"trusted proxy\", so that every connection from "
		    "another host is ended", name);
		good = false;
	}
	return (good);
}

void
doctor_listeners(struct doctor *d)
{
	const struct conf_listener *l;
	char name[NAME_SIZE];
	bool there;

	TAILQ_FOREACH(l, &d->conf->listeners, entry) {
		(void)conf_listener_name(l, name, sizeof(name));
		there = l->family == AF_UNIX ? check_folder(d, name) :
		    check_address(d, l, name);
		if (check_safety(d, l, name) && there)
			doctor_say(d, DOCTOR_OK, "listen on %s%s%s", name,
			    l->tls ? " with TLS" : "",
			    l->proxy ? " behind a proxy" : "");
	}
}

static void
check_trusted(struct doctor *d, const struct conf_server *server)
{
	const struct conf_network *network;

	TAILQ_FOREACH(network, &server->trusted, entry) {
		if (network->bits == 0)
			doctor_say(d, DOCTOR_ERROR, "server \"%s\": trusted "
			    "proxy %s is everybody: any client can claim any "
			    "address", server->name, network->text);
		else if (network->bits < (network->family == AF_INET ? 8 : 16))
			doctor_say(d, DOCTOR_WARNING, "server \"%s\": trusted "
			    "proxy %s is very wide", server->name,
			    network->text);
	}
}

/* A header that a proxy copies must not be one that means something else. */
static void
check_forwards(struct doctor *d, const struct conf_location *location)
{
	static const char *const taken[] = { "Authorization", "Cookie",
	    "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
	    "X-Forwarded-Proto", "X-Real-IP" };
	const struct conf_forward *forward;
	size_t i;

	TAILQ_FOREACH(forward, &location->forwards, entry) {
		for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
			if (strcasecmp(forward->header, taken[i]) == 0)
				doctor_say(d, DOCTOR_WARNING, "location "
				    "\"%s%s\": header \"%s\" means something "
				    "else to those behind a proxy",
				    location->path, location->prefix ? "*" :
				    "", forward->header);
		if (strchr(forward->header, '_') != NULL)
			doctor_say(d, DOCTOR_WARNING, "location \"%s%s\": "
			    "many servers drop header \"%s\", or take it for "
			    "one with \"-\"", location->path,
			    location->prefix ? "*" : "", forward->header);
	}
}

/* The same subject of two issuers is two people. */
static void
check_issuers(struct doctor *d, const struct conf_location *location)
{
	const struct conf_forward *forward;
	const struct conf_trust *trust;
	unsigned int n;

	n = d->conf->signer != NULL;
	TAILQ_FOREACH(trust, &d->conf->trusts, entry)
		n++;
	if (n < 2)
		return;
	TAILQ_FOREACH(forward, &location->forwards, entry)
		if (strcmp(forward->claim, "iss") == 0)
			return;
	doctor_say(d, DOCTOR_WARNING, "location \"%s%s\": takes the tokens of "
	    "%u issuers and does not forward claim \"iss\", so that the same "
	    "X-Auth-Subject may be another one's", location->path,
	    location->prefix ? "*" : "", n);
}

void
doctor_servers(struct doctor *d)
{
	const struct conf_location *location;
	const struct conf_server *server;

	TAILQ_FOREACH(server, &d->conf->servers, entry) {
		check_trusted(d, server);
		TAILQ_FOREACH(location, &server->locations, entry) {
			if (location->service != CONF_RESOURCE)
				continue;
			check_forwards(d, location);
			check_issuers(d, location);
		}
	}
}
