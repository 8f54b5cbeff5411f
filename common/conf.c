/*
 * jwtd.conf(5) in memory: made, freed, and asked for the server and the
 * location that a request is for.
 */
#include "conf_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"

void
conf_error(struct conf_errors *errors, const char *file, int line,
    const char *fmt, ...)
{
	char where[32], text[CONF_MAX_STRING * 3];
	va_list ap;

	errors->n++;
	if (errors->n > CONF_MAX_ERRORS + 1)
		return;
	where[0] = '\0';
	if (line != 0)
		(void)snprintf(where, sizeof(where), "%d: ", line);
	if (errors->n == CONF_MAX_ERRORS + 1)
		(void)strlcpy(text, "too many errors", sizeof(text));
	else {
		va_start(ap, fmt);
		/* cut if need be: it is a message */
		(void)vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	if (errors->out != NULL)
		fprintf(errors->out, "%s:%s%s%s\n", file,
		    line == 0 ? " " : "", where, text);
	else
		log_warnx("%s:%s%s%s", file, line == 0 ? " " : "", where,
		    text);
}

void *
conf_alloc(size_t size)
{
	void *p;

	p = calloc(1, size);
	if (p == NULL)
		fatal("calloc");
	return (p);
}

char *
conf_dup(const char *s)
{
	char *p;

	p = strdup(s);
	if (p == NULL)
		fatal("strdup");
	return (p);
}

void *
conf_grow(void *old, size_t n, size_t size)
{
	void *p;

	p = reallocarray(old, n, size);
	if (p == NULL)
		fatal("reallocarray");
	return (p);
}

void
strings_add(struct strings *strings, const char *s)
{
	/* doubled when full, which is when the number is a power of two */
	if ((strings->n & (strings->n - 1)) == 0)
		strings->v = conf_grow(strings->v,
		    strings->n == 0 ? 1 : strings->n * 2,
		    sizeof(*strings->v));
	strings->v[strings->n++] = conf_dup(s);
}

void
strings_free(struct strings *strings)
{
	size_t i;

	for (i = 0; i < strings->n; i++)
		free(strings->v[i]);
	free(strings->v);
	strings->v = NULL;
	strings->n = 0;
}

bool
strings_has(const struct strings *strings, const char *s)
{
	size_t i;

	for (i = 0; i < strings->n; i++)
		if (strcmp(strings->v[i], s) == 0)
			return (true);
	return (false);
}

const struct conf_key *
conf_signing_key(const struct conf_signer *signer)
{
	const struct conf_key *key;

	TAILQ_FOREACH(key, &signer->keys, entry)
		if (!key->retired)
			return (key);
	fatalx("no key signs");
}

const char *
conf_service_name(enum conf_service service)
{
	switch (service) {
	case CONF_GRANT:
		return ("grant");
	case CONF_RESOURCE:
		return ("resource");
	case CONF_REVOKE:
		return ("revoke");
	case CONF_INTROSPECTION:
		return ("introspection");
	case CONF_JWKS:
		return ("jwks");
	case CONF_METADATA:
		return ("metadata");
	case CONF_METRICS:
		return ("metrics");
	case CONF_HEALTH:
		return ("health");
	case CONF_NONE:
		break;
	}
	return ("none");
}

bool
conf_is_basic(enum conf_service service)
{
	return (service == CONF_GRANT || service == CONF_REVOKE ||
	    service == CONF_INTROSPECTION);
}

struct conf *
conf_new(void)
{
	struct conf *conf;

	conf = conf_alloc(sizeof(*conf));
	conf->prefork = 2;
	conf->timeout_request = 10;
	conf->timeout_idle = 60;
	conf->limit_connections = 4096;
	conf->limit_requests = 128;
	TAILQ_INIT(&conf->trusts);
	TAILQ_INIT(&conf->servers);
	TAILQ_INIT(&conf->listeners);
	return (conf);
}

struct conf_signer *
conf_signer_new(void)
{
	struct conf_signer *signer;

	signer = conf_alloc(sizeof(*signer));
	signer->lifetime = 15 * 60;
	signer->remember = CONF_REMEMBER;
	signer->prefork = 4;
	signer->revocations.limit = CONF_REVOCATIONS;
	signer->revocations.stale = CONF_REVOCATIONS_STALE;
	TAILQ_INIT(&signer->keys);
	return (signer);
}

void
conf_signer_free(struct conf_signer *signer)
{
	struct conf_key *key;

	if (signer == NULL)
		return;
	while ((key = TAILQ_FIRST(&signer->keys)) != NULL) {
		TAILQ_REMOVE(&signer->keys, key, entry);
		free(key->path);
		free(key->certificate);
		free(key);
	}
	free(signer->directory);
	free(signer->issuer);
	free(signer->store_arg);
	free(signer->revocations.file);
	free(signer);
}

static void
location_free(struct conf_location *location)
{
	struct conf_forward *forward;

	while ((forward = TAILQ_FIRST(&location->forwards)) != NULL) {
		TAILQ_REMOVE(&location->forwards, forward, entry);
		free(forward->claim);
		free(forward->header);
		free(forward);
	}
	strings_free(&location->audience);
	free(location->path);
	free(location->scope);
	free(location->realm);
	free(location);
}

static void
server_free(struct conf_server *server)
{
	struct conf_location *location;
	struct conf_network *network;

	while ((location = TAILQ_FIRST(&server->locations)) != NULL) {
		TAILQ_REMOVE(&server->locations, location, entry);
		location_free(location);
	}
	while ((network = TAILQ_FIRST(&server->trusted)) != NULL) {
		TAILQ_REMOVE(&server->trusted, network, entry);
		free(network->text);
		free(network);
	}
	free(server->listeners);
	free(server->name);
	free(server->tls_certificate);
	free(server->tls_key);
	free(server);
}

void
conf_free(struct conf *conf)
{
	struct conf_listener *listener;
	struct conf_server *server;
	struct conf_trust *trust;

	if (conf == NULL)
		return;
	free(conf->status);
	conf_signer_free(conf->signer);
	while ((trust = TAILQ_FIRST(&conf->trusts)) != NULL) {
		TAILQ_REMOVE(&conf->trusts, trust, entry);
		free(trust->issuer);
		free(trust->path);
		free(trust->ca);
		free(trust);
	}
	while ((server = TAILQ_FIRST(&conf->servers)) != NULL) {
		TAILQ_REMOVE(&conf->servers, server, entry);
		server_free(server);
	}
	while ((listener = TAILQ_FIRST(&conf->listeners)) != NULL) {
		TAILQ_REMOVE(&conf->listeners, listener, entry);
		free(listener->address);
		free(listener->servers);
		free(listener);
	}
	strings_free(&conf->files);
	free(conf);
}

const struct conf_location *
conf_location_find(const struct conf_server *server, const char *path,
    size_t len)
{
	const struct conf_location *best, *location;

	best = NULL;
	TAILQ_FOREACH(location, &server->locations, entry) {
		if (location->path_len > len ||
		    memcmp(location->path, path, location->path_len) != 0)
			continue;
		/* nothing is longer than the path itself */
		if (!location->prefix && location->path_len == len)
			return (location);
		if (location->prefix && (best == NULL ||
		    location->path_len > best->path_len))
			best = location;
	}
	return (best);
}

const struct conf_server *
conf_server_find(const struct conf_listener *listener, const char *host,
    size_t len)
{
	size_t i;

	for (i = 0; i < listener->nservers; i++)
		if (strlen(listener->servers[i]->name) == len &&
		    strncasecmp(listener->servers[i]->name, host, len) == 0)
			return (listener->servers[i]);
	return (listener->nservers > 0 ? listener->servers[0] : NULL);
}

const char *
conf_listener_name(const struct conf_listener *listener, char *buf,
    size_t size)
{
	if (listener->family == AF_UNIX)
		(void)strlcpy(buf, listener->address, size);
	else
		/* cut if need be: it is for a log */
		(void)snprintf(buf, size, "%s%s%s port %u",
		    listener->family == AF_INET6 ? "[" : "", listener->address,
		    listener->family == AF_INET6 ? "]" : "",
		    (unsigned int)listener->port);
	return (buf);
}

bool
conf_tls(const struct conf *conf)
{
	const struct conf_listener *listener;

	TAILQ_FOREACH(listener, &conf->listeners, entry)
		if (listener->tls)
			return (true);
	return (false);
}
