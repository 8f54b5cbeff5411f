/* common/registry_scope.c: what clients of container registries ask for. */
#include "registry_scope.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define N(s)	"repository:" s ":pull"
#define A_250	A_50 A_50 A_50 A_50 A_50
#define A_50	A_10 A_10 A_10 A_10 A_10
#define A_10	"aaaaaaaaaa"
#define TIMES_8(s)	s s s s s s s s

/* the parts of each, as type|class|name|action|action */
static const struct {
	const char	*list;
	const char	*want;		/* a line for each; NULL: bad */
} cases[] = {
	{ "", "" },
	{ "repository:team/app:pull", "repository|-|team/app|pull\n" },
	{ "repository:team/app:pull,push",
	    "repository|-|team/app|pull|push\n" },
	{ "repository:app:pull", "repository|-|app|pull\n" },
	{ "repository:a/b/c/d:delete", "repository|-|a/b/c/d|delete\n" },
	{ "registry:catalog:*", "registry|-|catalog|*\n" },
	{ "repository(plugin):team/app:pull",
	    "repository|plugin|team/app|pull\n" },
	{ "r2(c3):app:x", "r2|c3|app|x\n" },
	{ "repository:a:pull repository:b:push registry:catalog:*",
	    "repository|-|a|pull\nrepository|-|b|push\n"
	    "registry|-|catalog|*\n" },
	{ "repository:a:pull repository:a:pull",
	    "repository|-|a|pull\nrepository|-|a|pull\n" },
	/* colons in the name */
	{ "repository:localhost:5000/app:pull",
	    "repository|-|localhost:5000/app|pull\n" },
	{ "repository:r.Example.com:443/team/app:pull,push",
	    "repository|-|r.Example.com:443/team/app|pull|push\n" },
	{ "repository:x-y.example/app:pull",
	    "repository|-|x-y.example/app|pull\n" },
	/* the grammar has empty actions */
	{ "repository:app:", "repository|-|app\n" },
	{ "repository:app:,", "repository|-|app\n" },
	{ "repository:app:,pull,,push,", "repository|-|app|pull|push\n" },
	/* names */
	{ N("a.b_c__d-e---f"), "repository|-|a.b_c__d-e---f|pull\n" },
	{ N("0/1"), "repository|-|0/1|pull\n" },
	{ N("Host/app"), "repository|-|Host/app|pull\n" },
	{ N(A_250 "aaaaa"), "repository|-|" A_250 "aaaaa|pull\n" },
	{ N(A_250 "aaaaaa"), NULL },
	{ N(""), NULL },
	{ N("/"), NULL },
	{ N("/app"), NULL },
	{ N("app/"), NULL },
	{ N("a//b"), NULL },
	{ N("."), NULL },
	{ N(".."), NULL },
	{ N("../app"), NULL },
	{ N("team/../app"), NULL },
	{ N("team/./app"), NULL },
	{ N("a..b"), NULL },
	{ N("a___b"), NULL },
	{ N("a_-b"), NULL },
	{ N("a._b"), NULL },
	{ N("-a"), NULL },
	{ N("a-"), NULL },
	{ N("_a"), NULL },
	{ N("a."), NULL },
	{ N("App"), NULL },
	{ N("team/App"), NULL },
	{ N("*"), NULL },
	{ N("team/*"), NULL },
	{ N("te*m/app"), NULL },
	{ N("team%2fapp"), NULL },
	{ N("team\\app"), NULL },
	{ N("team\"app"), NULL },
	{ N("team?app"), NULL },
	{ N("team@app"), NULL },
	{ N("team\tapp"), NULL },
	{ N("team\napp"), NULL },
	{ N("\xc3\xa9"), NULL },
	{ N("te\x7f" "am"), NULL },
	{ N("localhost:5000"), NULL },
	{ N("a/localhost:5000/b"), NULL },
	{ N("localhost:/app"), NULL },
	{ N(":5000/app"), NULL },
	{ N("localhost:50x/app"), NULL },
	{ N("localhost:5000:1/app"), NULL },
	{ N("a:b"), NULL },
	{ N("-Host/app"), NULL },
	{ N("Host-/app"), NULL },
	{ N("Host..x/app"), NULL },
	{ N(".Host/app"), NULL },
	{ N("Host./app"), NULL },
	{ N("Ho_st/app"), NULL },
	{ N("[::1]:5000/app"), NULL },
	/* types and classes */
	{ ":app:pull", NULL },
	{ "Repository:app:pull", NULL },
	{ "repo-sitory:app:pull", NULL },
	{ "*:app:pull", NULL },
	{ "repository():app:pull", NULL },
	{ "repository(:app:pull", NULL },
	{ "repository(a:app:pull", NULL },
	{ "repository(a)b:app:pull", NULL },
	{ "repository(a)(b):app:pull", NULL },
	{ "repository(a)):app:pull", NULL },
	{ "repository((a):app:pull", NULL },
	{ "repository(A):app:pull", NULL },
	{ "repository):app:pull", NULL },
	{ "(a):app:pull", NULL },
	{ "abcdefghijklmnopqrstuvwxyz012345:a:b",
	    "abcdefghijklmnopqrstuvwxyz012345|-|a|b\n" },
	{ "abcdefghijklmnopqrstuvwxyz0123456:a:b", NULL },
	{ "a(abcdefghijklmnopqrstuvwxyz0123456):a:b", NULL },
	/* actions */
	{ "repository:app:Pull", NULL },
	{ "repository:app:pull2", NULL },
	{ "repository:app:pull;push", NULL },
	{ "repository:app:**", NULL },
	{ "repository:app:p*", NULL },
	{ "repository:app:pull,*", "repository|-|app|pull|*\n" },
	{ "a:b:abcdefghijklmnopqrstuvwxyzabcdef",
	    "a|-|b|abcdefghijklmnopqrstuvwxyzabcdef\n" },
	{ "a:b:abcdefghijklmnopqrstuvwxyzabcdefg", NULL },
	{ "a:b:a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a",
	    "a|-|b|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a\n" },
	{ "a:b:a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", NULL },
	/* wholes */
	{ "a", NULL },
	{ ":", NULL },
	{ "::", NULL },
	{ "read", NULL },
	{ "repository:app", NULL },
	{ "repository", NULL },
	{ " ", NULL },
	{ " a:b:c", NULL },
	{ "a:b:c ", NULL },
	{ "a:b:c  a:b:c", NULL },
	{ "a:b:c\ta:b:c", NULL },
	{ "a:b:c,a:b:c", NULL },
	{ "a:b:c x", NULL },
	{ "x a:b:c", NULL },
};

/* Write the parts; returns how it ended. */
static enum registry_scope_result
show(const char *list, char *out, size_t size)
{
	enum registry_scope_result result;
	struct registry_scope scope;
	struct span action;
	size_t n;

	n = 0;
	out[0] = '\0';
	while ((result = registry_scope_next(&list, &scope)) ==
	    REGISTRY_SCOPE_ONE) {
		n += (size_t)snprintf(out + n, size - n, "%.*s|%.*s|%.*s",
		    (int)scope.type.len, scope.type.p,
		    scope.class.p != NULL ? (int)scope.class.len : 1,
		    scope.class.p != NULL ? scope.class.p : "-",
		    (int)scope.name.len, scope.name.p);
		while (registry_scope_action(&scope.actions, &action))
			n += (size_t)snprintf(out + n, size - n, "|%.*s",
			    (int)action.len, action.p);
		n += (size_t)snprintf(out + n, size - n, "\n");
	}
	return (result);
}

static void
test_case(const char *list, const char *want)
{
	enum registry_scope_result result;
	char out[1024], *copy;

	/* of its exact size, for those who watch the memory */
	if ((copy = strdup(list)) == NULL)
		abort();
	result = show(copy, out, sizeof(out));
	ok(registry_scope_list_valid(copy) == (want != NULL),
	    "%.60s is %s", want != NULL ? list : "what is not well-formed",
	    want != NULL ? "valid" : "invalid");
	if (want != NULL) {
		is_int(result, REGISTRY_SCOPE_END, "... to its end");
		is_str(out, want, "... its parts");
	} else
		is_int(result, REGISTRY_SCOPE_BAD, "... is told apart");
	free(copy);
}

int
main(void)
{
	static const char most[] = "a:b:c" TIMES_8(" a:b:c") TIMES_8(" a:b:c")
	    TIMES_8(" a:b:c") " a:b:c a:b:c a:b:c a:b:c a:b:c a:b:c a:b:c";
	static const char more[] = "a:b:c" TIMES_8(" a:b:c") TIMES_8(" a:b:c")
	    TIMES_8(" a:b:c") TIMES_8(" a:b:c");
	struct registry_scope scope;
	const char *list;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(cases[i].list, cases[i].want);
	ok(registry_scope_list_valid(most), "32 of them");
	ok(!registry_scope_list_valid(more), "33 are too many");

	list = "a:b:c x a:b:c";
	is_int(registry_scope_next(&list, &scope), REGISTRY_SCOPE_ONE,
	    "one before a bad one");
	is_int(registry_scope_next(&list, &scope), REGISTRY_SCOPE_BAD,
	    "the bad one");
	is_int(registry_scope_next(&list, &scope), REGISTRY_SCOPE_BAD,
	    "which nothing gets past");
	return (done());
}
