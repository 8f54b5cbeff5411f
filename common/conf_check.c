/*
 * What only the whole of a configuration shows: what is missing in it, and
 * what does not fit together.  What had an error inside is not said to miss
 * anything: that would be the same error again.
 */
#include "conf_internal.h"

#include <string.h>

struct check {
	const struct conf	*conf;
	const char		*file;		/* where a block names none */
	struct conf_errors	 errors;
};

static const char *
name_of(const struct check *c, const char *file)
{
	return (file != NULL ? file : c->file);
}

/* the part of a path before its last name */
static size_t
directory_len(const char *path)
{
	const char *slash;

	slash = strrchr(path, '/');
	return (slash != NULL ? (size_t)(slash - path) + 1 : 0);
}

/* Where the store is, the signer can go, and nowhere else. */
static void
check_revocations(struct check *c, const struct conf_signer *s)
{
	const char *file, *path, *why;
	size_t len;

	path = s->revocations.file;
	why = NULL;
	if (s->store == CONF_STORE_POSTGRES) {
		if (path != NULL)
			why = "in a file are for \"store file\"";
	} else if (path == NULL)
		why = "need a file, as the users are in one";
	else {
		len = directory_len(s->store_arg);
		if (len != directory_len(path) ||
		    strncmp(path, s->store_arg, len) != 0)
			why = "must be in the directory of the users file";
		else if (path[len] == '\0')
			why = "need a file's path";
		else if (strcmp(path, s->store_arg) == 0)
			why = "must not be in the users file itself";
	}
	file = name_of(c, s->file);
	if (why != NULL)
		conf_error(&c->errors, file, s->line, "revocations %s", why);
}

static void
check_signer(struct check *c, const struct conf_signer *s)
{
	const struct conf_key *key;
	const char *file;
	int signing;

	signing = 0;
	TAILQ_FOREACH(key, &s->keys, entry)
		if (!key->retired && ++signing > 1)
			conf_error(&c->errors, name_of(c, key->file),
			    key->line, "second key that signs \"%s\": one of "
			    "them must be \"retired\"", key->path);
	key = TAILQ_FIRST(&s->keys);
	if (key != NULL && s->directory != NULL)
		conf_error(&c->errors, name_of(c, key->file), key->line,
		    "key \"%s\" beside keys \"%s\": a signer has either",
		    key->path, s->directory);
	if (s->partial)
		return;
	file = name_of(c, s->file);
	if (s->issuer == NULL)
		conf_error(&c->errors, file, s->line, "signer has no issuer");
	if (signing == 0 && s->directory == NULL)
		conf_error(&c->errors, file, s->line, TAILQ_EMPTY(&s->keys) ?
		    "signer has no key" :
		    "signer has no key that is not retired");
	if (s->store_arg == NULL)
		conf_error(&c->errors, file, s->line, "signer has no store");
	else if (s->revocations.on)
		check_revocations(c, s);
	/* no token is given again with less of its life */
	if (s->reuse > s->lifetime / 2)
		conf_error(&c->errors, file, s->line, "reuse of %us is more "
		    "than half of the lifetime of %us", s->reuse, s->lifetime);
}

static void
check_trust(struct check *c, const struct conf_trust *t)
{
	const struct conf_signer *signer;
	const struct conf_trust *other;
	const char *file;

	file = name_of(c, t->file);
	signer = c->conf->signer;
	if (signer != NULL && signer->issuer != NULL &&
	    strcmp(signer->issuer, t->issuer) == 0)
		conf_error(&c->errors, file, t->line,
		    "trust \"%s\" is the signer's own issuer", t->issuer);
	TAILQ_FOREACH(other, &c->conf->trusts, entry) {
		if (other == t)
			break;
		if (strcmp(other->issuer, t->issuer) == 0) {
			conf_error(&c->errors, file, t->line,
			    "duplicate trust \"%s\"", t->issuer);
			break;
		}
	}
	if (t->path == NULL && !t->partial)
		conf_error(&c->errors, file, t->line,
		    "trust \"%s\" has no jwks and no key", t->issuer);
	if (t->ca != NULL && t->path != NULL && t->source != CONF_TRUST_HTTPS)
		conf_error(&c->errors, file, t->line,
		    "trust \"%s\" has a ca, but is read from a file",
		    t->issuer);
}

/* what a service needs elsewhere in the file, or NULL */
static const char *
missing_elsewhere(const struct conf *conf, enum conf_service service)
{
	switch (service) {
	case CONF_REVOKE:
		return (conf->signer == NULL ? "a signer" :
		    !conf->signer->revocations.on && !conf->signer->partial ?
		    "\"revocations\" in the signer block" : NULL);
	case CONF_GRANT:
	case CONF_INTROSPECTION:
	case CONF_JWKS:
	case CONF_METADATA:
		return (conf->signer == NULL ? "a signer" : NULL);
	case CONF_RESOURCE:
		return (conf->signer == NULL && TAILQ_EMPTY(&conf->trusts) ?
		    "a signer or a trust" : NULL);
	case CONF_METRICS:
	case CONF_HEALTH:
	case CONF_NONE:
		break;
	}
	return (NULL);
}

static void
check_location(struct check *c, const struct conf_location *l)
{
	const char *file, *missing, *star;

	file = name_of(c, l->file);
	star = l->prefix ? "*" : "";
	if (l->service == CONF_NONE && !l->partial)
		conf_error(&c->errors, file, l->line,
		    "location \"%s%s\" has no service", l->path, star);
	if ((l->service == CONF_GRANT || l->service == CONF_RESOURCE) &&
	    l->audience.n == 0 && !l->partial)
		conf_error(&c->errors, file, l->line,
		    "location \"%s%s\" has no audience", l->path, star);
	if (l->service == CONF_INTROSPECTION && l->scope == NULL && !l->partial)
		conf_error(&c->errors, file, l->line,
		    "location \"%s%s\" has no scope", l->path, star);
	if (c->conf->signer != NULL && !c->conf->signer->partial &&
	    l->lifetime > c->conf->signer->lifetime)
		conf_error(&c->errors, file, l->line, "the lifetime of "
		    "location \"%s%s\" is longer than the signer's", l->path,
		    star);
	missing = missing_elsewhere(c->conf, l->service);
	if (missing != NULL && !c->conf->partial)
		conf_error(&c->errors, file, l->line,
		    "location \"%s%s\" needs %s", l->path, star, missing);
}

/* What had an error inside may be just what seems to be missing. */
static bool
may_have_grant(const struct conf_server *s)
{
	const struct conf_location *l;

	TAILQ_FOREACH(l, &s->locations, entry)
		if (!l->prefix && (l->service == CONF_GRANT ||
		    (l->service == CONF_NONE && l->partial)))
			return (true);
	return (s->partial);
}

/* RFC 8414 section 2: what metadata must say */
static void
check_metadata(struct check *c, const struct conf_server *s,
    const struct conf_location *l)
{
	const struct conf_signer *signer;
	const char *file, *star, *why;

	file = name_of(c, l->file);
	star = l->prefix ? "*" : "";
	signer = c->conf->signer;
	if (signer != NULL && signer->issuer != NULL &&
	    (why = conf_issuer_url(signer->issuer)) != NULL)
		conf_error(&c->errors, file, l->line, "location \"%s%s\" "
		    "needs another issuer than \"%s\": %s", l->path, star,
		    signer->issuer, why);
	if (!may_have_grant(s))
		conf_error(&c->errors, file, l->line, "location \"%s%s\" "
		    "needs a grant location without \"*\" in its server",
		    l->path, star);
}

static void
check_server(struct check *c, const struct conf_server *s)
{
	const struct conf_location *location;
	char name[CONF_MAX_STRING];
	const char *file;
	size_t i;

	TAILQ_FOREACH(location, &s->locations, entry) {
		check_location(c, location);
		if (location->service == CONF_METADATA)
			check_metadata(c, s, location);
	}
	if (s->partial)
		return;
	file = name_of(c, s->file);
	if (s->nlisteners == 0)
		conf_error(&c->errors, file, s->line,
		    "server \"%s\" has no listen", s->name);
	if (TAILQ_EMPTY(&s->locations))
		conf_error(&c->errors, file, s->line,
		    "server \"%s\" has no location", s->name);
	if (s->tls_certificate != NULL && s->tls_key != NULL)
		return;
	for (i = 0; i < s->nlisteners; i++)
		if (s->listeners[i]->tls)
			conf_error(&c->errors, name_of(c, s->file), s->line,
			    "server \"%s\" has no tls block for %s", s->name,
			    conf_listener_name(s->listeners[i], name,
			    sizeof(name)));
}

static void
defaults(struct conf_server *server)
{
	struct conf_location *location;

	TAILQ_FOREACH(location, &server->locations, entry)
		if (location->realm == NULL)
			location->realm = conf_dup(server->name);
}

int
conf_check(struct conf *conf, const char *file, FILE *errors)
{
	struct conf_server *server;
	const struct conf_trust *trust;
	struct check c;

	memset(&c, 0, sizeof(c));
	c.conf = conf;
	c.file = file;
	c.errors.out = errors;
	if (conf->signer != NULL)
		check_signer(&c, conf->signer);
	TAILQ_FOREACH(trust, &conf->trusts, entry)
		check_trust(&c, trust);
	TAILQ_FOREACH(server, &conf->servers, entry) {
		check_server(&c, server);
		defaults(server);
	}
	if (TAILQ_EMPTY(&conf->servers) && !conf->partial)
		conf_error(&c.errors, file, 1, "no server");
	return (c.errors.n);
}
