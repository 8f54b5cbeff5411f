/*
 * The statements of a location block.
 */
#include "conf_parse.h"

#include <string.h>
#include <strings.h>

#define BIT(service)	(1u << (service))

void
parse_location(struct conf_parser *p, int line, const char *path)
{
	struct conf_location *location, *other;
	size_t len;

	parse_forget(p, ONCE_SERVICE, ONCE_FORWARD);
	location = conf_alloc(sizeof(*location));
	location->server = p->server;
	location->file = p->lex.file;
	location->line = line;
	TAILQ_INIT(&location->forwards);
	location->path = conf_dup(path);
	len = strlen(path);
	location->prefix = len > 0 && path[len - 1] == '*';
	if (location->prefix)
		location->path[--len] = '\0';
	location->path_len = len;
	p->location = location;
	(void)parse_valid(p, "location", path, conf_location_path(path));
	TAILQ_FOREACH(other, &p->server->locations, entry)
		if (other->prefix == location->prefix &&
		    strcmp(other->path, location->path) == 0)
			parse_error(p, line, "duplicate location \"%s\"", path);
	TAILQ_INSERT_TAIL(&p->server->locations, location, entry);
}

void
parse_location_end(struct conf_parser *p)
{
	static const struct {
		enum once	 which;
		const char	*word;
		unsigned int	 services;	/* that may have it */
	} some[] = {
		{ ONCE_AUDIENCE, "audience",
		    BIT(CONF_GRANT) | BIT(CONF_RESOURCE) },
		{ ONCE_SCOPE, "scope", BIT(CONF_RESOURCE) |
		    BIT(CONF_REVOKE) | BIT(CONF_INTROSPECTION) },
		{ ONCE_REALM, "realm", BIT(CONF_GRANT) | BIT(CONF_RESOURCE) |
		    BIT(CONF_REVOKE) | BIT(CONF_INTROSPECTION) },
		{ ONCE_TOKEN_LIFETIME, "lifetime", BIT(CONF_GRANT) },
		{ ONCE_FORWARD, "forward", BIT(CONF_RESOURCE) }
	};
	enum conf_service service;
	size_t i;

	service = p->location->service;
	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		if (p->seen[some[i].which] == 0 || service == CONF_NONE ||
		    (some[i].services & BIT(service)) != 0)
			continue;
		parse_error(p, p->seen[some[i].which],
		    "\"%s\" is not for \"%s\"", some[i].word,
		    conf_service_name(service));
	}
	p->location = NULL;
}

void
parse_service(struct conf_parser *p, enum conf_service service)
{
	if (p->location->service != CONF_NONE) {
		parse_error(p, p->lex.line, "\"%s\" after \"%s\": a "
		    "location is for one service", conf_service_name(service),
		    conf_service_name(p->location->service));
		return;
	}
	p->location->service = service;
}

void
parse_audience(struct conf_parser *p, const char *audience, int line)
{
	const char *why;

	if (p->seen[ONCE_AUDIENCE] == 0)
		p->seen[ONCE_AUDIENCE] = line;
	why = conf_text(audience, CONF_MAX_TEXT);
	if (why != NULL)
		parse_error(p, line, "invalid audience \"%s\": %s", audience,
		    why);
	else if (strings_has(&p->location->audience, audience))
		parse_error(p, line, "duplicate audience \"%s\"", audience);
	else
		strings_add(&p->location->audience, audience);
}

void
parse_audiences(struct conf_parser *p)
{
	size_t i;

	if (parse_list_empty(p))
		parse_error(p, p->lex.line, "empty \"audience\"");
	for (i = 0; i < p->nitems; i++)
		parse_audience(p, p->items[i].text, p->items[i].line);
}

void
parse_scope(struct conf_parser *p, const char *scope)
{
	if (parse_once(p, ONCE_SCOPE, "scope") &&
	    parse_valid(p, "scope", scope, conf_scope(scope)))
		p->location->scope = conf_dup(scope);
}

void
parse_realm(struct conf_parser *p, const char *realm)
{
	if (parse_once(p, ONCE_REALM, "realm") &&
	    parse_valid(p, "realm", realm, conf_realm(realm)))
		p->location->realm = conf_dup(realm);
}

void
parse_forward(struct conf_parser *p, const char *claim, const char *header)
{
	struct conf_forward *forward;

	p->seen[ONCE_FORWARD] = p->lex.line;
	if (!parse_valid(p, "claim", claim, conf_text(claim, CONF_MAX_TEXT)) ||
	    !parse_valid(p, "header", header, conf_header(header)))
		return;
	TAILQ_FOREACH(forward, &p->location->forwards, entry)
		if (strcasecmp(forward->header, header) == 0) {
			parse_error(p, p->lex.line, "duplicate header \"%s\"",
			    header);
			return;
		}
	forward = conf_alloc(sizeof(*forward));
	forward->claim = conf_dup(claim);
	forward->header = conf_dup(header);
	TAILQ_INSERT_TAIL(&p->location->forwards, forward, entry);
}
