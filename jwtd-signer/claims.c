/*
 * The claims of a token.  Pure: who, when and which id come from the caller.
 * RFC 7519 section 4.1, RFC 9068 section 2.2.
 */
#include "claims.h"

#include <string.h>

#include "json.h"
#include "scope.h"

/* The user's own scopes: the most that a token of theirs may have. */
static const char *
held_scope(const json_t *grants, const char **why)
{
	const json_t *scope;

	if ((scope = json_object_get(grants, "scope")) == NULL)
		return ("");
	if (!json_is_string(scope) || !scope_valid(json_string_value(scope))) {
		*why = "the grants' \"scope\" is no scope string";
		return (NULL);
	}
	if (json_string_length(scope) > MESSAGE_SCOPE_MAX) {
		*why = "the grants' \"scope\" is too long";
		return (NULL);
	}
	return (json_string_value(scope));
}

static bool
grants_have_audience(const json_t *grants, const char *audience)
{
	const json_t *aud, *one;
	size_t i;

	aud = json_object_get(grants, "aud");
	if (json_is_string(aud))
		return (strcmp(json_string_value(aud), audience) == 0);
	if (!json_is_array(aud))
		return (false);
	json_array_foreach(aud, i, one)
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), audience) == 0)
			return (true);
	return (false);
}

/*
 * A worker names the audience, but it cannot make one up: it is one that a
 * grant location is configured with, or one that this user's grants name.
 */
static bool
audience_allowed(const json_t *grants, const struct claims_request *request)
{
	size_t i;

	if (grants_have_audience(grants, request->audience))
		return (true);
	if (request->foreign)
		return (false);
	for (i = 0; i < request->audiences->n; i++)
		if (strcmp(request->audiences->v[i], request->audience) == 0)
			return (true);
	return (false);
}

/* These overwrite whatever the grants say, or remove it. */
static int
set_claims(json_t *claims, const struct claims_request *request,
    const char *scope)
{
	int failed;

	failed = 0;
	failed |= json_object_set_new(claims, "iss",
	    json_string(request->issuer));
	failed |= json_object_set_new(claims, "sub",
	    json_string(request->subject));
	failed |= json_object_set_new(claims, "client_id",
	    json_string(request->subject));
	failed |= json_object_set_new(claims, "aud",
	    json_string(request->audience));
	failed |= json_object_set_new(claims, "iat",
	    json_integer(request->now));
	failed |= json_object_set_new(claims, "nbf",
	    json_integer(request->now));
	failed |= json_object_set_new(claims, "exp",
	    json_integer(request->now + request->lifetime));
	failed |= json_object_set_new(claims, "jti", json_string(request->id));
	if (*scope != '\0')
		failed |= json_object_set_new(claims, "scope",
		    json_string(scope));
	else
		(void)json_object_del(claims, "scope");
	return (failed != 0 ? -1 : 0);
}

static enum message_status
write_claims(json_t *claims, const struct claims_request *request, char *out,
    size_t size, size_t *len, char scope[MESSAGE_SCOPE_MAX + 1],
    const char **why)
{
	const char *held;

	if ((held = held_scope(claims, why)) == NULL)
		return (MESSAGE_BROKEN);
	if (!audience_allowed(claims, request))
		return (MESSAGE_BAD_TARGET);
	if (!scope_covers(held, request->scope))
		return (MESSAGE_BAD_SCOPE);
	(void)strlcpy(scope, *request->scope != '\0' ? request->scope : held,
	    MESSAGE_SCOPE_MAX + 1);
	if (set_claims(claims, request, scope) == -1) {
		*why = "the claims cannot be made";
		return (MESSAGE_BROKEN);
	}
	*len = json_dumpb(claims, out, size, JSON_COMPACT);
	if (*len == 0 || *len > size) {
		*why = "the grants are too large for a token";
		return (MESSAGE_BROKEN);
	}
	return (MESSAGE_OK);
}

enum message_status
claims_write(const char *grants, size_t grants_len,
    const struct claims_request *request, char *out, size_t size, size_t *len,
    char scope[MESSAGE_SCOPE_MAX + 1], const char **why)
{
	enum message_status status;
	json_t *claims;

	if ((claims = json_object_parse(grants, grants_len, why)) == NULL)
		return (MESSAGE_BROKEN);
	status = write_claims(claims, request, out, size, len, scope, why);
	json_decref(claims);
	return (status);
}
