/*
 * The statements of a server block, but for its locations: where it listens,
 * its certificate, whom it trusts.
 */
#include "conf_parse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
parse_server(struct conf_parser *p, int line, const char *name)
{
	struct conf_server *server;

	parse_forget(p, ONCE_TLS, ONCE_TLS);
	server = conf_alloc(sizeof(*server));
	server->name = conf_dup(name);
	server->file = p->lex.file;
	server->line = line;
	TAILQ_INIT(&server->trusted);
	TAILQ_INIT(&server->locations);
	TAILQ_INSERT_TAIL(&p->conf->servers, server, entry);
	p->server = server;
	(void)parse_valid(p, "server", name, conf_host(name));
}

void
parse_server_end(struct conf_parser *p)
{
	struct conf_server *server;
	size_t i;

	server = p->server;
	for (i = 0; i < server->nlisteners; i++)
		if (server->listeners[i]->tls)
			break;
	if (i == server->nlisteners && p->seen[ONCE_TLS] != 0 &&
	    !server->partial)
		parse_error(p, p->seen[ONCE_TLS], "server \"%s\" has a tls "
		    "block and does not listen with \"tls\"", server->name);
	p->server = NULL;
}

/* Is the address, the port and the word before it something to listen on? */
static bool
listen_valid(struct conf_parser *p, struct conf_listener *l,
    const char *address, enum conf_security security, const char *port)
{
	char name[CONF_MAX_STRING + 64];
	unsigned int n;

	if (*address == '/') {
		if (security != LISTEN_PLAIN || port != NULL) {
			parse_error(p, p->lex.line,
			    "\"%s\" is not for a Unix socket",
			    security == LISTEN_TLS ? "tls" :
			    security == LISTEN_INSECURE ? "insecure" : "port");
			return (false);
		}
		return (parse_valid(p, "socket", address,
		    conf_socket(address, l)));
	}
	n = 0;
	if (port != NULL &&
	    !parse_valid(p, "port", port, conf_number(port, 0, 65535, &n)))
		return (false);
	if (!parse_valid(p, "address", address, conf_address(address, n, l)))
		return (false);
	if (port == NULL) {
		parse_error(p, p->lex.line, "listen on %s has no port",
		    l->address);
		return (false);
	}
	l->tls = security == LISTEN_TLS;
	l->insecure = security == LISTEN_INSECURE;
	if (l->tls || l->insecure || conf_listener_loopback(l))
		return (true);
	parse_error(p, p->lex.line, "listen on %s is without \"tls\": write "
	    "\"insecure\" if that is meant",
	    conf_listener_name(l, name, sizeof(name)));
	return (false);
}

/* What keeps a server from sharing a listener that others have, is reported. */
static void
listener_agree(struct conf_parser *p, const struct conf_listener *old,
    const struct conf_listener *l)
{
	char name[CONF_MAX_STRING + 64];
	size_t i;

	(void)conf_listener_name(old, name, sizeof(name));
	for (i = 0; i < old->nservers; i++) {
		if (old->servers[i] == p->server) {
			parse_error(p, p->lex.line, "duplicate listen on %s",
			    name);
			return;
		}
		if (strcasecmp(old->servers[i]->name, p->server->name) == 0) {
			parse_error(p, p->lex.line,
			    "duplicate server \"%s\" on %s", p->server->name,
			    name);
			return;
		}
	}
	if (old->tls != l->tls || old->insecure != l->insecure ||
	    old->proxy != l->proxy)
		parse_error(p, p->lex.line, "listen on %s differs from %s:%d",
		    name, old->file, old->line);
}

/* Put it into the list, or free it and return the same one from there. */
static struct conf_listener *
listener_share(struct conf_parser *p, struct conf_listener *l)
{
	struct conf_listener *old;

	TAILQ_FOREACH(old, &p->conf->listeners, entry)
		if (old->family == l->family && old->port == l->port &&
		    strcmp(old->address, l->address) == 0) {
			listener_agree(p, old, l);
			free(l->address);
			free(l);
			return (old);
		}
	if (p->conf->nlisteners == CONF_MAX_LISTENERS)
		parse_error(p, p->lex.line, "more than %d listeners",
		    CONF_MAX_LISTENERS);
	TAILQ_INSERT_TAIL(&p->conf->listeners, l, entry);
	p->conf->nlisteners++;
	return (l);
}

void
parse_listen(struct conf_parser *p, const char *address,
    enum conf_security security, const char *port, bool proxy)
{
	struct conf_listener *l;
	struct conf_server *server;

	server = p->server;
	l = conf_alloc(sizeof(*l));
	l->file = p->lex.file;
	l->line = p->lex.line;
	l->proxy = proxy;
	if (!listen_valid(p, l, address, security, port)) {
		free(l->address);
		free(l);
		return;
	}
	l = listener_share(p, l);
	l->servers = conf_grow(l->servers, l->nservers + 1,
	    sizeof(*l->servers));
	l->servers[l->nservers++] = server;
	server->listeners = conf_grow(server->listeners,
	    server->nlisteners + 1, sizeof(*server->listeners));
	server->listeners[server->nlisteners++] = l;
}

void
parse_trusted(struct conf_parser *p)
{
	struct conf_network *network;
	const char *why;
	size_t i;

	if (parse_list_empty(p))
		parse_error(p, p->lex.line, "empty \"trusted proxy\"");
	for (i = 0; i < p->nitems; i++) {
		network = conf_alloc(sizeof(*network));
		why = conf_network(p->items[i].text, network);
		if (why == NULL) {
			TAILQ_INSERT_TAIL(&p->server->trusted, network, entry);
			continue;
		}
		free(network);
		parse_error(p, p->items[i].line, "invalid network \"%s\"%s%s",
		    p->items[i].text, *why != '\0' ? ": " : "", why);
	}
}

void
parse_tls(struct conf_parser *p, int line)
{
	(void)parse_once(p, ONCE_TLS, "tls");
	p->seen[ONCE_TLS] = line;
	p->tls_errors = p->errors.n;
	parse_forget(p, ONCE_TLS_CERTIFICATE, ONCE_TLS_KEY);
}

void
parse_tls_file(struct conf_parser *p, enum once which, const char *word,
    const char *path, char **out)
{
	if (!parse_once(p, which, word) || !parse_path(p, word, path))
		return;
	free(*out);		/* of another tls block, which is an error */
	*out = conf_dup(path);
}

void
parse_tls_end(struct conf_parser *p)
{
	if (p->errors.n != p->tls_errors)
		return;
	if (p->server->tls_certificate == NULL)
		parse_error(p, p->seen[ONCE_TLS], "tls has no certificate");
	if (p->server->tls_key == NULL)
		parse_error(p, p->seen[ONCE_TLS], "tls has no key");
}
