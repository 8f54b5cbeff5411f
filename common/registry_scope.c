/*
 * Resource scopes of container registries, by the grammar of the Distribution
 * specification.  Pure functions.  What is looked for in grants is well-formed
 * by then: no '*' is in a name, and no case or spelling makes two of one.
 */
#include "registry_scope.h"

#include <string.h>

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

static bool
is_lower(char c)
{
	return ((c >= 'a' && c <= 'z') || is_digit(c));
}

static bool
is_alnum(char c)
{
	return (is_lower(c) || (c >= 'A' && c <= 'Z'));
}

/* s up to the first c, which is passed over in *rest; false if there is none */
static bool
cut(struct span s, char c, struct span *before, struct span *rest)
{
	const char *at;

	if ((at = memchr(s.p, c, s.len)) == NULL)
		return (false);
	before->p = s.p;
	before->len = (size_t)(at - s.p);
	rest->p = at + 1;
	rest->len = s.len - before->len - 1;
	return (true);
}

/* resourcetypevalue := /[a-z0-9]+/ */
static bool
type_valid(struct span s)
{
	size_t i;

	for (i = 0; i < s.len && is_lower(s.p[i]); i++)
		;
	return (i > 0 && i == s.len && s.len <= REGISTRY_SCOPE_WORD_MAX);
}

/* action := /[a-z]*\/; and "*", which registries ask for their catalog */
static bool
action_valid(struct span s)
{
	size_t i;

	if (span_is(s, "*"))
		return (true);
	for (i = 0; i < s.len && s.p[i] >= 'a' && s.p[i] <= 'z'; i++)
		;
	return (i == s.len && s.len <= REGISTRY_SCOPE_WORD_MAX);
}

/* The length of a separator, /[_.]|__|[-]*\/, or 0. */
static size_t
separator(struct span s)
{
	size_t n;

	for (n = 0; n < s.len && s.p[n] == '-'; n++)
		;
	if (n > 0 || s.len == 0)
		return (n);
	if (s.p[0] == '.')
		return (1);
	if (s.p[0] == '_')
		return (s.len > 1 && s.p[1] == '_' ? 2 : 1);
	return (0);
}

/* component := alpha-numeric [ separator alpha-numeric ]* */
static bool
component_valid(struct span s)
{
	size_t n;

	for (;;) {
		for (n = 0; n < s.len && is_lower(s.p[n]); n++)
			;
		if (n == 0)
			return (false);
		s.p += n;
		s.len -= n;
		if (s.len == 0)
			return (true);
		if ((n = separator(s)) == 0)
			return (false);
		s.p += n;
		s.len -= n;
	}
}

/* hostcomponent: letters and digits, and hyphens between them */
static bool
host_component_valid(struct span s)
{
	size_t i;

	if (s.len == 0 || !is_alnum(s.p[0]) || !is_alnum(s.p[s.len - 1]))
		return (false);
	for (i = 0; i < s.len; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return (false);
	return (true);
}

/* hostname := hostcomponent [ '.' hostcomponent ]* [ ':' port-number ] */
static bool
hostname_valid(struct span s)
{
	struct span host, port;
	size_t i;

	if (cut(s, ':', &host, &port)) {
		for (i = 0; i < port.len && is_digit(port.p[i]); i++)
			;
		if (i == 0 || i < port.len)
			return (false);
		s = host;
	}
	while (cut(s, '.', &host, &s))
		if (!host_component_valid(host))
			return (false);
	return (host_component_valid(s));
}

/* resourcename := [ hostname '/' ] component [ '/' component ]* */
static bool
name_valid(struct span s)
{
	struct span first;

	if (s.len > REGISTRY_SCOPE_NAME_MAX)
		return (false);
	if (cut(s, '/', &first, &s) && !component_valid(first) &&
	    !hostname_valid(first))
		return (false);
	while (cut(s, '/', &first, &s))
		if (!component_valid(first))
			return (false);
	return (component_valid(s));
}

static bool
actions_valid(struct span s)
{
	struct span action;
	size_t n;

	for (n = 1; cut(s, ',', &action, &s); n++)
		if (!action_valid(action))
			return (false);
	return (action_valid(s) && n <= REGISTRY_SCOPE_ACTIONS_MAX);
}

/* resourcetype := resourcetypevalue [ '(' resourcetypevalue ')' ] */
static bool
parse_type(struct span s, struct registry_scope *scope)
{
	scope->class.p = NULL;
	scope->class.len = 0;
	scope->type = s;
	if (cut(s, '(', &scope->type, &scope->class)) {
		if (scope->class.len == 0 ||
		    scope->class.p[scope->class.len - 1] != ')')
			return (false);
		scope->class.len--;
		if (!type_valid(scope->class))
			return (false);
	}
	return (type_valid(scope->type));
}

/*
 * The type ends at the first colon and the actions begin after the last, for a
 * name can have one of its own, before a port.
 */
static bool
parse(struct span s, struct registry_scope *scope)
{
	struct span type;
	size_t n;

	if (!cut(s, ':', &type, &s))
		return (false);
	for (n = s.len; n > 0 && s.p[n - 1] != ':'; n--)
		;
	if (n == 0)
		return (false);
	scope->name.p = s.p;
	scope->name.len = n - 1;
	scope->actions.p = s.p + n;
	scope->actions.len = s.len - n;
	return (parse_type(type, scope) && name_valid(scope->name) &&
	    actions_valid(scope->actions));
}

enum registry_scope_result
registry_scope_next(const char **list, struct registry_scope *scope)
{
	struct span one;

	if (**list == '\0')
		return (REGISTRY_SCOPE_END);
	one.p = *list;
	one.len = strcspn(*list, " ");
	if (!parse(one, scope))
		return (REGISTRY_SCOPE_BAD);
	*list += one.len;
	/* a space has another scope after it */
	if (**list == ' ' && *++*list == '\0')
		return (REGISTRY_SCOPE_BAD);
	return (REGISTRY_SCOPE_ONE);
}

bool
registry_scope_action(struct span *actions, struct span *action)
{
	do {
		if (actions->len == 0)
			return (false);
		if (!cut(*actions, ',', action, actions)) {
			*action = *actions;
			actions->len = 0;
		}
	} while (action->len == 0);
	return (true);
}

bool
registry_scope_list_valid(const char *list)
{
	struct registry_scope scope;
	enum registry_scope_result result;
	size_t n;

	for (n = 0; (result = registry_scope_next(&list, &scope)) ==
	    REGISTRY_SCOPE_ONE; n++)
		;
	return (result == REGISTRY_SCOPE_END && n <= REGISTRY_SCOPE_LIST_MAX);
}
