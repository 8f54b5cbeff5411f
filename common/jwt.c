/*
 * A JSON Web Token, verified as RFC 7515, RFC 7519 and RFC 8725 ask.  Pure but
 * for the public keys: it reads no clock and no file.  The token's header never
 * chooses anything: it can only agree with a key that we hold.
 */
#include "jwt.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64url.h"
#include "json.h"
#include "jws.h"
#include "scope.h"
#include "span.h"

#define TRY_MAX		8		/* keys, for a token without a kid */

struct parts {
	struct span	header;
	struct span	payload;
	struct span	signature;
	size_t		signed_len;	/* of "header.payload" */
};

/* RFC 7515 section 7.1: exactly three parts, none of them empty */
static bool
split(const char *token, size_t len, struct parts *parts)
{
	const char *first, *second, *end;

	if (len == 0 || len > JWT_MAX)
		return (false);
	end = token + len;
	if ((first = memchr(token, '.', len)) == NULL ||
	    (second = memchr(first + 1, '.', (size_t)(end - first - 1))) ==
	    NULL ||
	    memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
		return (false);
	parts->header.p = token;
	parts->header.len = (size_t)(first - token);
	parts->payload.p = first + 1;
	parts->payload.len = (size_t)(second - first - 1);
	parts->signature.p = second + 1;
	parts->signature.len = (size_t)(end - second - 1);
	parts->signed_len = (size_t)(second - token);
	return (parts->header.len > 0 && parts->payload.len > 0 &&
	    parts->signature.len > 0);
}

/*
 * The object of a part and, if text is not NULL, its bytes, which the caller
 * frees.
 */
static json_t *
decode_object(struct span part, char **text, size_t *text_len)
{
	const char *why;
	json_t *json;
	ssize_t n;
	char *buf;

	/* what is decoded is shorter than what it is decoded from */
	if ((buf = malloc(part.len)) == NULL)
		return (NULL);
	json = NULL;
	n = base64url_decode(buf, part.len, part.p, part.len);
	if (n > 0)
		json = json_object_parse(buf, (size_t)n, &why);
	if (json == NULL || text == NULL) {
		free(buf);
		return (json);
	}
	*text = buf;
	*text_len = (size_t)n;
	return (json);
}

/* What is in a header depends on its text alone. */
static json_t *
read_header(const struct jwt_header *last, struct span part)
{
	if (last != NULL && last->object != NULL &&
	    last->text_len == part.len &&
	    memcmp(last->text, part.p, part.len) == 0)
		return (json_incref(last->object));
	return (decode_object(part, NULL, NULL));
}

static void
keep_header(struct jwt_header *last, struct span part, json_t *header)
{
	if (last == NULL || last->object == header)
		return;
	jwt_header_clear(last);
	if ((last->text = malloc(part.len)) == NULL)
		return;
	memcpy(last->text, part.p, part.len);
	last->text_len = part.len;
	last->object = json_incref(header);
}

/*
 * RFC 8725 section 3.11: a token that says it is another kind of JWT is none of
 * ours.  RFC 7515 section 4.1.9 lets "application/" be left out.
 */
static bool
type_accepted(const json_t *header)
{
	const json_t *typ;
	const char *s;

	if ((typ = json_object_get(header, "typ")) == NULL)
		return (true);
	if (!json_is_string(typ))
		return (false);
	s = json_string_value(typ);
	if (strncasecmp(s, "application/", 12) == 0)
		s += 12;
	return (strcasecmp(s, "JWT") == 0 || strcasecmp(s, "at+jwt") == 0);
}

/* RFC 8725 section 3.8: the issuer decides which keys there are */
static const struct jwt_issuer *
find_issuer(const struct jwt_policy *policy, const json_t *claims)
{
	const json_t *iss;
	size_t i;

	iss = json_object_get(claims, "iss");
	if (!json_is_string(iss))
		return (NULL);
	for (i = 0; i < policy->nissuers; i++)
		if (strcmp(json_string_value(iss),
		    policy->issuers[i].name) == 0)
			return (&policy->issuers[i]);
	return (NULL);
}

/*
 * Check the signature with the issuer's keys.  RFC 8725 section 3.1: the
 * algorithm is the key's; that of the header must only be the same.
 */
static enum jwt_error
check_signature(const char *token, const struct parts *parts,
    const json_t *header, const struct jwkset *set)
{
	uint8_t sig[JWS_SIGNATURE_MAX];
	const json_t *alg, *kid;
	const struct jwk *key;
	enum jwt_error error;
	ssize_t sig_len;
	size_t i, tried;

	alg = json_object_get(header, "alg");
	if (!json_is_string(alg))
		return (JWT_ALGORITHM);
	kid = json_object_get(header, "kid");
	if (kid != NULL && !json_is_string(kid))
		return (JWT_KEY);
	if (set->kidless)
		kid = NULL;
	sig_len = base64url_decode(sig, sizeof(sig), parts->signature.p,
	    parts->signature.len);
	if (sig_len <= 0)
		return (JWT_SIGNATURE);
	error = kid != NULL || set->nkeys == 0 ? JWT_KEY : JWT_ALGORITHM;
	for (i = tried = 0; i < set->nkeys && tried < TRY_MAX; i++) {
		key = &set->keys[i];
		/* a key without a kid is not one whose kid is "" */
		if (kid != NULL && (key->kid[0] == '\0' ||
		    strcmp(json_string_value(kid), key->kid) != 0))
			continue;
		if (strcmp(json_string_value(alg),
		    jwk_alg_name(key->alg)) != 0) {
			if (tried == 0)
				error = JWT_ALGORITHM;
			continue;
		}
		error = JWT_SIGNATURE;
		tried++;
		if (jws_verify(key, token, parts->signed_len, sig,
		    (size_t)sig_len))
			return (JWT_OK);
	}
	return (error);
}

static bool
is_our_audience(const struct jwt_policy *policy, const char *name)
{
	size_t i;

	for (i = 0; i < policy->naudience; i++)
		if (strcmp(name, policy->audience[i]) == 0)
			return (true);
	return (false);
}

/* RFC 7519 section 4.1.3: a string or a list of them; one must be ours */
static bool
audience_matches(const struct jwt_policy *policy, const json_t *aud)
{
	const json_t *one;
	bool found;
	size_t i;

	if (policy->audience == NULL)
		return (true);
	if (json_is_string(aud))
		return (is_our_audience(policy, json_string_value(aud)));
	if (!json_is_array(aud))
		return (false);
	found = false;
	json_array_foreach(aud, i, one) {
		if (!json_is_string(one))
			return (false);
		if (is_our_audience(policy, json_string_value(one)))
			found = true;
	}
	return (found);
}

/* written so that no sum can overflow */
enum jwt_error
jwt_check_times(const struct jwt_times *times, int64_t now)
{
	if (times->expires <= now - JWT_LEEWAY)
		return (JWT_EXPIRED);
	if (times->from > now + JWT_LEEWAY)
		return (JWT_NOT_YET);
	return (JWT_OK);
}

/* RFC 7519 sections 4.1.4 to 4.1.6 */
static enum jwt_error
get_times(const json_t *claims, struct jwt_times *times)
{
	static const char *const not_later[] = { "nbf", "iat" };
	const json_t *exp, *t;
	size_t i;

	exp = json_object_get(claims, "exp");
	if (!json_is_integer(exp))
		return (JWT_TIME);
	times->expires = json_integer_value(exp);
	times->from = INT64_MIN;
	for (i = 0; i < sizeof(not_later) / sizeof(not_later[0]); i++) {
		if ((t = json_object_get(claims, not_later[i])) == NULL)
			continue;
		if (!json_is_integer(t))
			return (JWT_TIME);
		if (json_integer_value(t) > times->from)
			times->from = json_integer_value(t);
	}
	return (JWT_OK);
}

/*
 * A list of scope-tokens as one string, RFC 6749 section 3.3.  The caller frees
 * it.  NULL if the list has something else in it.
 */
static char *
join_scopes(const json_t *list)
{
	char scope[JWT_MAX];
	const json_t *one;
	const char *s;
	size_t i;

	scope[0] = '\0';
	json_array_foreach(list, i, one) {
		s = json_string_value(one);
		if (s == NULL || *s == '\0' || strchr(s, ' ') != NULL ||
		    !scope_valid(s) ||
		    (i > 0 && strlcat(scope, " ", sizeof(scope)) >=
		    sizeof(scope)) ||
		    strlcat(scope, s, sizeof(scope)) >= sizeof(scope))
			return (NULL);
	}
	return (strdup(scope));
}

/*
 * "scope" of RFC 9068 section 2.2.3.1, or what other issuers have for it.  Our
 * own puts it into every token that has one: what else is in the grants is
 * somebody's own claim.  NULL if it is no scope.
 */
static char *
get_scope(const json_t *claims, bool own)
{
	const json_t *scope;

	scope = json_object_get(claims, "scope");
	if (scope == NULL && !own) {
		if ((scope = json_object_get(claims, "scp")) == NULL)
			scope = json_object_get(claims, "scopes");
		if (json_is_array(scope))
			return (join_scopes(scope));
	}
	if (scope == NULL)
		return (strdup(""));
	if (!json_is_string(scope) || !scope_valid(json_string_value(scope)))
		return (NULL);
	return (strdup(json_string_value(scope)));
}

static enum jwt_error
check_claims(const json_t *claims, const struct jwt_policy *policy,
    struct jwt *out)
{
	const json_t *sub;
	enum jwt_error error;

	if ((error = get_times(claims, &out->times)) != JWT_OK ||
	    (error = jwt_check_times(&out->times, policy->now)) != JWT_OK)
		return (error);
	if (!audience_matches(policy, json_object_get(claims, "aud")))
		return (JWT_AUDIENCE);
	sub = json_object_get(claims, "sub");
	if (!json_is_string(sub) || json_string_length(sub) == 0)
		return (JWT_SUBJECT);
	out->subject = json_string_value(sub);
	out->scope = get_scope(claims, policy->issuers[out->issuer].own);
	if (out->scope == NULL)
		return (JWT_SCOPE);
	return (JWT_OK);
}

enum jwt_error
jwt_verify(const char *token, size_t len, const struct jwt_policy *policy,
    struct jwt *out)
{
	const struct jwt_issuer *issuer;
	enum jwt_error error;
	struct parts parts;
	json_t *header, *claims;
	char *text;

	if (!split(token, len, &parts))
		return (JWT_MALFORMED);
	claims = NULL;
	text = NULL;
	if ((header = read_header(policy->last, parts.header)) == NULL ||
	    (claims = decode_object(parts.payload, &text,
	    &out->text_len)) == NULL)
		error = JWT_MALFORMED;
	else if (json_object_get(header, "crit") != NULL)
		error = JWT_CRITICAL;	/* RFC 7515 section 4.1.11 */
	else if (!type_accepted(header))
		error = JWT_TYPE;
	else if ((issuer = find_issuer(policy, claims)) == NULL)
		error = JWT_ISSUER;
	else {
		out->issuer = (size_t)(issuer - policy->issuers);
		error = check_signature(token, &parts, header, &issuer->set);
		if (error == JWT_OK)
			error = check_claims(claims, policy, out);
	}
	if (error == JWT_OK)
		keep_header(policy->last, parts.header, header);
	json_decref(header);
	if (error == JWT_OK) {
		out->claims = claims;
		out->text = text;
	} else {
		json_decref(claims);
		free(text);
	}
	return (error);
}

void
jwt_clear(struct jwt *jwt)
{
	json_decref(jwt->claims);
	free(jwt->text);
	free(jwt->scope);
	memset(jwt, 0, sizeof(*jwt));
}

void
jwt_header_clear(struct jwt_header *last)
{
	json_decref(last->object);
	free(last->text);
	memset(last, 0, sizeof(*last));
}

const char *
jwt_strerror(enum jwt_error error)
{
	switch (error) {
	case JWT_OK:
		return ("valid");
	case JWT_MALFORMED:
		return ("not a well-formed token");
	case JWT_TYPE:
		return ("\"typ\" is that of another kind of token");
	case JWT_CRITICAL:
		return ("\"crit\" names extensions that are not supported");
	case JWT_ALGORITHM:
		return ("\"alg\" is not the key's algorithm");
	case JWT_KEY:
		return ("\"kid\" names no known key");
	case JWT_SIGNATURE:
		return ("the signature does not match");
	case JWT_ISSUER:
		return ("\"iss\" is not a trusted issuer");
	case JWT_AUDIENCE:
		return ("\"aud\" does not name this audience");
	case JWT_SUBJECT:
		return ("\"sub\" is absent, empty or no string");
	case JWT_EXPIRED:
		return ("expired");
	case JWT_NOT_YET:
		return ("\"nbf\" or \"iat\" is in the future");
	case JWT_TIME:
		return ("\"exp\", \"nbf\" or \"iat\" is absent or no integer");
	case JWT_SCOPE:
		return ("\"scope\" is no scope string");
	}
	return ("invalid");
}

const char *
jwt_error_name(enum jwt_error error)
{
	static const char *const names[JWT_ERRORS] = {
		[JWT_OK] = "ok",
		[JWT_MALFORMED] = "malformed",
		[JWT_TYPE] = "type",
		[JWT_CRITICAL] = "critical",
		[JWT_ALGORITHM] = "algorithm",
		[JWT_KEY] = "key",
		[JWT_SIGNATURE] = "signature",
		[JWT_ISSUER] = "issuer",
		[JWT_AUDIENCE] = "audience",
		[JWT_SUBJECT] = "subject",
		[JWT_EXPIRED] = "expired",
		[JWT_NOT_YET] = "not_yet",
		[JWT_TIME] = "time",
		[JWT_SCOPE] = "scope"
	};

	return ((size_t)error < JWT_ERRORS ? names[error] : NULL);
}

int
jwt_peek(const char *token, size_t len, json_t **header, json_t **claims)
{
	struct parts parts;

	*header = *claims = NULL;
	if (!split(token, len, &parts))
		return (-1);
	if ((*header = decode_object(parts.header, NULL, NULL)) == NULL ||
	    (*claims = decode_object(parts.payload, NULL, NULL)) == NULL) {
		json_decref(*header);
		*header = NULL;
		return (-1);
	}
	return (0);
}
