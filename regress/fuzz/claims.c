/*
 * Claims of any grants and request.  What is ours to say is as we said it, the
 * rest is the grants', and no more than these allow is given.  The input is
 * flags and lifetime, then user, four audiences, scope and grants, with a NUL
 * after each but the last.
 */
#include "claims.h"

#include "fuzz.h"
#include "json.h"
#include "scope.h"
#include "utf8.h"

#define ISSUER	"https://issuer.example"
#define NOW	2000000000
#define LIFETIME	900

static char api[] = "api", web[] = "web";
static char *audience_names[] = { api, web };
static const struct strings audiences = { audience_names, 2 };

/* A field as a string, cut to its size; data moves behind it. */
static void
take(const uint8_t **data, size_t *size, char *out, size_t out_size)
{
	const uint8_t *nul;
	size_t n;

	nul = *size > 0 ? memchr(*data, '\0', *size) : NULL;
	n = nul != NULL ? (size_t)(nul - *data) : *size;
	if (n > 0)
		memcpy(out, *data, n < out_size ? n : out_size - 1);
	n += nul != NULL;
	*data += n;
	*size -= n;
}

static bool
is(const json_t *json, const char *name, const char *want)
{
	const char *s;

	s = json_string_value(json_object_get(json, name));
	return (s != NULL && strcmp(s, want) == 0);
}

static long long
number(const json_t *json, const char *name)
{
	must(json_is_integer(json_object_get(json, name)));
	return (json_integer_value(json_object_get(json, name)));
}

/* Is it one of the location's, or of the grants'? */
static bool
may_have(const json_t *grants, const char *name, bool foreign)
{
	const json_t *aud, *one;
	size_t i;

	if (!foreign && (strcmp(name, api) == 0 || strcmp(name, web) == 0))
		return (true);
	aud = json_object_get(grants, "aud");
	if (json_is_string(aud))
		return (strcmp(json_string_value(aud), name) == 0);
	json_array_foreach(aud, i, one)
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), name) == 0)
			return (true);
	return (false);
}

static void
check_audiences(const json_t *json, const json_t *grants,
    const struct message_request *wanted)
{
	const json_t *aud, *one;
	size_t i, n;

	aud = json_object_get(json, "aud");
	for (n = 0; n < MESSAGE_AUDIENCES && wanted->audience[n][0] != '\0';
	    n++)
		must(may_have(grants, wanted->audience[n],
		    (wanted->flags & MESSAGE_FOREIGN(n)) != 0));
	must(n == 1 ? json_is_string(aud) : json_array_size(aud) == n);
	for (i = 0; i < n; i++) {
		one = n == 1 ? aud : json_array_get(aud, i);
		must(strcmp(json_string_value(one), wanted->audience[i]) == 0);
	}
}

/* What the grants say of other things is there, and nothing else is. */
static void
check_rest(const json_t *json, json_t *grants, bool registry)
{
	static const char *const own[] = { "iss", "sub", "client_id", "aud",
	    "iat", "nbf", "exp", "jti", "scope", "lifetime" };
	const char *name;
	json_t *copy, *value;
	size_t i;

	must((copy = json_copy((json_t *)(uintptr_t)json)) != NULL);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		(void)json_object_del(copy, own[i]);
		(void)json_object_del(grants, own[i]);
	}
	if (registry) {
		must(json_is_array(json_object_get(copy, "access")));
		(void)json_object_del(copy, "access");
		(void)json_object_del(grants, "access");
	}
	must(json_object_size(copy) == json_object_size(grants));
	json_object_foreach(grants, name, value)
		must(json_equal(value, json_object_get(copy, name)));
	json_decref(copy);
}

static void
check_claims(const char *text, const struct claims_result *result,
    const struct claims_request *request, json_t *grants)
{
	const struct message_request *wanted;
	const char *held, *why;
	json_t *json;
	bool registry;

	wanted = request->wanted;
	registry = (wanted->flags & MESSAGE_REGISTRY) != 0;
	/* with the grants' depth and our own it is read as they were */
	must((json = json_object_parse(text, result->len, &why)) != NULL);
	must(is(json, "iss", ISSUER) && is(json, "sub", wanted->user));
	must(is(json, "client_id", wanted->user) && is(json, "jti", "id"));
	must(number(json, "iat") == NOW && number(json, "nbf") == NOW);
	must(number(json, "exp") == NOW + (long long)result->lifetime);
	must(result->lifetime >= 1 && result->lifetime <= LIFETIME);
	must(wanted->lifetime == 0 || result->lifetime <= wanted->lifetime);
	must(json_object_get(json, "lifetime") == NULL);
	if ((held = json_string_value(json_object_get(grants, "scope"))) ==
	    NULL)
		held = "";
	must(scope_valid(result->scope));
	must(scope_covers(held, result->scope));
	must(*result->scope != '\0' ? is(json, "scope", result->scope) :
	    json_object_get(json, "scope") == NULL);
	must(!registry || *result->scope == '\0');
	check_audiences(json, grants, wanted);
	check_rest(json, grants, registry);
	json_decref(json);
}

static bool
read_request(const uint8_t **data, size_t *size, struct message_request *m)
{
	size_t i;

	memset(m, 0, sizeof(*m));
	if (*size < 4)
		return (false);
	m->magic = MESSAGE_REQUEST;
	m->id = 1;
	m->flags = (*data)[0] & 0xfu;
	m->flags |= (*data)[1] == 'r' ? MESSAGE_REGISTRY : 0;
	m->lifetime = (uint32_t)((*data)[2] << 8 | (*data)[3]);
	*data += 4;
	*size -= 4;
	take(data, size, m->user, sizeof(m->user));
	for (i = 0; i < MESSAGE_AUDIENCES; i++)
		take(data, size, m->audience[i], sizeof(m->audience[i]));
	take(data, size, m->scope, sizeof(m->scope));
	return (message_request_valid(m, sizeof(*m)) &&
	    utf8_valid(m->user, strlen(m->user)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_request wanted;
	struct claims_request request;
	struct claims_result result;
	enum message_status status;
	const char *why;
	char *grants, *out;
	size_t room;
	json_t *json;

	if (!read_request(&data, &size, &wanted))
		return (0);
	memset(&request, 0, sizeof(request));
	request.issuer = ISSUER;
	request.subject = wanted.user;
	request.wanted = &wanted;
	request.audiences = &audiences;
	request.now = NOW;
	request.lifetime = LIFETIME;
	request.id = "id";
	grants = fuzz_copy(data, size);
	room = size + 4096 - wanted.lifetime % 4096;
	if ((out = malloc(room)) == NULL)
		abort();
	memset(&result, 0, sizeof(result));
	status = claims_write(grants, size, &request, out, room, &result);
	json = json_object_parse(grants, size, &why);
	if (status == MESSAGE_OK) {
		must(result.len <= room && json != NULL);
		check_claims(out, &result, &request, json);
	} else
		must(status == MESSAGE_BROKEN ? *result.why != '\0' :
		    status == MESSAGE_BAD_SCOPE ||
		    status == MESSAGE_BAD_TARGET);
	json_decref(json);
	free(grants);
	free(out);
	return (0);
}
