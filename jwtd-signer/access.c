/*
 * The intersection of what a client asks of a container registry and what the
 * user's grants allow.  Pure.  A '*' means something in the grants alone: what
 * is asked for is compared byte by byte and chooses no pattern.
 */
#include "access.h"

#include <stdbool.h>
#include <string.h>

#include "registry_scope.h"

static bool
is_text(const json_t *json)
{
	return (json_is_string(json) && json_string_length(json) > 0);
}

static bool
is_text_list(const json_t *json)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(json))
		return (false);
	json_array_foreach(json, i, one)
		if (!is_text(one))
			return (false);
	return (true);
}

/*
 * Returns what is wrong with an entry, or NULL.  A member that we do not know
 * may be meant to allow less.
 */
static const char *
entry_bad(const json_t *entry)
{
	const json_t *class;
	size_t known;

	if (!json_is_object(entry))
		return ("the grants' \"access\" has an entry that is no "
		    "object");
	if (!is_text(json_object_get(entry, "type")))
		return ("the grants' \"access\" has an entry without a type");
	if (!is_text(json_object_get(entry, "name")))
		return ("the grants' \"access\" has an entry without a name");
	if (!is_text_list(json_object_get(entry, "actions")))
		return ("the grants' \"access\" has an entry without a list of "
		    "actions");
	known = 3;
	if ((class = json_object_get(entry, "class")) != NULL) {
		if (!is_text(class))
			return ("the grants' \"access\" has a class that is no "
			    "string");
		known++;
	}
	if (json_object_size(entry) != known)
		return ("the grants' \"access\" has an entry with an unknown "
		    "member");
	return (NULL);
}

static const char *
granted_bad(const json_t *granted)
{
	const json_t *entry;
	const char *why;
	size_t i;

	if (granted == NULL)
		return (NULL);
	if (!json_is_array(granted))
		return ("the grants' \"access\" is no list");
	json_array_foreach(granted, i, entry)
		if ((why = entry_bad(entry)) != NULL)
			return (why);
	return (NULL);
}

/* Take the pattern's literal from the front of the name. */
static bool
take(struct span *name, const char *literal, size_t len)
{
	if (name->len < len || memcmp(name->p, literal, len) != 0)
		return (false);
	name->p += len;
	name->len -= len;
	return (true);
}

/*
 * Does the whole name fit?  '*' is any run of bytes, a '/' among them and an
 * empty one too.  What is between two of them is taken where it is found first,
 * and never looked for again, so that no pattern takes long.
 */
static bool
name_fits(const char *pattern, struct span name)
{
	const char *at;
	size_t n;

	n = strcspn(pattern, "*");
	if (!take(&name, pattern, n))
		return (false);
	if (pattern[n] == '\0')
		return (name.len == 0);
	for (;;) {
		pattern += n + 1;
		n = strcspn(pattern, "*");
		if (pattern[n] == '\0')
			break;
		if ((at = memmem(name.p, name.len, pattern, n)) == NULL)
			return (false);
		name.len -= (size_t)(at - name.p) + n;
		name.p = at + n;
	}
	/* what follows the last one is the end of the name */
	return (name.len >= n &&
	    memcmp(name.p + name.len - n, pattern, n) == 0);
}

/* Does the member say this?  Absent is the same as absent, and nothing else. */
static bool
member_is(const json_t *entry, const char *member, struct span s)
{
	const char *text;

	text = json_string_value(json_object_get(entry, member));
	return (text == NULL ? s.p == NULL : span_is(s, text));
}

/* Is the entry about this resource?  Without a class it is for all of them. */
static bool
entry_fits(const json_t *entry, const struct registry_scope *scope)
{
	if (json_object_get(entry, "class") != NULL &&
	    !member_is(entry, "class", scope->class))
		return (false);
	return (member_is(entry, "type", scope->type) &&
	    name_fits(json_string_value(json_object_get(entry, "name")),
	    scope->name));
}

static bool
list_has(const json_t *list, struct span s)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (span_is(s, json_string_value(one)))
			return (true);
	return (false);
}

/* The entries about this resource, as a new array; NULL without memory. */
static json_t *
entries_of(const json_t *granted, const struct registry_scope *scope)
{
	json_t *entries, *entry;
	size_t i;

	if ((entries = json_array()) == NULL)
		return (NULL);
	json_array_foreach(granted, i, entry)
		if (entry_fits(entry, scope) &&
		    json_array_append(entries, entry) == -1) {
			json_decref(entries);
			return (NULL);
		}
	return (entries);
}

/* One entry with the action is enough, or one with "*", which is all. */
static bool
entries_allow(const json_t *entries, struct span action)
{
	static const struct span all = { "*", 1 };
	const json_t *entry, *actions;
	size_t i;

	json_array_foreach(entries, i, entry) {
		actions = json_object_get(entry, "actions");
		if (list_has(actions, action) || list_has(actions, all))
			return (true);
	}
	return (false);
}

/* Add those of the scope's actions that are allowed.  Returns 0 or -1. */
static int
add_actions(json_t *actions, const json_t *granted,
    const struct registry_scope *scope)
{
	struct span asked, action;
	json_t *entries;
	int rc;

	if ((entries = entries_of(granted, scope)) == NULL)
		return (-1);
	rc = 0;
	asked = scope->actions;
	while (rc == 0 && registry_scope_action(&asked, &action))
		if (!list_has(actions, action) &&
		    entries_allow(entries, action))
			rc = json_array_append_new(actions,
			    json_stringn(action.p, action.len));
	json_decref(entries);
	return (rc);
}

/* The claim's entry of this resource, or NULL. */
static json_t *
find_same(const json_t *claim, const struct registry_scope *scope)
{
	json_t *entry;
	size_t i;

	json_array_foreach(claim, i, entry)
		if (member_is(entry, "type", scope->type) &&
		    member_is(entry, "name", scope->name) &&
		    member_is(entry, "class", scope->class))
			return (entry);
	return (NULL);
}

/* Takes over the actions, also when it fails. */
static int
append_entry(json_t *claim, const struct registry_scope *scope,
    json_t *actions)
{
	json_t *entry;

	entry = json_pack("{s:s%, s:s%, s:o}", "type", scope->type.p,
	    scope->type.len, "name", scope->name.p, scope->name.len,
	    "actions", actions);
	if (entry != NULL && scope->class.p != NULL &&
	    json_object_set_new(entry, "class", json_stringn(scope->class.p,
	    scope->class.len)) == -1) {
		json_decref(entry);
		return (-1);
	}
	return (json_array_append_new(claim, entry));
}

static int
add_scope(json_t *claim, const json_t *granted,
    const struct registry_scope *scope)
{
	json_t *entry, *actions;

	if ((entry = find_same(claim, scope)) != NULL)
		return (add_actions(json_object_get(entry, "actions"), granted,
		    scope));
	if ((actions = json_array()) == NULL)
		return (-1);
	if (add_actions(actions, granted, scope) == 0) {
		if (json_array_size(actions) > 0)
			return (append_entry(claim, scope, actions));
		json_decref(actions);
		return (0);
	}
	json_decref(actions);
	return (-1);
}

json_t *
access_intersect(const json_t *granted, const char *wanted, const char **why)
{
	struct registry_scope scope;
	json_t *claim;
	size_t n;

	if ((*why = granted_bad(granted)) != NULL)
		return (NULL);
	*why = "out of memory";
	if ((claim = json_array()) == NULL)
		return (NULL);
	for (n = 0; n < REGISTRY_SCOPE_LIST_MAX && registry_scope_next(&wanted,
	    &scope) == REGISTRY_SCOPE_ONE; n++)
		if (add_scope(claim, granted, &scope) == -1) {
			json_decref(claim);
			return (NULL);
		}
	return (claim);
}
