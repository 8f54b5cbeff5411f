/*
 * jwtctl doctor token: why jwt_verify() refused a token, with the values that
 * it compared.  It decides nothing itself, and writes neither token nor
 * signature.
 */
#include "ctl_doctor.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64url.h"
#include "json.h"

#define VALUE_MAX	200	/* bytes of a claim that are shown */

/* A value of the token as JSON, cut if need be. */
static void
print_value(const json_t *value)
{
	size_t n;
	char *text;

	if (value == NULL) {
		printf("absent");
		return;
	}
	if ((text = ctl_dump(value)) == NULL)
		return;
	n = strlen(text);
	if (n <= VALUE_MAX)
		printf("%s", text);
	else {
		/* not within a character */
		for (n = VALUE_MAX; ((unsigned char)text[n] & 0xc0) == 0x80; )
			n--;
		printf("%.*s...", (int)n, text);
	}
	free(text);
}

static void
print_member(const json_t *object, const char *name)
{
	printf("\"%s\" is ", name);
	print_value(json_object_get(object, name));
}

static size_t
count_dots(struct span s)
{
	size_t i, n;

	for (i = n = 0; i < s.len; i++)
		n += s.p[i] == '.';
	return (n);
}

/* What keeps a part from being JSON, or NULL. */
static const char *
part_fault(struct span part)
{
	char buf[JWT_MAX];
	const char *why;
	json_t *json;
	ssize_t n;

	if (part.len == 0)
		return ("empty");
	n = base64url_decode(buf, sizeof(buf), part.p, part.len);
	if (n <= 0)
		return ("not base64url without padding");
	json = json_object_parse(buf, (size_t)n, &why);
	explicit_bzero(buf, sizeof(buf));
	json_decref(json);
	return (json == NULL ? why : NULL);
}

static void
explain_malformed(struct span token)
{
	struct span header, payload;
	const char *dot, *fault;
	size_t dots;

	dots = count_dots(token);
	if (token.len > JWT_MAX)
		printf("%zu bytes are more than %d", token.len, JWT_MAX);
	else if (dots == 4)
		printf("it has 5 parts: it is encrypted (JWE)");
	else if (dots != 2)
		printf("it has %zu part%s and not 3", dots + 1,
		    dots == 0 ? "" : "s");
	else {
		dot = memchr(token.p, '.', token.len);
		header.p = token.p;
		header.len = (size_t)(dot - token.p);
		payload.p = dot + 1;
		dot = memchr(dot + 1, '.', token.len - header.len - 1);
		payload.len = (size_t)(dot - payload.p);
		if ((fault = part_fault(header)) != NULL)
			printf("the header: %s", fault);
		else if ((fault = part_fault(payload)) != NULL)
			printf("the claims: %s", fault);
		else
			printf("it has no signature");
	}
}

/* The issuer whose keys were tried. */
static const struct jwt_issuer *
issuer_of(const struct jwt_policy *policy, const json_t *claims)
{
	const char *name;
	size_t i;

	if ((name = json_string_value(json_object_get(claims, "iss"))) == NULL)
		return (NULL);
	for (i = 0; i < policy->nissuers; i++)
		if (strcmp(policy->issuers[i].name, name) == 0)
			return (&policy->issuers[i]);
	return (NULL);
}

static void
explain_issuer(const struct jwt_policy *policy, const json_t *claims)
{
	size_t i;

	print_member(claims, "iss");
	printf(", and trusted %s", policy->nissuers == 1 ? "is" : "are");
	for (i = 0; i < policy->nissuers; i++)
		printf("%s \"%s\"", i > 0 ? "," : "",
		    policy->issuers[i].name);
}

/* another issuer has written it */
static void
print_kid(const struct jwk *key)
{
	json_t *kid;

	kid = json_string(key->kid);
	print_value(kid);
	json_decref(kid);
}

static void
explain_kid(const struct jwt_issuer *issuer, const json_t *header)
{
	size_t i;

	print_member(header, "kid");
	printf(", and the keys of \"%s\" are", issuer->name);
	for (i = 0; i < issuer->set.nkeys; i++) {
		printf("%s ", i > 0 ? "," : "");
		if (issuer->set.keys[i].kid[0] != '\0')
			print_kid(&issuer->set.keys[i]);
		else
			printf("one without \"kid\"");
	}
}

static const struct jwk *
key_of(const struct jwt_issuer *issuer, const json_t *header)
{
	const char *kid;
	size_t i;

	kid = json_string_value(json_object_get(header, "kid"));
	if (kid == NULL || *kid == '\0' || issuer->set.kidless)
		return (NULL);
	for (i = 0; i < issuer->set.nkeys; i++)
		if (strcmp(issuer->set.keys[i].kid, kid) == 0)
			return (&issuer->set.keys[i]);
	return (NULL);
}

static void
explain_algorithm(const struct jwt_issuer *issuer, const json_t *header)
{
	const struct jwk *key;
	size_t i;

	print_member(header, "alg");
	if ((key = key_of(issuer, header)) != NULL) {
		printf(", but key ");
		print_kid(key);
		printf(" of \"%s\" is for %s", issuer->name,
		    jwk_alg_name(key->alg));
		return;
	}
	printf(", but the keys of \"%s\" are for", issuer->name);
	for (i = 0; i < issuer->set.nkeys; i++)
		printf("%s %s", i > 0 ? "," : "",
		    jwk_alg_name(issuer->set.keys[i].alg));
}

static void
explain_signature(const struct jwt_issuer *issuer, const json_t *header)
{
	const struct jwk *key;

	if ((key = key_of(issuer, header)) != NULL) {
		printf("the signature is not that of key ");
		print_kid(key);
		printf(" of \"%s\"", issuer->name);
	} else
		printf("the signature is of none of the %zu key%s of \"%s\"",
		    issuer->set.nkeys, issuer->set.nkeys == 1 ? "" : "s",
		    issuer->name);
	printf(": the token was changed, or another key has made it");
}

static void
explain_audience(const struct jwt_policy *policy, const json_t *claims)
{
	size_t i;

	print_member(claims, "aud");
	printf(", and wanted is");
	for (i = 0; i < policy->naudience; i++)
		printf("%s \"%s\"", i > 0 ? " or" : "", policy->audience[i]);
}

static void
print_when(const json_t *claims, const char *name, int64_t now)
{
	char at[48], span[32];
	int64_t t;

	t = json_integer_value(json_object_get(claims, name));
	ctl_format_span(span, sizeof(span), t > now ?
	    (uint64_t)t - (uint64_t)now : (uint64_t)now - (uint64_t)t);
	if (t > now)
		printf("\"%s\" is in %s, at %s: a clock is wrong", name, span,
		    doctor_time(at, sizeof(at), (time_t)t));
	else
		printf("expired %s ago, at %s", span,
		    doctor_time(at, sizeof(at), (time_t)t));
}

/* nbf, or else it was iat */
static void
explain_not_yet(const json_t *claims, int64_t now)
{
	const json_t *nbf;

	nbf = json_object_get(claims, "nbf");
	print_when(claims, nbf != NULL &&
	    json_integer_value(nbf) > now + JWT_LEEWAY ? "nbf" : "iat", now);
}

/* the first that is not as it should be */
static void
explain_time(const json_t *claims)
{
	static const char *const names[] = { "exp", "nbf", "iat" };
	const json_t *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = json_object_get(claims, names[i]);
		/* only exp must be there */
		if (json_is_integer(value) || (value == NULL && i > 0))
			continue;
		print_member(claims, names[i]);
		printf(", and must be an integer");
		return;
	}
}

/* What is wrong with the signature, in the wide sense. */
static void
explain_keys(const struct jwt_policy *policy, enum jwt_error error,
    const json_t *header, const json_t *claims)
{
	const struct jwt_issuer *issuer;

	if ((issuer = issuer_of(policy, claims)) == NULL)
		return;
	if (issuer->set.nkeys == 0)
		printf("no key of \"%s\" is known here", issuer->name);
	else if (error == JWT_KEY)
		explain_kid(issuer, header);
	else if (error == JWT_ALGORITHM)
		explain_algorithm(issuer, header);
	else
		explain_signature(issuer, header);
}

static void
explain(const struct jwt_policy *policy, enum jwt_error error,
    const json_t *header, const json_t *claims)
{
	switch (error) {
	case JWT_TYPE:
		print_member(header, "typ");
		printf(", and must be JWT or at+jwt");
		break;
	case JWT_CRITICAL:
		print_member(header, "crit");
		printf(", and no extension is known");
		break;
	case JWT_ISSUER:
		explain_issuer(policy, claims);
		break;
	case JWT_ALGORITHM:
	case JWT_KEY:
	case JWT_SIGNATURE:
		explain_keys(policy, error, header, claims);
		break;
	case JWT_EXPIRED:
		print_when(claims, "exp", policy->now);
		break;
	case JWT_NOT_YET:
		explain_not_yet(claims, policy->now);
		break;
	case JWT_TIME:
		explain_time(claims);
		break;
	case JWT_AUDIENCE:
		explain_audience(policy, claims);
		break;
	case JWT_SUBJECT:
		print_member(claims, "sub");
		printf(", and must be a string that is not empty");
		break;
	case JWT_SCOPE:
		print_member(claims, "scope");
		printf(", and must be scopes with one space between them");
		break;
	case JWT_OK:
	case JWT_MALFORMED:
		break;
	}
}

void
doctor_explain(struct span token, const struct jwt_policy *policy,
    enum jwt_error error)
{
	json_t *header, *claims;

	printf("refused: ");
	header = claims = NULL;
	if (error == JWT_MALFORMED ||
	    jwt_peek(token.p, token.len, &header, &claims) == -1)
		explain_malformed(token);
	else
		explain(policy, error, header, claims);
	putchar('\n');
	json_decref(header);
	json_decref(claims);
}
