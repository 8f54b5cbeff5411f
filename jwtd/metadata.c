/*
 * The metadata of RFC 8414 and, since some look nowhere else, what OpenID
 * Connect Discovery asks for besides.  All of it follows from the configuration
 * and our keys; nothing here sees a request.
 */
#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "jwk.h"
#include "log.h"
#include "percent.h"

static const struct conf_location *
exact_location(const struct conf_server *server, enum conf_service service)
{
	const struct conf_location *location;

	TAILQ_FOREACH(location, &server->locations, entry)
		if (location->service == service && !location->prefix)
			return (location);
	return (NULL);
}

/* the issuer's scheme and authority, and the path as a URL has it */
static json_t *
endpoint(const char *issuer, const struct conf_location *location)
{
	size_t origin, size;
	json_t *value;
	char *url;
	ssize_t n;

	origin = strlen("https://");
	origin += strcspn(issuer + origin, "/");
	size = origin + 3 * location->path_len + 1;
	if ((url = malloc(size)) == NULL)
		return (NULL);
	memcpy(url, issuer, origin);
	n = percent_encode_path(url + origin, size - origin, location->path,
	    location->path_len);
	value = n == -1 ? NULL : json_string(url);
	free(url);
	return (value);
}

/* each algorithm once, in the order of the keys */
static json_t *
algorithms(const struct jwkset *set)
{
	json_t *names;
	size_t i, j;
	int failed;

	if ((names = json_array()) == NULL)
		return (NULL);
	failed = 0;
	for (i = 0; i < set->nkeys; i++) {
		for (j = 0; j < i; j++)
			if (set->keys[j].alg == set->keys[i].alg)
				break;
		if (j == i)
			failed |= json_array_append_new(names,
			    json_string(jwk_alg_name(set->keys[i].alg)));
	}
	if (failed == 0)
		return (names);
	json_decref(names);
	return (NULL);
}

/* the endpoint of that name, if there is one, and its authentication */
static int
set_endpoint(json_t *all, const char *issuer, const struct conf_server *server,
    enum conf_service service, const char *name)
{
	const struct conf_location *location;
	char key[64];
	int failed;

	if ((location = exact_location(server, service)) == NULL)
		return (0);
	(void)snprintf(key, sizeof(key), "%s_endpoint", name);
	failed = json_object_set_new(all, key, endpoint(issuer, location));
	(void)strlcat(key, "_auth_methods_supported", sizeof(key));
	failed |= json_object_set_new(all, key,
	    json_pack("[s]", "client_secret_basic"));
	return (failed);
}

/*
 * RFC 8414 section 2.  There is no authorization endpoint, and so no response
 * type; but the member is required, and section 3.2 forbids an empty array: its
 * value is "none", which promises neither a code nor a token.
 *
 * OpenID Connect Discovery 1.0 section 3 requires the last two members.  A
 * subject is the same for every client.  There are no ID tokens, and no
 * response type asks for one; but clients take from there the algorithms that
 * they verify, so it has those of the published keys.
 */
static json_t *
members(const struct conf_server *server, const struct jwt_issuer *own)
{
	const struct conf_location *grant, *jwks;
	json_t *all;
	int failed;

	grant = exact_location(server, CONF_GRANT);
	jwks = exact_location(server, CONF_JWKS);
	if (grant == NULL || (all = json_object()) == NULL)
		return (NULL);
	failed = json_object_set_new(all, "issuer", json_string(own->name));
	failed |= json_object_set_new(all, "token_endpoint",
	    endpoint(own->name, grant));
	if (jwks != NULL)
		failed |= json_object_set_new(all, "jwks_uri",
		    endpoint(own->name, jwks));
	failed |= set_endpoint(all, own->name, server, CONF_REVOKE,
	    "revocation");
	failed |= set_endpoint(all, own->name, server, CONF_INTROSPECTION,
	    "introspection");
	failed |= json_object_set_new(all, "grant_types_supported",
	    json_pack("[s]", "client_credentials"));
	failed |= json_object_set_new(all,
	    "token_endpoint_auth_methods_supported",
	    json_pack("[s]", "client_secret_basic"));
	failed |= json_object_set_new(all, "response_types_supported",
	    json_pack("[s]", "none"));
	failed |= json_object_set_new(all, "subject_types_supported",
	    json_pack("[s]", "public"));
	failed |= json_object_set_new(all,
	    "id_token_signing_alg_values_supported", algorithms(&own->set));
	if (failed == 0)
		return (all);
	json_decref(all);
	return (NULL);
}

char *
metadata_text(const struct conf_server *server, const struct jwt_issuer *own)
{
	json_t *all;
	char *text;

	if ((all = members(server, own)) == NULL)
		return (NULL);
	text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	return (text);
}

static void
add(struct worker *worker, const struct conf_location *location)
{
	struct metadata *all, *new;

	all = reallocarray(worker->metadata, worker->nmetadata + 1,
	    sizeof(*all));
	if (all == NULL)
		fatal("metadata");
	worker->metadata = all;
	new = &all[worker->nmetadata++];
	new->location = location;
	/* our own issuer is the first */
	new->body = metadata_text(location->server, &worker->issuers[0]);
	if (new->body == NULL)
		fatalx("metadata: no memory");
	new->len = strlen(new->body);
	etag_make(new->etag, new->body, new->len);
}

void
metadata_load(struct worker *worker)
{
	const struct conf_location *location;
	const struct conf_server *server;
	size_t i;

	for (i = 0; i < worker->nmetadata; i++)
		free(worker->metadata[i].body);
	worker->nmetadata = 0;
	TAILQ_FOREACH(server, &worker->conf->servers, entry)
		TAILQ_FOREACH(location, &server->locations, entry)
			if (location->service == CONF_METADATA)
				add(worker, location);
}

const struct metadata *
metadata_find(const struct worker *worker, const struct conf_location *location)
{
	size_t i;

	for (i = 0; i < worker->nmetadata; i++)
		if (worker->metadata[i].location == location)
			return (&worker->metadata[i]);
	fatalx("no metadata for \"%s\"", location->path);
}
