/*
 * A configuration as text again: everything that counts, macros and includes
 * resolved, one way to write it.
 */
#include "conf_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

static void
quote(FILE *f, const char *s, const char *more)
{
	putc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc(*s, f);
	}
	fprintf(f, "%s\"", more);
}

/* before and after are words, the text between them a string */
static void
line(FILE *f, const char *before, const char *s, const char *after)
{
	fputs(before, f);
	putc(' ', f);
	quote(f, s, "");
	fputs(after, f);
}

static void
print_time(FILE *f, const char *before, unsigned int seconds,
    const char *after)
{
	static const struct {
		unsigned int	seconds;
		char		unit;
	} units[] = {
		{ 24 * 60 * 60, 'd' },
		{ 60 * 60, 'h' },
		{ 60, 'm' },
		{ 1, 's' }
	};
	size_t i;

	for (i = 0; units[i].seconds != 1; i++)
		if (seconds != 0 && seconds % units[i].seconds == 0)
			break;
	fprintf(f, "%s %u%c%s", before, seconds / units[i].seconds,
	    units[i].unit, after);
}

static const char *
alg_word(enum conf_alg alg)
{
	switch (alg) {
	case CONF_ALG_RS256:
		return (" rs256");
	case CONF_ALG_PS256:
		return (" ps256");
	case CONF_ALG_DEFAULT:
		break;
	}
	return ("");
}

static void
print_key(FILE *f, const struct conf_key *key)
{
	/* what was found is found again */
	if (key->found)
		return;
	line(f, "\tkey", key->path, "");
	if (key->retired)
		fputs(" retired", f);
	fputs(alg_word(key->alg), f);
	if (key->certificate != NULL)
		line(f, " certificate", key->certificate, "");
	putc('\n', f);
}

static void
print_revocations(FILE *f, const struct conf_revocations *revocations)
{
	fputs("\trevocations", f);
	if (revocations->file != NULL)
		line(f, " file", revocations->file, "");
	fprintf(f, " limit %u", revocations->limit);
	print_time(f, " stale", revocations->stale,
	    revocations->refuse ? " refuse\n" : " accept\n");
}

static void
print_signer(FILE *f, const struct conf_signer *signer)
{
	const struct conf_key *key;

	fputs("signer {\n", f);
	line(f, "\tissuer", signer->issuer, "\n");
	TAILQ_FOREACH(key, &signer->keys, entry)
		print_key(f, key);
	if (signer->directory != NULL) {
		line(f, "\tkeys", signer->directory,
		    alg_word(signer->directory_alg));
		putc('\n', f);
	}
	line(f, signer->store == CONF_STORE_FILE ? "\tstore file" :
	    "\tstore postgres", signer->store_arg, "\n");
	print_time(f, "\tlifetime", signer->lifetime, "\n");
	print_time(f, "\tremember", signer->remember, "\n");
	if (signer->reuse != 0)
		print_time(f, "\treuse", signer->reuse, "\n");
	if (signer->throttle_count != 0) {
		fprintf(f, "\tthrottle %u", signer->throttle_count);
		print_time(f, " per", signer->throttle_window, "\n");
	}
	if (signer->revocations.on)
		print_revocations(f, &signer->revocations);
	fprintf(f, "\tprefork %u\n}\n", signer->prefork);
}

static void
print_trust(FILE *f, const struct conf_trust *trust)
{
	line(f, "trust", trust->issuer, " {\n");
	line(f, trust->source == CONF_TRUST_PEM ? "\tkey" : "\tjwks",
	    trust->path, "\n");
	if (trust->ca != NULL)
		line(f, "\tca", trust->ca, "\n");
	fputs("}\n", f);
}

static void
print_listener(FILE *f, const struct conf_listener *l)
{
	if (l->family == AF_UNIX)
		line(f, "\tlisten on", l->address, "");
	else
		fprintf(f, "\tlisten on %s%s port %u", l->address,
		    l->tls ? " tls" : l->insecure ? " insecure" : "",
		    (unsigned int)l->port);
	fputs(l->proxy ? " proxy\n" : "\n", f);
}

static void
print_location(FILE *f, const struct conf_location *l)
{
	const struct conf_forward *forward;
	size_t i;

	fputs("\tlocation ", f);
	quote(f, l->path, l->prefix ? "*" : "");
	fprintf(f, " {\n\t\t%s\n", conf_service_name(l->service));
	for (i = 0; i < l->audience.n; i++)
		line(f, "\t\taudience", l->audience.v[i], "\n");
	if (l->scope != NULL)
		line(f, "\t\tscope", l->scope, "\n");
	if (l->service == CONF_RESOURCE || conf_is_basic(l->service))
		line(f, "\t\trealm", l->realm, "\n");
	if (l->lifetime != 0)
		print_time(f, "\t\tlifetime", l->lifetime, "\n");
	TAILQ_FOREACH(forward, &l->forwards, entry) {
		line(f, "\t\tforward claim", forward->claim, "");
		line(f, " as", forward->header, "\n");
	}
	fputs("\t}\n", f);
}

static void
print_server(FILE *f, const struct conf_server *server)
{
	const struct conf_location *location;
	const struct conf_network *network;
	size_t i;

	line(f, "server", server->name, " {\n");
	for (i = 0; i < server->nlisteners; i++)
		print_listener(f, server->listeners[i]);
	if (server->tls_certificate != NULL) {
		line(f, "\ttls {\n\t\tcertificate", server->tls_certificate,
		    "\n");
		line(f, "\t\tkey", server->tls_key, "\n\t}\n");
	}
	if (!TAILQ_EMPTY(&server->trusted)) {
		fputs("\ttrusted proxy {\n", f);
		TAILQ_FOREACH(network, &server->trusted, entry)
			fprintf(f, "\t\t%s\n", network->text);
		fputs("\t}\n", f);
	}
	TAILQ_FOREACH(location, &server->locations, entry)
		print_location(f, location);
	fputs("}\n", f);
}

void
conf_print(const struct conf *conf, FILE *f)
{
	const struct conf_server *server;
	const struct conf_trust *trust;

	fprintf(f, "prefork %u\n", conf->prefork);
	print_time(f, "timeout request", conf->timeout_request, "\n");
	print_time(f, "timeout idle", conf->timeout_idle, "\n");
	fprintf(f, "limit connections %u\n", conf->limit_connections);
	fprintf(f, "limit requests %u\n", conf->limit_requests);
	if (conf->status != NULL)
		line(f, "status", conf->status, "\n");
	if (conf->signer != NULL)
		print_signer(f, conf->signer);
	TAILQ_FOREACH(trust, &conf->trusts, entry)
		print_trust(f, trust);
	TAILQ_FOREACH(server, &conf->servers, entry)
		print_server(f, server);
}

struct conf *
conf_copy(const struct conf *conf)
{
	struct conf *copy;
	char *text;
	size_t len;
	FILE *f;

	if ((f = open_memstream(&text, &len)) == NULL)
		fatal("open_memstream");
	conf_print(conf, f);
	if (fclose(f) == EOF)
		fatal("open_memstream");
	copy = conf_load_buffer("jwtd.conf", text, len, NULL);
	free(text);
	return (copy);
}
