/* jwtd-signer/revoked_lines.c: lines of the file of what was revoked. */
#include "revoked_lines.h"

#include <stdlib.h>

#include "tap.h"

#define NOW	1000000000LL
#define DAY	86400LL

static void
test_parse(void)
{
	static const struct {
		const char		*line;
		enum revoked_result	 want;
		enum revoked_kind	 kind;
		const char		*id;
		long long		 time;
	} cases[] = {
		{ "token:Abc-_.9:1", REVOKED_LINE, REVOKED_TOKEN, "Abc-_.9",
		    1 },
		{ "user:alice:1790000000", REVOKED_LINE, REVOKED_USER, "alice",
		    1790000000 },
		{ "user:j\xc3\xbcrgen w.:253402300799", REVOKED_LINE,
		    REVOKED_USER, "j\xc3\xbcrgen w.", REVOKED_TIME_MAX },
		{ "", REVOKED_BLANK, 0, NULL, 0 },
		{ "# token:a:1", REVOKED_BLANK, 0, NULL, 0 },
		{ "token", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a", REVOKED_BAD, 0, NULL, 0 },
		{ "token::1", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:0", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:-1", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:+1", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a: 1", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:1 ", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:253402300800", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:99999999999999999999", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a b:1", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a:b:1", REVOKED_BAD, 0, NULL, 0 },
		{ "token:a/b:1", REVOKED_BAD, 0, NULL, 0 },
		{ "Token:a:1", REVOKED_BAD, 0, NULL, 0 },
		{ " token:a:1", REVOKED_BAD, 0, NULL, 0 },
		{ "tokens:a:1", REVOKED_BAD, 0, NULL, 0 },
		{ "user:a:b:1", REVOKED_BAD, 0, NULL, 0 },
		{ "user:\xff:1", REVOKED_BAD, 0, NULL, 0 },
		{ "user:a\x01:1", REVOKED_BAD, 0, NULL, 0 },
		{ "user:alice:1\r", REVOKED_BAD, 0, NULL, 0 },
		{ ":a:1", REVOKED_BAD, 0, NULL, 0 },
		{ "::", REVOKED_BAD, 0, NULL, 0 },
	};
	struct revoked_line line;
	enum revoked_result got;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = NULL;
		got = revoked_line_parse(cases[i].line, strlen(cases[i].line),
		    &line, &why);
		if (got != REVOKED_LINE)
			ok(got == cases[i].want && (got == REVOKED_BLANK ||
			    why != NULL), "\"%s\"", cases[i].line);
		else
			ok(got == cases[i].want && line.kind == cases[i].kind &&
			    line.time == cases[i].time &&
			    line.id.len == strlen(cases[i].id) &&
			    memcmp(line.id.p, cases[i].id, line.id.len) == 0,
			    "\"%s\"", cases[i].line);
	}
	got = revoked_line_parse("token:" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ":1", 71, &line, &why);
	is_int(got, REVOKED_LINE, "an id as long as it may be");
	got = revoked_line_parse("token:" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ":1", 72, &line, &why);
	is_int(got, REVOKED_BAD, "... and one longer");
}

static struct revoked_line
line_of(enum revoked_kind kind, const char *id, int64_t time)
{
	struct revoked_line line;

	line.kind = kind;
	line.id.p = id;
	line.id.len = strlen(id);
	line.time = time;
	return (line);
}

static void
test_over(void)
{
	struct revoked_line line;

	line = line_of(REVOKED_TOKEN, "a", NOW - 59);
	ok(!revoked_line_over(&line, NOW), "a token lives on for the leeway");
	line.time = NOW - 60;
	ok(revoked_line_over(&line, NOW), "... and no longer");
	line = line_of(REVOKED_USER, "a", NOW - 30 * DAY - 59);
	ok(!revoked_line_over(&line, NOW),
	    "a user's tokens live for thirty days and the leeway");
	line.time = NOW - 30 * DAY - 60;
	ok(revoked_line_over(&line, NOW), "... and no longer");
	line.time = REVOKED_TIME_MAX;
	ok(!revoked_line_over(&line, NOW), "the latest time");
}

static void
added(const char *old, struct revoked_line line, const char *want,
    const char *what)
{
	char *got, *text;
	size_t len;

	got = revoked_lines_add(old, strlen(old), &line, NOW, &len);
	if (got == NULL || (text = strndup(got, len)) == NULL)
		exit(1);
	is_str(text, want, what);
	free(text);
	free(got);
}

static void
test_add(void)
{
	added("", line_of(REVOKED_TOKEN, "a", NOW), "token:a:1000000000\n",
	    "the first line");
	added("user:a:1000000009\n", line_of(REVOKED_TOKEN, "a", NOW),
	    "user:a:1000000009\ntoken:a:1000000000\n", "one more");
	added("# old\n\nno line\ntoken:x:1000000000",
	    line_of(REVOKED_USER, "b", NOW),
	    "# old\n\nno line\ntoken:x:1000000000\nuser:b:1000000000\n",
	    "what is no entry stays");
	added("token:x:999999940\ntoken:y:999999941\n",
	    line_of(REVOKED_USER, "b", NOW),
	    "token:y:999999941\nuser:b:1000000000\n", "what is over goes");
	added("user:b:1000000005\nuser:c:1000000000\n",
	    line_of(REVOKED_USER, "b", NOW),
	    "user:c:1000000000\nuser:b:1000000005\n",
	    "the later time of the same");
	added("user:b:999999999\nuser:b:999999998\n",
	    line_of(REVOKED_USER, "b", NOW), "user:b:1000000000\n",
	    "the same is there once");
}

int
main(void)
{
	test_parse();
	test_over();
	test_add();
	return (done());
}
