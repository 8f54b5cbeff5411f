/*
 * The claims of a token.  Pure: who, when and which id come from the caller.
 * RFC 7519 section 4.1, RFC 9068 section 2.2.
 */
#include "claims.h"

#include <string.h>

#include "access.h"
#include "json.h"
#include "scope.h"

/* what the grants and the request come to */
struct decision {
	const char	*scope;		/* of the grants, or of the request */
	json_t		*access;	/* for a registry; else NULL */
	unsigned int	 lifetime;
};

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

/* The shortest of the signer's, the location's and the user's. */
static unsigned int
choose_lifetime(const json_t *grants, const struct claims_request *request,
    const char **why)
{
	const json_t *own;
	unsigned int lifetime;

	lifetime = request->lifetime;
	if (request->wanted->lifetime != 0 &&
	    request->wanted->lifetime < lifetime)
		lifetime = request->wanted->lifetime;
	if ((own = json_object_get(grants, "lifetime")) == NULL)
		return (lifetime);
	if (!json_is_integer(own) || json_integer_value(own) < 1) {
		*why = "the grants' \"lifetime\" is no number of seconds";
		return (0);
	}
	return (json_integer_value(own) < (json_int_t)lifetime ?
	    (unsigned int)json_integer_value(own) : lifetime);
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
 * A worker names an audience, but it cannot make one up: it is one that a
 * grant location is configured with, or one that this user's grants name.
 */
static bool
audience_allowed(const json_t *grants, const struct claims_request *request,
    const char *audience, bool foreign)
{
	return (grants_have_audience(grants, audience) ||
	    (!foreign && strings_has(request->audiences, audience)));
}

static bool
audiences_allowed(const json_t *grants, const struct claims_request *request)
{
	const struct message_request *wanted;
	size_t i;

	wanted = request->wanted;
	for (i = 0; i < MESSAGE_AUDIENCES && wanted->audience[i][0] != '\0';
	    i++)
		if (!audience_allowed(grants, request, wanted->audience[i],
		    (wanted->flags & MESSAGE_FOREIGN(i)) != 0))
			return (false);
	return (true);
}

/* ours to say: whatever the grants say of these is left out */
static bool
is_reserved(struct span name, bool registry)
{
	static const char *const reserved[] = { "iss", "sub", "client_id",
	    "aud", "iat", "nbf", "exp", "jti", "scope", "lifetime" };
	size_t i;

	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (json_name_is(name, reserved[i]))
			return (true);
	/* here it is what may be asked for, and not what is given */
	return (registry && json_name_is(name, "access"));
}

/*
 * The other grants as they are written, so that no number changes.  Returns the
 * length of an object that is still open, 0 if there is none of them, or -1 if
 * they do not fit.
 */
static ssize_t
copy_grants(const char *grants, size_t grants_len, bool registry, char *out,
    size_t size)
{
	struct span name, value;
	size_t n, pos;
	ssize_t len;

	n = pos = 0;
	while (json_next_member(grants, grants_len, &pos, &name, &value)) {
		if (is_reserved(name, registry))
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

/*
 * RFC 7519 section 4.1.3: one audience is a string, which is all that some
 * verifiers take; several are a list.
 */
static json_t *
audience_claim(const struct message_request *wanted)
{
	json_t *list;
	size_t i;

	if (wanted->audience[1][0] == '\0')
		return (json_string(wanted->audience[0]));
	list = json_array();
	for (i = 0; i < MESSAGE_AUDIENCES && wanted->audience[i][0] != '\0';
	    i++)
		if (json_array_append_new(list,
		    json_string(wanted->audience[i])) == -1) {
			json_decref(list);
			return (NULL);
		}
	return (list);
}

static json_t *
own_claims(const struct claims_request *request, const struct decision *d)
{
	json_t *own;

	own = json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:s}",
	    "iss", request->issuer, "sub", request->subject,
	    "client_id", request->subject,
	    "aud", audience_claim(request->wanted),
	    "iat", (json_int_t)request->now, "nbf", (json_int_t)request->now,
	    "exp", (json_int_t)request->now + d->lifetime,
	    "jti", request->id);
	if (own == NULL)
		return (NULL);
	if ((*d->scope != '\0' && json_object_set_new(own, "scope",
	    json_string(d->scope)) == -1) || (d->access != NULL &&
	    json_object_set(own, "access", d->access) == -1)) {
		json_decref(own);
		return (NULL);
	}
	return (own);
}

/* Grants and own claims as one object.  Returns 0, or -1 with a reason. */
static int
merge(const char *grants, size_t grants_len, bool registry, const json_t *own,
    char *out, size_t size, struct claims_result *result)
{
	size_t len;
	ssize_t n;

	result->why = "the grants are too large for a token";
	n = copy_grants(grants, grants_len, registry, out, size);
	if (n == -1)
		return (-1);
	len = json_dumpb(own, out + n, size - (size_t)n, JSON_COMPACT);
	if (len == 0 || len > size - (size_t)n)
		return (-1);
	if (n > 0)
		out[n] = ',';
	result->len = len + (size_t)n;
	return (0);
}

/* What is given of what is asked.  The caller decrefs the access. */
static enum message_status
decide(const json_t *grants, const struct claims_request *request,
    struct decision *d, const char **why)
{
	const struct message_request *wanted;
	const char *held;

	wanted = request->wanted;
	d->scope = "";
	d->access = NULL;
	if ((d->lifetime = choose_lifetime(grants, request, why)) == 0 ||
	    (held = held_scope(grants, why)) == NULL)
		return (MESSAGE_BROKEN);
	if (!audiences_allowed(grants, request))
		return (MESSAGE_BAD_TARGET);
	if ((wanted->flags & MESSAGE_REGISTRY) != 0) {
		d->access = access_intersect(json_object_get(grants, "access"),
		    wanted->scope, why);
		return (d->access != NULL ? MESSAGE_OK : MESSAGE_BROKEN);
	}
	if (!scope_covers(held, wanted->scope))
		return (MESSAGE_BAD_SCOPE);
	d->scope = wanted->scope[0] != '\0' ? wanted->scope : held;
	return (MESSAGE_OK);
}

enum message_status
claims_write(const char *grants, size_t grants_len,
    const struct claims_request *request, char *out, size_t size,
    struct claims_result *result)
{
	enum message_status status;
	struct decision decision;
	json_t *json, *own;
	bool registry;

	registry = (request->wanted->flags & MESSAGE_REGISTRY) != 0;
	json = json_object_parse(grants, grants_len, &result->why);
	if (json == NULL)
		return (MESSAGE_BROKEN);
	status = decide(json, request, &decision, &result->why);
	if (status == MESSAGE_OK) {
		result->lifetime = decision.lifetime;
		(void)strlcpy(result->scope, decision.scope,
		    sizeof(result->scope));
		result->why = "the claims cannot be made";
		own = own_claims(request, &decision);
		if (own == NULL || merge(grants, grants_len, registry, own,
		    out, size, result) == -1)
			status = MESSAGE_BROKEN;
		json_decref(own);
		json_decref(decision.access);
	}
	json_decref(json);
	return (status);
}

bool
claims_scope_held(const char *grants, size_t grants_len, const char *scope)
{
	const char *held, *why;
	json_t *json;
	bool covered;

	if ((json = json_object_parse(grants, grants_len, &why)) == NULL)
		return (false);
	held = held_scope(json, &why);
	covered = held != NULL && scope_covers(held, scope);
	json_decref(json);
	return (covered);
}
