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

/* ours to say: whatever the grants say of these is left out */
static bool
is_reserved(struct span name)
{
	static const char *const reserved[] = { "iss", "sub", "client_id",
	    "aud", "iat", "nbf", "exp", "jti", "scope" };
	size_t i;

	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (json_name_is(name, reserved[i]))
			return (true);
	return (false);
}

/*
 * The other grants as they are written, so that no number changes.  Returns the
 * length of an object that is still open, 0 if there is none of them, or -1 if
 * they do not fit.
 */
static ssize_t
copy_grants(const char *grants, size_t grants_len, char *out, size_t size)
{
	struct span name, value;
	size_t n, pos;
	ssize_t len;

	n = pos = 0;
	while (json_next_member(grants, grants_len, &pos, &name, &value)) {
		if (is_reserved(name))
			continue;
		if (n == size)
			return (-1);
		out[n] = n == 0 ? '{' : ',';
		n++;
		name.len = (size_t)(value.p + value.len - name.p);
		len = json_compact(out + n, size - n, name, false);
		if (len == -1)
			return (-1);
		n += (size_t)len;
	}
	return ((ssize_t)n);
}

static json_t *
own_claims(const struct claims_request *request, const char *scope)
{
	json_t *own;

	own = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}",
	    "iss", request->issuer, "sub", request->subject,
	    "client_id", request->subject, "aud", request->audience,
	    "iat", (json_int_t)request->now, "nbf", (json_int_t)request->now,
	    "exp", (json_int_t)(request->now + request->lifetime),
	    "jti", request->id);
	if (own != NULL && *scope != '\0' && json_object_set_new(own, "scope",
	    json_string(scope)) == -1) {
		json_decref(own);
		return (NULL);
	}
	return (own);
}

/* Grants and own claims as one object.  Returns 0, or -1 with *why. */
static int
merge(const char *grants, size_t grants_len, const json_t *own, char *out,
    size_t size, size_t *len, const char **why)
{
	ssize_t n;

	*why = "the grants are too large for a token";
	if ((n = copy_grants(grants, grants_len, out, size)) == -1)
		return (-1);
	*len = json_dumpb(own, out + n, size - (size_t)n, JSON_COMPACT);
	if (*len == 0 || *len > size - (size_t)n)
		return (-1);
	if (n > 0)
		out[n] = ',';
	*len += (size_t)n;
	return (0);
}

static enum message_status
check_grants(const json_t *grants, const struct claims_request *request,
    char scope[MESSAGE_SCOPE_MAX + 1], const char **why)
{
	const char *held;

	if ((held = held_scope(grants, why)) == NULL)
		return (MESSAGE_BROKEN);
	if (!audience_allowed(grants, request))
		return (MESSAGE_BAD_TARGET);
	if (!scope_covers(held, request->scope))
		return (MESSAGE_BAD_SCOPE);
	(void)strlcpy(scope, *request->scope != '\0' ? request->scope : held,
	    MESSAGE_SCOPE_MAX + 1);
	return (MESSAGE_OK);
}

enum message_status
claims_write(const char *grants, size_t grants_len,
    const struct claims_request *request, char *out, size_t size, size_t *len,
    char scope[MESSAGE_SCOPE_MAX + 1], const char **why)
{
	enum message_status status;
	json_t *json, *own;

	if ((json = json_object_parse(grants, grants_len, why)) == NULL)
		return (MESSAGE_BROKEN);
	status = check_grants(json, request, scope, why);
	json_decref(json);
	if (status != MESSAGE_OK)
		return (status);
	if ((own = own_claims(request, scope)) == NULL) {
		*why = "the claims cannot be made";
		return (MESSAGE_BROKEN);
	}
	if (merge(grants, grants_len, own, out, size, len, why) == -1)
		status = MESSAGE_BROKEN;
	json_decref(own);
	return (status);
}
