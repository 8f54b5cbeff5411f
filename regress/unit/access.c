/* jwtd-signer/access.c: what a user may do in a container registry. */
#include "access.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "registry_scope.h"
#include "tap.h"

#define ENTRY(name, actions)	"{\"type\":\"repository\",\"name\":\"" name \
				"\",\"actions\":[" actions "]}"
#define REPO(name, actions)	"[" ENTRY(name, actions) "]"
#define PULL			"\"pull\""
#define BOTH			"\"pull\",\"push\""
#define ALL			"\"*\""
#define CATALOG	"[{\"type\":\"registry\",\"name\":\"catalog\",\"actions\":[" ALL "]}]"

static const struct {
	const char	*name;
	const char	*granted;
	const char	*wanted;
	const char	*want;
} cases[] = {
	{ "what is granted", REPO("team/app", BOTH),
	    "repository:team/app:pull,push", REPO("team/app", BOTH) },
	{ "less than that", REPO("team/app", BOTH), "repository:team/app:push",
	    REPO("team/app", "\"push\"") },
	{ "more than that", REPO("team/app", PULL),
	    "repository:team/app:pull,push", REPO("team/app", PULL) },
	{ "in the order asked for", REPO("a", BOTH), "repository:a:push,pull",
	    REPO("a", "\"push\",\"pull\"") },
	{ "nothing", REPO("team/app", BOTH), "", "[]" },
	{ "no actions", REPO("team/app", ALL), "repository:team/app:", "[]" },
	{ "another action", REPO("a", PULL), "repository:a:delete", "[]" },
	{ "another name", REPO("team/app", BOTH), "repository:team/web:pull",
	    "[]" },
	{ "another type", REPO("catalog", ALL), "registry:catalog:*", "[]" },
	{ "no grants", "[]", "repository:a:pull", "[]" },
	{ "no access in them", NULL, "repository:a:pull", "[]" },
	{ "an entry without actions", REPO("a", ""), "repository:a:pull",
	    "[]" },
	{ "what is left out of several", REPO("b", PULL),
	    "repository:a:pull repository:b:pull repository:c:pull",
	    REPO("b", PULL) },
	{ "several, in their order",
	    "[" ENTRY("a", PULL) "," ENTRY("b", PULL) "]",
	    "repository:b:pull repository:a:pull",
	    "[" ENTRY("b", PULL) "," ENTRY("a", PULL) "]" },

	/* several entries that fit, and several that ask for the same */
	{ "what two entries allow", "[" ENTRY("a", PULL) ","
	    ENTRY("*", "\"push\"") "]", "repository:a:push,pull",
	    REPO("a", "\"push\",\"pull\"") },
	{ "but no more", "[" ENTRY("a", PULL) "," ENTRY("b*", "\"push\"") "]",
	    "repository:a:push,pull", REPO("a", PULL) },
	{ "asked twice", REPO("a", BOTH),
	    "repository:a:pull repository:a:push,pull", REPO("a", BOTH) },
	{ "twice in one", REPO("a", BOTH), "repository:a:pull,pull,push,pull",
	    REPO("a", BOTH) },
	{ "twice with others between", REPO("*", BOTH),
	    "repository:a:pull repository:b:pull repository:a:push",
	    "[" ENTRY("a", BOTH) "," ENTRY("b", PULL) "]" },
	{ "first for what is refused", REPO("a", PULL),
	    "repository:a:push repository:a:pull", REPO("a", PULL) },
	{ "two types of one name", "[{\"type\":\"x\",\"name\":\"*\","
	    "\"actions\":[\"a\"]}," ENTRY("*", PULL) "]",
	    "x:n:a repository:n:pull x:n:pull", "[{\"type\":\"x\","
	    "\"name\":\"n\",\"actions\":[\"a\"]}," ENTRY("n", PULL) "]" },

	/* "*" as an action */
	{ "all actions", REPO("a", ALL), "repository:a:pull,delete,anything",
	    REPO("a", "\"pull\",\"delete\",\"anything\"") },
	{ "all of them asked for", REPO("a", ALL), "repository:a:*",
	    REPO("a", ALL) },
	{ "... without having them", REPO("a", "\"pull\",\"push\",\"delete\""),
	    "repository:a:*", "[]" },
	{ "... beside one", REPO("a", PULL), "repository:a:*,pull",
	    REPO("a", PULL) },
	{ "a catalog", CATALOG, "registry:catalog:*", CATALOG },
	{ "a catalog without it", REPO("*", ALL), "registry:catalog:*", "[]" },
	{ "an action with a star in it", REPO("a", "\"p*\""),
	    "repository:a:pull", "[]" },

	/* patterns */
	{ "a pattern", REPO("team/*", PULL), "repository:team/app:pull",
	    REPO("team/app", PULL) },
	{ "... over a slash", REPO("team/*", PULL), "repository:team/a/b:pull",
	    REPO("team/a/b", PULL) },
	{ "... not without its slash", REPO("team/*", PULL),
	    "repository:team:pull", "[]" },
	{ "... not in the middle", REPO("team/*", PULL),
	    "repository:my/team/app:pull", "[]" },
	{ "... not of another", REPO("team/*", PULL),
	    "repository:team2/app:pull", "[]" },
	{ "... nor a part of one", REPO("team/*", PULL),
	    "repository:tea/app:pull", "[]" },
	{ "everything", REPO("*", PULL), "repository:team/app:pull",
	    REPO("team/app", PULL) },
	{ "everything, twice", REPO("**", PULL), "repository:a:pull",
	    REPO("a", PULL) },
	{ "an end", REPO("*/app", PULL), "repository:a/b/app:pull",
	    REPO("a/b/app", PULL) },
	{ "... not before it", REPO("*/app", PULL), "repository:a/app/b:pull",
	    "[]" },
	{ "... nor longer", REPO("*/app", PULL), "repository:a/app2:pull",
	    "[]" },
	{ "a middle", REPO("a/*/c", PULL), "repository:a/b/c:pull",
	    REPO("a/b/c", PULL) },
	{ "... of two", REPO("a/*/c", PULL), "repository:a/b/b/c:pull",
	    REPO("a/b/b/c", PULL) },
	{ "... of none", REPO("a/*/c", PULL), "repository:a/c:pull", "[]" },
	{ "... that may be empty", REPO("a*b", PULL), "repository:ab:pull",
	    REPO("ab", PULL) },
	{ "start and end do not overlap", REPO("aba*aba", PULL),
	    "repository:ababa:pull", "[]" },
	{ "... and need not", REPO("aba*aba", PULL),
	    "repository:abaaba:pull", REPO("abaaba", PULL) },
	{ "pieces in their order", REPO("*b*a*", PULL),
	    "repository:ab:pull", "[]" },
	{ "... all there", REPO("*b*a*", PULL), "repository:xbyaz:pull",
	    REPO("xbyaz", PULL) },
	{ "a piece is not used twice", REPO("*aa*aa", PULL),
	    "repository:aaa:pull", "[]" },
	{ "... but each once", REPO("*aa*aa", PULL), "repository:aaaa:pull",
	    REPO("aaaa", PULL) },
	{ "the end after a middle", REPO("*a*b", PULL),
	    "repository:xaxbxb:pull", REPO("xaxbxb", PULL) },
	{ "the first is not the only place", REPO("a*bc", PULL),
	    "repository:abcbc:pull", REPO("abcbc", PULL) },
	{ "other characters are themselves", REPO("te.m/?[a-z]", PULL),
	    "repository:team/aa:pull", "[]" },
	{ "a dot is a dot", REPO("te.m/*", PULL), "repository:te.m/a:pull",
	    REPO("te.m/a", PULL) },
	{ "a port", REPO("r.example:5000/*", PULL),
	    "repository:r.example:5000/a:pull",
	    REPO("r.example:5000/a", PULL) },
	{ "... of another", REPO("r.example:5000/*", PULL),
	    "repository:r.example:5001/a:pull", "[]" },
	{ "case of a name", REPO("Team/app", PULL), "repository:team/app:pull",
	    "[]" },
	{ "... the other way", REPO("team/app", PULL),
	    "repository:Team/app:pull", "[]" },
	{ "... the same", REPO("Team/*", PULL), "repository:Team/app:pull",
	    REPO("Team/app", PULL) },
	{ "case of an action", REPO("a", "\"Pull\""), "repository:a:pull",
	    "[]" },
	{ "case of a type", "[{\"type\":\"Repository\",\"name\":\"*\","
	    "\"actions\":[" ALL "]}]", "repository:a:pull", "[]" },
	{ "no pattern for types", "[{\"type\":\"*\",\"name\":\"*\","
	    "\"actions\":[" ALL "]}]", "repository:a:pull", "[]" },

	/* what a client could hope for */
	{ "the pattern itself", REPO("team/*", ALL),
	    "repository:team/*:pull", "[]" },
	{ "a wider one", REPO("team/*", ALL), "repository:*:pull", "[]" },
	{ "an empty name", REPO("*", ALL), "repository::pull", "[]" },
	{ "a way up", REPO("team/*", ALL), "repository:team/../x:pull", "[]" },
	{ "an escape", REPO("team/*", ALL), "repository:team%2Fa:pull", "[]" },
	{ "no scope at all", REPO("*", ALL), "x", "[]" },
	{ "what precedes a bad one", REPO("*", ALL),
	    "repository:a:pull x repository:b:pull", REPO("a", PULL) },

	/* classes */
	{ "a class", REPO("a", PULL), "repository(plugin):a:pull",
	    "[{\"type\":\"repository\",\"name\":\"a\",\"actions\":[" PULL
	    "],\"class\":\"plugin\"}]" },
	{ "a class and none", REPO("a", BOTH),
	    "repository(plugin):a:pull repository:a:push "
	    "repository(plugin):a:push",
	    "[{\"type\":\"repository\",\"name\":\"a\",\"actions\":[" BOTH
	    "],\"class\":\"plugin\"}," ENTRY("a", "\"push\"") "]" },
	{ "none and a class", REPO("a", BOTH),
	    "repository:a:pull repository(plugin):a:push "
	    "repository(image):a:push",
	    "[" ENTRY("a", PULL) ",{\"type\":\"repository\",\"name\":\"a\","
	    "\"actions\":[\"push\"],\"class\":\"plugin\"},"
	    "{\"type\":\"repository\",\"name\":\"a\","
	    "\"actions\":[\"push\"],\"class\":\"image\"}]" },
	{ "a granted class", "[{\"type\":\"repository\",\"class\":\"plugin\","
	    "\"name\":\"*\",\"actions\":[" ALL "]}]",
	    "repository:a:pull repository(image):a:pull "
	    "repository(plugin):a:pull",
	    "[{\"type\":\"repository\",\"name\":\"a\",\"actions\":[" PULL
	    "],\"class\":\"plugin\"}]" },
};

static const struct {
	const char	*granted;
	const char	*why;		/* a part of it */
} broken[] = {
	{ "{}", "no list" },
	{ "\"repository:a:pull\"", "no list" },
	{ "null", "no list" },
	{ "true", "no list" },
	{ "[1]", "no object" },
	{ "[null]", "no object" },
	{ "[[]]", "no object" },
	{ "[\"repository:a:pull\"]", "no object" },
	{ "[{}]", "without a type" },
	{ "[{\"type\":\"\",\"name\":\"a\",\"actions\":[]}]",
	    "without a type" },
	{ "[{\"type\":1,\"name\":\"a\",\"actions\":[]}]", "without a type" },
	{ "[{\"type\":\"a\",\"actions\":[]}]", "without a name" },
	{ "[{\"type\":\"a\",\"name\":\"\",\"actions\":[]}]",
	    "without a name" },
	{ "[{\"type\":\"a\",\"name\":[\"b\"],\"actions\":[]}]",
	    "without a name" },
	{ "[{\"type\":\"a\",\"name\":\"b\"}]", "list of actions" },
	{ "[{\"type\":\"a\",\"name\":\"b\",\"actions\":\"pull\"}]",
	    "list of actions" },
	{ "[{\"type\":\"a\",\"name\":\"b\",\"actions\":{}}]",
	    "list of actions" },
	{ "[{\"type\":\"a\",\"name\":\"b\",\"actions\":[1]}]",
	    "list of actions" },
	{ "[{\"type\":\"a\",\"name\":\"b\",\"actions\":[\"\"]}]",
	    "list of actions" },
	{ "[{\"type\":\"a\",\"name\":\"b\",\"actions\":[],\"class\":1}]",
	    "class" },
	{ "[{\"type\":\"a\",\"name\":\"b\",\"actions\":[],\"class\":\"\"}]",
	    "class" },
	{ "[{\"type\":\"a\",\"name\":\"b\",\"actions\":[],\"tag\":\"1\"}]",
	    "unknown member" },
	{ "[" ENTRY("a", PULL) "," ENTRY("b", "null") "]",
	    "list of actions" },
};

static json_t *
parse(const char *text)
{
	json_t *json;

	if (text == NULL)
		return (NULL);
	if ((json = json_loads(text, JSON_DECODE_ANY, NULL)) == NULL)
		abort();
	return (json);
}

/* the claim as text, or "NULL"; the caller frees it */
static char *
intersect(const char *granted, const char *wanted, const char **why)
{
	json_t *json, *claim;
	char *before, *after, *text;

	json = parse(granted);
	before = json_dumps(json, JSON_ENCODE_ANY);
	claim = access_intersect(json, wanted, why);
	after = json_dumps(json, JSON_ENCODE_ANY);
	if (json != NULL && strcmp(before, after) != 0)
		ok(0, "the grants are left as they are: %s", after);
	free(before);
	free(after);
	json_decref(json);
	text = claim == NULL ? strdup("NULL") : json_dumps(claim, JSON_COMPACT);
	json_decref(claim);
	return (text);
}

static void
test_broken(void)
{
	const char *why;
	char *got;
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		why = "";
		got = intersect(broken[i].granted, "repository:a:pull", &why);
		is_str(got, "NULL", broken[i].granted);
		ok(why != NULL && strstr(why, broken[i].why) != NULL,
		    "... \"%s\"", why);
		free(got);
		/* also when nobody asks for anything */
		got = intersect(broken[i].granted, "", &why);
		is_str(got, "NULL", "... and without a scope");
		free(got);
	}
}

static void
test_many(void)
{
	char wanted[1024], *got;
	const char *why;
	json_t *claim;
	size_t n;
	int i;

	n = 0;
	for (i = 0; i < REGISTRY_SCOPE_LIST_MAX + 8; i++)
		n += (size_t)snprintf(wanted + n, sizeof(wanted) - n,
		    "%srepository:a%d:pull", i > 0 ? " " : "", i);
	got = intersect(REPO("*", PULL), wanted, &why);
	claim = parse(got);
	is_int((long long)json_array_size(claim), REGISTRY_SCOPE_LIST_MAX,
	    "no more than a list has");
	json_decref(claim);
	free(got);
}

/* what keeps those busy that go back: "*a*a*a...*b" and "aaaa..." */
static void
test_time(void)
{
	char wanted[512], pattern[401];
	struct timespec start, end;
	const char *why;
	json_t *granted, *claim;
	double seconds;
	size_t i;

	for (i = 0; i < 200; i++)
		memcpy(pattern + 2 * i, "*a", 2);
	memcpy(pattern + 399, "b", 2);
	granted = json_array();
	for (i = 0; i < 150; i++)
		(void)json_array_append_new(granted, json_pack(
		    "{s:s, s:s, s:[s]}", "type", "repository", "name", pattern,
		    "actions", "pull"));
	(void)snprintf(wanted, sizeof(wanted), "repository:%0*d:pull", 250, 0);
	for (i = 11; wanted[i] != ':'; i++)
		wanted[i] = 'a';
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	claim = access_intersect(granted, wanted, &why);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	seconds = (double)(end.tv_sec - start.tv_sec) +
	    (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	is_int((long long)json_array_size(claim), 0, "no pattern of 150 fits");
	ok(seconds < 2, "... which takes no long time");
	json_decref(claim);
	json_decref(granted);
}

/* the same by all ways, for short ones */
static bool
matches(const char *pattern, const char *name)
{
	if (*pattern == '*')
		return (matches(pattern + 1, name) ||
		    (*name != '\0' && matches(pattern, name + 1)));
	if (*pattern == '\0')
		return (*name == '\0');
	return (*pattern == *name && matches(pattern + 1, name + 1));
}

/* the i-th text of the characters, shorter ones first */
static void
nth(const char *of, size_t i, char out[8])
{
	size_t n, len;

	len = strlen(of);
	for (n = 0; i > 0; i = (i - 1) / len)
		out[n++] = of[(i - 1) % len];
	out[n] = '\0';
}

/* every pattern of up to five characters, and every such name */
static void
test_all(void)
{
	char pattern[8], name[8], wanted[64];
	const char *why;
	json_t *granted, *claim;
	size_t p, n;
	int wrong, fit;

	wrong = fit = 0;
	for (p = 1; p <= 3 + 9 + 27 + 81 + 243; p++) {
		nth("ab*", p, pattern);
		granted = json_pack("[{s:s, s:s, s:[s]}]", "type",
		    "repository", "name", pattern, "actions", "pull");
		for (n = 1; n <= 2 + 4 + 8 + 16 + 32; n++) {
			nth("ab", n, name);
			(void)snprintf(wanted, sizeof(wanted),
			    "repository:%s:pull", name);
			claim = access_intersect(granted, wanted, &why);
			if (matches(pattern, name) !=
			    (json_array_size(claim) == 1))
				wrong++;
			fit += json_array_size(claim) == 1;
			json_decref(claim);
		}
		json_decref(granted);
	}
	is_int(wrong, 0, "all short patterns and names");
	ok(fit > 1000, "... of which %d fit", fit);
}

int
main(void)
{
	const char *why;
	char *got;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = intersect(cases[i].granted, cases[i].wanted, &why);
		is_str(got, cases[i].want, cases[i].name);
		free(got);
	}
	test_broken();
	test_many();
	test_time();
	test_all();
	return (done());
}
