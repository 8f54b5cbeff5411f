/*
 * jwtctl doctor: what the programs in front of a server have to know of it.
 * Each of them has its own file for how its configuration is written.
 */
#include "ctl_doctor.h"

#include <sys/socket.h>

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "log.h"

const struct conf_location *
doctor_location(const struct conf_server *server, enum conf_service service)
{
	const struct conf_location *location;

	TAILQ_FOREACH(location, &server->locations, entry)
		if (location->service == service)
			return (location);
	return (NULL);
}

bool
doctor_public(const struct conf_location *location)
{
	return (location->service == CONF_GRANT ||
	    location->service == CONF_JWKS ||
	    location->service == CONF_METADATA);
}

static bool
has_service(const struct conf_server *server, enum conf_service service)
{
	if (service != CONF_NONE)
		return (doctor_location(server, service) != NULL);
	return (doctor_location(server, CONF_GRANT) != NULL ||
	    doctor_location(server, CONF_RESOURCE) != NULL);
}

const struct conf_server *
doctor_server(struct ctl *ctl, int argc, char **argv,
    enum conf_service service)
{
	const struct conf_server *server;
	const struct conf *conf;
	const char *name, *what;

	if ((conf = ctl_conf(ctl)) == NULL)
		return (NULL);
	what = service == CONF_GRANT ? "grant" : "grant or resource";
	name = argc > optind ? argv[optind] : NULL;
	TAILQ_FOREACH(server, &conf->servers, entry) {
		if (name != NULL && strcasecmp(server->name, name) != 0)
			continue;
		if (has_service(server, service))
			return (server);
		if (name != NULL) {
			log_warnx("server \"%s\" has no %s location", name,
			    what);
			return (NULL);
		}
	}
	if (name != NULL)
		log_warnx("no such server \"%s\"", name);
	else
		log_warnx("%s: no server has a %s location", ctl->conf_path,
		    what);
	return (NULL);
}

const struct conf_listener *
doctor_listener(const struct conf_server *server,
    int (*rank)(const struct conf_listener *))
{
	const struct conf_listener *best, *l;
	char address[DOCTOR_ADDRESS];
	size_t i;

	best = NULL;
	for (i = 0; i < server->nlisteners; i++) {
		l = server->listeners[i];
		if ((l->family != AF_UNIX && l->port == 0) || rank(l) < 0)
			continue;
		if (best == NULL || rank(l) < rank(best))
			best = l;
	}
	if (best != NULL && !doctor_plain(doctor_address(best, "", address)))
		return (NULL);
	return (best);
}

const char *
doctor_address(const struct conf_listener *l, const char *prefix,
    char buf[DOCTOR_ADDRESS])
{
	const char *address;

	/* all addresses are also those of loopback */
	address = l->address;
	if (l->family == AF_INET && strcmp(address, "0.0.0.0") == 0)
		address = "127.0.0.1";
	else if (l->family == AF_INET6 && strcmp(address, "::") == 0)
		address = "::1";
	if (l->family == AF_UNIX)
		(void)snprintf(buf, DOCTOR_ADDRESS, "%s%s", prefix, address);
	else
		(void)snprintf(buf, DOCTOR_ADDRESS, "%s%s%s:%u",
		    l->family == AF_INET6 ? "[" : "", address,
		    l->family == AF_INET6 ? "]" : "",
		    (unsigned int)l->port);
	return (buf);
}

bool
doctor_plain(const char *s)
{
	return (s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:+@[]")] == '\0');
}

const char *
doctor_path(const struct conf_location *location, char *buf, size_t size)
{
	/* a longer location may take the shortest */
	static const char *const more[] = { "", "_", "__", "___" };
	size_t i;

	for (i = 0; i < (location->prefix ? 4 : 1); i++) {
		(void)snprintf(buf, size, "%s%s", location->path, more[i]);
		if (conf_location_find(location->server, buf, strlen(buf)) ==
		    location)
			return (buf);
	}
	return (NULL);
}
