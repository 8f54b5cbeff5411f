/*
 * jwtctl doctor registry: what the container registry (Distribution) needs to
 * take the tokens of a grant location: YAML for its config.yml.
 */
#include "ctl_doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* "name": "value"; what is in quotes in JSON is so in YAML. */
static int
print_pair(const char *name, const char *value)
{
	json_t *json;
	char *text;

	json = json_string(value);
	text = json != NULL ? ctl_dump(json) : NULL;
	json_decref(json);
	if (text == NULL) {
		log_warnx("out of memory");
		return (-1);
	}
	printf("    %s: %s\n", name, text);
	free(text);
	return (0);
}

/* The port of a URL, or 0 if it is the usual one or that of a proxy. */
static unsigned int
port_of(const struct conf_server *server)
{
	const struct conf_listener *l;
	size_t i;

	for (i = 0; i < server->nlisteners; i++) {
		l = server->listeners[i];
		if (l->tls && !l->proxy && l->port != 0)
			return (l->port == 443 ? 0 : l->port);
	}
	printf("    # 443 is the port of what is in front of jwtd\n");
	return (0);
}

static int
print_realm(const struct conf_location *location)
{
	const struct conf_server *server;
	unsigned int port;
	char number[16], *url;
	bool bare;
	int rc;

	server = location->server;
	number[0] = '\0';
	if ((port = port_of(server)) != 0)
		(void)snprintf(number, sizeof(number), ":%u", port);
	/* RFC 3986 section 3.2.2 */
	bare = strchr(server->name, ':') != NULL && server->name[0] != '[';
	if (asprintf(&url, "https://%s%s%s%s%s", bare ? "[" : "",
	    server->name, bare ? "]" : "", number, location->path) == -1) {
		log_warnx("out of memory");
		return (-1);
	}
	rc = print_pair("realm", url);
	free(url);
	return (rc);
}

static int
print_bundle(const struct conf_signer *signer)
{
	const struct conf_key *key;

	if (signer->directory != NULL) {
		printf("    # Version 2 of the registry needs the key's "
		    "\"certificate\", so a \"key\"\n"
		    "    # instead of \"keys\" in jwtd.conf.\n");
		return (print_pair("rootcertbundle",
		    "/etc/jwtd/signing.crt"));
	}
	TAILQ_FOREACH(key, &signer->keys, entry)
		if (key->retired && key->certificate != NULL)
			printf("    # tokens of a retired key need its "
			    "certificate in the same file too\n");
	key = conf_signing_key(signer);
	if (key->certificate != NULL)
		return (print_pair("rootcertbundle", key->certificate));
	printf("    # The key has no \"certificate\" in jwtd.conf, which goes "
	    "into the tokens as\n"
	    "    # x5c; version 2 of the registry needs it.\n");
	return (print_pair("rootcertbundle", "/etc/jwtd/signing.crt"));
}

int
ctl_doctor_registry(struct ctl *ctl, int argc, char **argv)
{
	const struct conf_location *location;
	const struct conf_server *server;
	const struct conf_signer *signer;

	if (getopt(argc, argv, "+") != -1 || argc - optind > 1)
		return (CTL_USAGE);
	server = doctor_server(ctl, argc, argv, CONF_GRANT);
	if (server == NULL || (signer = ctl_signer(ctl)) == NULL)
		return (CTL_FAILED);
	location = doctor_location(server, CONF_GRANT);
	printf("# The container registry, for its config.yml: tokens of "
	    "location \"%s%s\" of server\n# \"%s\".  Who may do what is the "
	    "user's \"access\" grant of jwtctl(8).\n"
	    "auth:\n  token:\n", location->path, location->prefix ? "*" : "",
	    server->name);
	if (print_realm(location) == -1 ||
	    print_pair("service", location->audience.v[0]) == -1 ||
	    print_pair("issuer", signer->issuer) == -1 ||
	    print_bundle(signer) == -1)
		return (CTL_FAILED);
	return (CTL_OK);
}
