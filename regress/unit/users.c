/* Lines of the users file, and the table over a whole one. */
#include "users.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "tap.h"
#include "users_table.h"

#define BCRYPT	"$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre"

static const struct {
	const char		*line;
	size_t			 len;		/* 0: strlen */
	enum users_result	 result;
	const char		*text;	/* name|enabled|grants, or why */
} lines[] = {
	{ "", 0, USERS_BLANK, NULL },
	{ "  \t", 0, USERS_BLANK, NULL },
	{ "# a:b:c", 0, USERS_BLANK, NULL },
	{ "a:" BCRYPT, 0, USERS_LINE, "a|enabled|{}" },
	{ "a:" BCRYPT ":", 0, USERS_LINE, "a|enabled|{}" },
	{ "a:" BCRYPT ":{}", 0, USERS_LINE, "a|enabled|{}" },
	{ "a:!" BCRYPT ":{\"x\":\"y:z\"}", 0, USERS_LINE,
	    "a|disabled|{\"x\":\"y:z\"}" },
	{ "\xc3\xa4 b@c:" BCRYPT ":{ }", 0, USERS_LINE,
	    "\xc3\xa4 b@c|enabled|{ }" },
	{ " a:" BCRYPT, 0, USERS_LINE, " a|enabled|{}" },
	{ "a", 0, USERS_BAD, "no ':' after the name" },
	{ "a:", 0, USERS_BAD, "the password hash is empty" },
	{ "a:!", 0, USERS_BAD, "the password hash is empty" },
	{ "a::{}", 0, USERS_BAD, "the password hash is empty" },
	{ ":" BCRYPT, 0, USERS_BAD, "the name is empty" },
	{ "a:!!" BCRYPT, 0, USERS_BAD, "unknown kind of password hash" },
	{ "a:secret", 0, USERS_BAD, "unknown kind of password hash" },
	{ "a:" BCRYPT "x", 0, USERS_BAD, "unknown kind of password hash" },
	{ "a:" BCRYPT "\r", 0, USERS_BAD,
	    "the line ends in a carriage return" },
	{ "\r", 0, USERS_BAD, "the line ends in a carriage return" },
	{ "a:" BCRYPT ":{}\r", 0, USERS_BAD,
	    "the line ends in a carriage return" },
	{ "a\x01:" BCRYPT, 0, USERS_BAD, "the name has a control character" },
	{ "a\x7f:" BCRYPT, 0, USERS_BAD, "the name has a control character" },
	{ "a\xff:" BCRYPT, 0, USERS_BAD, "the name is not UTF-8" },
	{ "a:\0:", 4, USERS_BAD, "the line has a NUL byte" },
	{ "a:" BCRYPT ":x", 0, USERS_BAD, "invalid JSON" },
	{ "a:" BCRYPT ":[]", 0, USERS_BAD, "not a JSON object" },
	{ "a:" BCRYPT ":{} x", 0, USERS_BAD, "invalid JSON" },
	{ "a:" BCRYPT ":{\"a\":1,\"a\":2}", 0, USERS_BAD,
	    "JSON has the same name twice" },
	{ "a:" BCRYPT ":{\"scope\":1}", 0, USERS_BAD,
	    "\"scope\" in the grants is not a string" },
};

static const struct {
	const char	*json;
	const char	*why;		/* NULL: valid */
} grants[] = {
	{ "{}", NULL },
	{ "{\"scope\":\"\"}", NULL },
	{ "{\"scope\":\"read write\",\"aud\":\"api\",\"x\":[1,{}]}", NULL },
	{ "{\"aud\":[\"a\",\"b\"]}", NULL },
	{ "{\n\"aud\":\n\"a\"}", NULL },
	{ "{\"a\":123456789012345678901234567890}", NULL },
	{ "", "invalid JSON" },
	{ "null", "invalid JSON" },
	{ "\"x\"", "invalid JSON" },
	{ "{\"a\":\"\\u0000\"}", "invalid JSON" },
	{ "{\"a\":\"\xff\"}", "invalid JSON" },
	{ "{\"a\":01}", "invalid JSON" },
	{ "{\"scope\":[\"read\"]}", "\"scope\" in the grants is not a string" },
	{ "{\"scope\":null}", "\"scope\" in the grants is not a string" },
	{ "{\"scope\":\"a  b\"}",
	    "\"scope\" in the grants is not a list of scopes" },
	{ "{\"scope\":\"\xc3\xa4\"}",
	    "\"scope\" in the grants is not a list of scopes" },
	{ "{\"aud\":1}",
	    "\"aud\" in the grants is not a string or a list of them" },
	{ "{\"aud\":[]}",
	    "\"aud\" in the grants is not a string or a list of them" },
	{ "{\"aud\":[\"a\",1]}",
	    "\"aud\" in the grants is not a string or a list of them" },
};

static void
test_lines(void)
{
	struct users_line user;
	enum users_result result;
	const char *why;
	char got[512], *copy;
	size_t i, len;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		len = lines[i].len != 0 ? lines[i].len : strlen(lines[i].line);
		/* exactly sized, so that a sanitizer sees a read past it */
		if ((copy = malloc(len + (len == 0))) == NULL)
			abort();
		memcpy(copy, lines[i].line, len);
		why = NULL;
		result = users_parse_line(copy, len, &user, &why);
		is_int(result, lines[i].result, "result of a line");
		if (result == USERS_LINE) {
			snprintf(got, sizeof(got), "%.*s|%s|%.*s",
			    (int)user.name.len, user.name.p,
			    user.disabled ? "disabled" : "enabled",
			    (int)user.grants.len, user.grants.p);
			is_str(got, lines[i].text, "parts of a line");
			ok(span_is(user.hash, BCRYPT), "hash of a line");
		} else
			is_str(why, lines[i].text, "reason for a line");
		free(copy);
	}
}

static void
test_grants(void)
{
	const char *why;
	bool valid;
	size_t i;

	for (i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		why = NULL;
		valid = users_grants_valid(grants[i].json,
		    strlen(grants[i].json), &why);
		is_int(valid, grants[i].why == NULL, "grants");
		is_str(why, grants[i].why, "reason for grants");
	}
}

static void
test_limits(void)
{
	static char text[USER_GRANTS_MAX + 16];
	struct users_line user;
	const char *why;

	memset(text, 'a', sizeof(text));
	ok(users_name_valid(text, USER_NAME_MAX, &why), "longest name");
	ok(!users_name_valid(text, USER_NAME_MAX + 1, &why), "too long a name");
	is_str(why, "the name is too long", "reason");
	ok(!users_name_valid("a:b", 3, &why), "colon in a name");
	is_str(why, "the name has a ':'", "reason");

	memset(text, ' ', sizeof(text));
	text[0] = '{';
	text[USER_GRANTS_MAX - 1] = '}';
	ok(users_grants_valid(text, USER_GRANTS_MAX, &why), "longest grants");
	ok(!users_grants_valid(text, USER_GRANTS_MAX + 1, &why),
	    "too long grants");

	memset(text, 'a', sizeof(text));
	text[1] = ':';
	is_int(users_parse_line(text, USER_HASH_MAX + 3, &user, &why),
	    USERS_BAD, "too long a hash");
	is_str(why, "the password hash is too long", "reason");
	is_int(users_parse_line(text, USER_HASH_MAX + 2, &user, &why),
	    USERS_BAD, "longest hash of no kind");
	is_str(why, "unknown kind of password hash", "reason");
}

static void
note_bad(void *arg, unsigned int line, const char *why)
{
	char *text;
	size_t len;

	text = arg;
	len = strlen(text);
	snprintf(text + len, 512 - len, "%u:%s;", line, why);
}

static void
test_table(void)
{
	static const char file[] = "# users\n"
	    "a:" BCRYPT ":{\"n\":1}\n"
	    "\n"
	    "bad line\n"
	    "b:!" BCRYPT "\n"
	    "a:" BCRYPT ":{\"n\":2}\n"
	    "c:" BCRYPT;
	struct users_entry *entry;
	struct users_table *table;
	char bad[512] = "", *buf;

	if ((buf = malloc(sizeof(file) - 1)) == NULL)
		abort();
	memcpy(buf, file, sizeof(file) - 1);
	table = users_table_new(buf, sizeof(file) - 1, note_bad, bad);
	is_str(bad, "4:no ':' after the name;"
	    "6:an earlier line has the same name;", "bad lines");
	is_int((long long)table->nentries, 4, "entries");
	entry = users_table_find(table, "a", 1);
	ok(entry != NULL && entry->line == 2 &&
	    span_is(entry->user.grants, "{\"n\":1}"), "the first one wins");
	entry = users_table_find(table, "b", 1);
	ok(entry != NULL && entry->user.disabled, "disabled");
	entry = users_table_find(table, "c", 1);
	ok(entry != NULL && entry->line == 7, "no newline at the end");
	ok(users_table_find(table, "d", 1) == NULL, "not there");
	ok(users_table_find(table, "", 0) == NULL, "empty name");
	users_table_free(table);

	if ((buf = malloc(1)) == NULL)
		abort();
	table = users_table_new(buf, 0, NULL, NULL);
	ok(users_table_find(table, "a", 1) == NULL, "empty file");
	users_table_free(table);
}

int
main(void)
{
	if (sodium_init() == -1)
		return (1);
	test_lines();
	test_grants();
	test_limits();
	test_table();
	return (done());
}
