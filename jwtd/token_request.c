/*
 * The form that names a token: RFC 7009 section 2.1 and RFC 7662 section 2.1.
 * Pure: bytes in, a span out.  Whether that is a token is not known here.
 */
#include "token_request.h"

#include "form.h"

static bool
fail(struct grant_error *error, const char *description)
{
	error->code = "invalid_request";
	error->description = description;
	return (false);
}

/* RFC 6749 section 3.2: none twice, and what is unknown is ignored */
static bool
take(struct span name, struct span value, struct span *token, bool *hint,
    struct grant_error *error)
{
	/* section 2.3: one way of authentication in a request */
	if (span_is(name, "client_secret"))
		return (fail(error, "client_secret belongs into the "
		    "Authorization header"));
	if (span_is(name, "token_type_hint")) {
		if (*hint)
			return (fail(error, "a parameter is there twice"));
		*hint = true;
	}
	if (span_is(name, "token")) {
		if (token->p != NULL)
			return (fail(error, "a parameter is there twice"));
		*token = value;
	}
	return (true);
}

bool
token_request_read(char *buf, size_t len, struct span *token,
    struct grant_error *error)
{
	struct span name, value;
	enum form_result result;
	struct form form;
	bool hint;

	token->p = NULL;
	token->len = 0;
	hint = false;
	form_init(&form, buf, len);
	/* a parameter without a value counts as left out */
	while ((result = form_next(&form, &name, &value)) == FORM_PAIR)
		if (value.len > 0 && !take(name, value, token, &hint, error))
			return (false);
	if (result == FORM_BAD)
		return (fail(error, "the parameters are not well-formed"));
	if (token->p == NULL)
		return (fail(error, "there is no token"));
	return (true);
}
