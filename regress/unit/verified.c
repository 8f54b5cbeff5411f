/* jwtd/verified.c: tokens that need not be verified again. */
#include "verified.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define NOW	1000000
#define ALL	VERIFIED_ENTRIES

static const struct jwt_times times = { NOW + 900, NOW };
static const int here, there;

/* What is kept for a token at a place, or "none". */
static const char *
find(struct verified *v, const void *place, const char *token, int64_t now)
{
	struct verified_tag tag;
	const char *fields;
	size_t n;

	verified_tag(v, token, strlen(token), &tag);
	fields = verified_find(v, place, &tag, now, &n);
	if (fields == NULL)
		return ("none");
	return (strlen(fields) == n ? fields : "its length is wrong");
}

static void
keep(struct verified *v, const void *place, const char *token,
    const char *fields)
{
	struct verified_tag tag;

	verified_tag(v, token, strlen(token), &tag);
	verified_keep(v, place, &tag, &times, fields, strlen(fields));
}

static void
test_one(void)
{
	struct verified *v;

	v = verified_new();
	is_str(find(v, &here, "a.b.c", NOW), "none", "nothing at first");
	keep(v, &here, "a.b.c", "X: 1\r\n");
	is_str(find(v, &here, "a.b.c", NOW), "X: 1\r\n", "what was kept");
	is_str(find(v, &here, "a.b.c", NOW), "X: 1\r\n", "... and again");
	is_str(find(v, &here, "a.b.d", NOW), "none", "another token");
	is_str(find(v, &here, "a.b.", NOW), "none", "a shorter one");
	is_str(find(v, &here, "a.b.cc", NOW), "none", "a longer one");
	is_str(find(v, &there, "a.b.c", NOW), "none", "another place");
	keep(v, &there, "a.b.c", "");
	is_str(find(v, &there, "a.b.c", NOW), "", "has its own");
	is_str(find(v, &here, "a.b.c", NOW), "X: 1\r\n", "... beside it");
	verified_forget(v);
	is_str(find(v, &here, "a.b.c", NOW), "none", "forgotten");
	is_str(find(v, &there, "a.b.c", NOW), "none", "... everywhere");
	keep(v, &here, "a.b.c", "new");
	is_str(find(v, &here, "a.b.c", NOW), "new", "kept anew");
	verified_forget(v);
	free(v);
}

static void
test_times(void)
{
	static const struct {
		int64_t		 now;
		const char	*want;
		const char	*what;
	} cases[] = {
		{ NOW, "x", "within its times" },
		{ NOW + 900 + JWT_LEEWAY - 1, "x", "the last second" },
		{ NOW + 900 + JWT_LEEWAY, "none", "expired" },
		{ NOW - JWT_LEEWAY, "x", "the first second" },
		{ NOW - JWT_LEEWAY - 1, "none", "the clock went back" }
	};
	struct verified *v;
	size_t i;

	v = verified_new();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		keep(v, &here, "token", "x");
		is_str(find(v, &here, "token", cases[i].now), cases[i].want,
		    cases[i].what);
	}
	is_str(find(v, &here, "token", NOW), "none",
	    "what was found out of time stays out");
	verified_forget(v);
	free(v);
}

/* Answers are no longer than that, and there are no more of them than that. */
static void
test_bounds(void)
{
	char fields[VERIFIED_FIELDS_MAX + 2], token[32];
	struct verified *v;
	size_t i, n;

	v = verified_new();
	memset(fields, 'x', sizeof(fields));
	fields[VERIFIED_FIELDS_MAX] = '\0';
	keep(v, &here, "long", fields);
	is_str(find(v, &here, "long", NOW), fields, "as long as may be");
	fields[VERIFIED_FIELDS_MAX] = 'x';
	fields[VERIFIED_FIELDS_MAX + 1] = '\0';
	keep(v, &here, "longer", fields);
	is_str(find(v, &here, "longer", NOW), "none", "too long");

	for (i = 0; i < 4 * ALL; i++) {
		(void)snprintf(token, sizeof(token), "token %zu", i);
		keep(v, &here, token, token);
		/* one that is in use stays */
		if (strcmp(find(v, &here, "long", NOW), "none") == 0)
			break;
	}
	is_int((long long)i, 4 * ALL, "one in use outlives many");
	n = 0;
	for (i = 0; i < 4 * ALL; i++) {
		(void)snprintf(token, sizeof(token), "token %zu", i);
		if (strcmp(find(v, &here, token, NOW), "none") == 0)
			continue;
		if (strcmp(find(v, &here, token, NOW), token) != 0)
			break;
		n++;
	}
	is_int((long long)i, 4 * ALL, "none has another's answer");
	ok(n <= ALL && n > ALL / 2, "%zu of %d are kept", n, 4 * ALL);
	verified_forget(v);
	free(v);

	keep(NULL, &here, "token", "x");
	verified_forget(NULL);
	is_str(find(NULL, &here, "token", NOW), "none", "without memory");
}

int
main(void)
{
	test_one();
	test_times();
	test_bounds();
	return (done());
}
