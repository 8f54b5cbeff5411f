/*
 * The parameters of a token request: OAuth 2.0 client credentials (RFC 6749
 * section 4.4) with resource indicators (RFC 8707), or the token request of the
 * Distribution specification.  Pure: bytes in, struct out.  No name and no
 * password is in here.
 */
#include "grant_request.h"

#include <stdint.h>
#include <string.h>

#include "form.h"
#include "registry_scope.h"
#include "scope.h"
#include "utf8.h"

#define SCOPES_MAX	16

/* what was asked for; the spans point into the parameters */
struct wish {
	struct span	grant_type;
	struct span	client_secret;
	struct span	service;
	struct span	scope[SCOPES_MAX];
	size_t		nscope;
	/* "resource" and "audience" alike, in their order */
	struct span	audience[MESSAGE_AUDIENCES];
	size_t		naudience;
};

static bool
fail(struct grant_error *error, const char *code, const char *description)
{
	error->code = code;
	error->description = description;
	return (false);
}

static bool
same(struct span a, struct span b)
{
	return (a.len == b.len && memcmp(a.p, b.p, a.len) == 0);
}

/* RFC 8707 section 2: as many as the client likes; the same one is one */
static bool
add_audience(struct wish *wish, struct span value)
{
	size_t i;

	for (i = 0; i < wish->naudience; i++)
		if (same(wish->audience[i], value))
			return (true);
	if (wish->naudience == MESSAGE_AUDIENCES)
		return (false);
	wish->audience[wish->naudience++] = value;
	return (true);
}

/* one that is sent once, RFC 6749 section 3.2 */
static bool
set_once(struct span *known, struct span value, struct grant_error *error)
{
	if (known->p != NULL)
		return (fail(error, "invalid_request",
		    "a parameter is there twice"));
	*known = value;
	return (true);
}

static bool
take(struct wish *wish, struct span name, struct span value,
    struct grant_error *error)
{
	if (span_is(name, "grant_type"))
		return (set_once(&wish->grant_type, value, error));
	if (span_is(name, "client_secret"))
		return (set_once(&wish->client_secret, value, error));
	if (span_is(name, "service"))
		return (set_once(&wish->service, value, error));
	if (span_is(name, "scope")) {
		if (wish->nscope == SCOPES_MAX)
			return (fail(error, "invalid_scope",
			    "too many scopes"));
		wish->scope[wish->nscope++] = value;
		return (true);
	}
	if ((span_is(name, "resource") || span_is(name, "audience")) &&
	    !add_audience(wish, value))
		return (fail(error, "invalid_target", "too many audiences"));
	return (true);
}

/* parameters without a value count as left out, and unknown ones are ignored */
static bool
read_wish(char *buf, size_t len, struct wish *wish, struct grant_error *error)
{
	struct span name, value;
	enum form_result result;
	struct form form;

	memset(wish, 0, sizeof(*wish));
	form_init(&form, buf, len);
	while ((result = form_next(&form, &name, &value)) == FORM_PAIR)
		if (value.len > 0 && !take(wish, name, value, error))
			return (false);
	if (result == FORM_BAD)
		return (fail(error, "invalid_request",
		    "the parameters are not well-formed"));
	return (true);
}

/* what must, and what must not, be in the body of a POST */
static bool
check_post(const struct wish *wish, struct grant_error *error)
{
	if (wish->grant_type.p == NULL)
		return (fail(error, "invalid_request",
		    "there is no grant_type"));
	if (!span_is(wish->grant_type, "client_credentials"))
		return (fail(error, "unsupported_grant_type",
		    "grant_type is not client_credentials"));
	/* RFC 6749 section 2.3: one way of authentication in a request */
	if (wish->client_secret.p != NULL)
		return (fail(error, "invalid_request",
		    "client_secret belongs into the Authorization header"));
	return (true);
}

/*
 * One audience, which is the location's, or one that only the user's grants can
 * allow.
 */
static bool
put_audience(const struct conf_location *location, struct span asked, size_t i,
    struct message_request *request)
{
	char *audience;

	audience = request->audience[i];
	if (asked.p == NULL || asked.len >= sizeof(request->audience[i]) ||
	    !utf8_valid(asked.p, asked.len))
		return (false);
	memcpy(audience, asked.p, asked.len);
	audience[asked.len] = '\0';
	if (!strings_has(&location->audience, audience))
		request->flags |= MESSAGE_FOREIGN(i);
	return (true);
}

/* What was asked for, or the location's first. */
static bool
choose_audience(const struct conf_location *location, const struct wish *wish,
    struct message_request *request)
{
	size_t i;

	if ((request->flags & MESSAGE_REGISTRY) != 0)
		return (put_audience(location, wish->service, 0, request));
	if (wish->naudience == 0)
		(void)strlcpy(request->audience[0], location->audience.v[0],
		    sizeof(request->audience[0]));
	for (i = 0; i < wish->naudience; i++)
		if (!put_audience(location, wish->audience[i], i, request))
			return (false);
	return (true);
}

/* All scopes that were asked for, with a space between. */
static bool
put_scope(const struct wish *wish, size_t max, struct message_request *request)
{
	size_t i, n;

	n = 0;
	for (i = 0; i < wish->nscope; i++) {
		if (n + (i > 0) + wish->scope[i].len > max)
			return (false);
		if (i > 0)
			request->scope[n++] = ' ';
		memcpy(request->scope + n, wish->scope[i].p,
		    wish->scope[i].len);
		n += wish->scope[i].len;
	}
	request->scope[n] = '\0';
	return (true);
}

static bool
choose_scope(const struct wish *wish, struct message_request *request,
    struct grant_error *error)
{
	if ((request->flags & MESSAGE_REGISTRY) != 0) {
		if (put_scope(wish, MESSAGE_RESOURCES_MAX, request) &&
		    registry_scope_list_valid(request->scope))
			return (true);
	} else if (wish->nscope > 1)
		return (fail(error, "invalid_request",
		    "a parameter is there twice"));
	else if (put_scope(wish, MESSAGE_SCOPE_MAX, request) &&
	    scope_valid(request->scope))
		return (true);
	return (fail(error, "invalid_scope",
	    "scope is not well-formed or too long"));
}

bool
grant_request_read(const struct conf_location *location, bool post, char *buf,
    size_t len, struct message_request *request, struct grant_error *error)
{
	struct wish wish;

	if (!read_wish(buf, len, &wish, error))
		return (false);
	if (post && !check_post(&wish, error))
		return (false);
	if (!post && wish.service.p != NULL)
		request->flags |= MESSAGE_REGISTRY;
	request->lifetime = location->lifetime;
	if (!choose_scope(&wish, request, error))
		return (false);
	if (!choose_audience(location, &wish, request))
		return (fail(error, "invalid_target",
		    "the audience cannot be given"));
	return (true);
}
