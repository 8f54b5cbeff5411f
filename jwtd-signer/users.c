/*
 * Lines of the users file.  Pure functions: no file, no log, no state.
 */
#include "users.h"

#include <string.h>

#include "json.h"
#include "password.h"
#include "scope.h"
#include "store.h"
#include "utf8.h"

bool
users_name_valid(const char *name, size_t len, const char **why)
{
	if (len == 0)
		*why = "the name is empty";
	else if (len > USER_NAME_MAX)
		*why = "the name is too long";
	else if (!utf8_valid(name, len))
		*why = "the name is not UTF-8";
	else if (!utf8_no_controls(name, len))
		*why = "the name has a control character";
	else if (memchr(name, ':', len) != NULL)
		*why = "the name has a ':'";
	else
		return (true);
	return (false);
}

/* RFC 7519 section 4.1.3: one string, or a list of them */
static bool
audience_valid(const json_t *aud)
{
	size_t i;

	if (json_is_string(aud))
		return (true);
	if (!json_is_array(aud) || json_array_size(aud) == 0)
		return (false);
	for (i = 0; i < json_array_size(aud); i++)
		if (!json_is_string(json_array_get(aud, i)))
			return (false);
	return (true);
}

bool
users_grants_valid(const char *text, size_t len, const char **why)
{
	json_t *json, *aud, *scope;
	const char *bad;

	if (len > USER_GRANTS_MAX) {
		*why = "the grants are too long";
		return (false);
	}
	if ((json = json_object_parse(text, len, why)) == NULL)
		return (false);
	bad = NULL;
	scope = json_object_get(json, "scope");
	aud = json_object_get(json, "aud");
	if (scope != NULL && !json_is_string(scope))
		bad = "\"scope\" in the grants is not a string";
	else if (scope != NULL && !scope_valid(json_string_value(scope)))
		bad = "\"scope\" in the grants is not a list of scopes";
	else if (aud != NULL && !audience_valid(aud))
		bad = "\"aud\" in the grants is not a string or a list of them";
	json_decref(json);
	if (bad != NULL)
		*why = bad;
	return (bad == NULL);
}

static bool
hash_valid(struct span hash, const char **why)
{
	char copy[USER_HASH_MAX + 1];
	bool known;

	if (hash.len == 0)
		*why = "the password hash is empty";
	else if (hash.len > USER_HASH_MAX)
		*why = "the password hash is too long";
	else if (memchr(hash.p, '\0', hash.len) != NULL)
		*why = "the password hash has a NUL byte";
	else {
		memcpy(copy, hash.p, hash.len);
		copy[hash.len] = '\0';
		known = password_hash_known(copy);
		explicit_bzero(copy, sizeof(copy));
		if (known)
			return (true);
		*why = "unknown kind of password hash";
	}
	return (false);
}

bool
users_valid(const struct users_line *user, const char **why)
{
	return (users_name_valid(user->name.p, user->name.len, why) &&
	    hash_valid(user->hash, why) &&
	    users_grants_valid(user->grants.p, user->grants.len, why));
}

size_t
users_grants_one_line(char *json, size_t len)
{
	struct span text;
	ssize_t n;

	if (memchr(json, '\n', len) == NULL && memchr(json, '\r', len) == NULL)
		return (len);
	/* numbers stay as they are written */
	text.p = json;
	text.len = len;
	n = json_compact(json, len, text, false);
	return (n > 0 ? (size_t)n : 0);
}

static bool
is_blank(const char *line, size_t len)
{
	size_t i;

	if (len > 0 && line[0] == '#')
		return (true);
	for (i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t')
			return (false);
	return (true);
}

enum users_result
users_parse_line(const char *line, size_t len, struct users_line *out,
    const char **why)
{
	const char *colon, *end;

	if (is_blank(line, len))
		return (USERS_BLANK);
	end = line + len;
	if (memchr(line, '\0', len) != NULL) {
		*why = "the line has a NUL byte";
		return (USERS_BAD);
	}
	if (end[-1] == '\r') {
		*why = "the line ends in a carriage return";
		return (USERS_BAD);
	}
	if ((colon = memchr(line, ':', len)) == NULL) {
		*why = "no ':' after the name";
		return (USERS_BAD);
	}
	memset(out, 0, sizeof(*out));
	out->name.p = line;
	out->name.len = (size_t)(colon - line);
	out->hash.p = colon + 1;
	if (out->hash.p < end && *out->hash.p == '!') {
		out->disabled = true;
		out->hash.p++;
	}
	/* the grants may hold ':' themselves */
	colon = memchr(out->hash.p, ':', (size_t)(end - out->hash.p));
	out->hash.len = (size_t)((colon != NULL ? colon : end) - out->hash.p);
	out->grants.p = "{}";
	out->grants.len = 2;
	if (colon != NULL && colon + 1 < end) {
		out->grants.p = colon + 1;
		out->grants.len = (size_t)(end - (colon + 1));
	}
	return (users_valid(out, why) ? USERS_LINE : USERS_BAD);
}
