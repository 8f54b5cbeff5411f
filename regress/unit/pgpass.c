/* libpq's password file: which line matches, and what its password is. */
#include "pgpass.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* the key of all cases but those that say another */
#define HOST		"db.example.com"
#define PORT		"5432"
#define DATABASE	"jwtd"
#define USER		"jwtd_signer"
#define LINE(p)		HOST ":" PORT ":" DATABASE ":" USER ":" p "\n"

static const struct {
	const char	*what;
	const char	*text;
	const char	*password;	/* NULL: none */
} files[] = {
	{ "an empty file", "", NULL },
	{ "one line", LINE("secret"), "secret" },
	{ "no newline at the end", HOST ":5432:jwtd:jwtd_signer:secret",
	    "secret" },
	{ "CRLF", HOST ":5432:jwtd:jwtd_signer:secret\r\n", "secret" },
	{ "CR at the end", HOST ":5432:jwtd:jwtd_signer:secret\r", "secret" },
	{ "a CR within", LINE("se\rcret"), "se\rcret" },
	{ "another host", "db:5432:jwtd:jwtd_signer:secret\n", NULL },
	{ "a longer host", HOST "x:5432:jwtd:jwtd_signer:secret\n", NULL },
	{ "a shorter host", "db.example.co:5432:jwtd:jwtd_signer:secret\n",
	    NULL },
	{ "another port", HOST ":5433:jwtd:jwtd_signer:secret\n", NULL },
	{ "another database", HOST ":5432:other:jwtd_signer:secret\n", NULL },
	{ "another user", HOST ":5432:jwtd:jwtd_admin:secret\n", NULL },
	{ "another case", "DB.example.com:5432:jwtd:jwtd_signer:secret\n",
	    NULL },
	{ "the second line", "db:1:a:b:wrong\n" LINE("secret"), "secret" },
	{ "the first that matches", LINE("first") LINE("second"), "first" },
	{ "a wildcard before the exact", "*:*:*:*:first\n" LINE("second"),
	    "first" },
	{ "all wildcards", "*:*:*:*:secret\n", "secret" },
	{ "a wildcard host", "*:5432:jwtd:jwtd_signer:secret\n", "secret" },
	{ "a wildcard port", HOST ":*:jwtd:jwtd_signer:secret\n", "secret" },
	{ "a wildcard does not match part", "db*:*:*:*:secret\n", NULL },
	{ "nor with more after it", "*db:*:*:*:secret\n", NULL },
	{ "an escaped asterisk is none", "\\*:*:*:*:secret\n", NULL },
	{ "a comment", "#" LINE("wrong") LINE("secret"), "secret" },
	{ "a comment of wildcards", "#*:*:*:*:wrong\n", NULL },
	{ "no comment further right", LINE("se#cret"), "se#cret" },
	{ "a space before is part of the host", " " LINE("secret"), NULL },
	{ "empty lines", "\n\r\n\n" LINE("secret"), "secret" },
	{ "too few fields", HOST ":5432:jwtd:secret\n", NULL },
	{ "only the host", HOST "\n", NULL },
	{ "only colons", "::::\n:::::\n", NULL },
	{ "an unfinished line is not the next one's", HOST ":5432:jwtd\n"
	    ":jwtd_signer:secret\n", NULL },
	{ "an empty password", LINE(""), NULL },
	{ "colons in the password", LINE("a:b:c"), "a:b:c" },
	{ "escaped colons in the password", LINE("a\\:b"), "a:b" },
	{ "a backslash in the password", LINE("a\\\\b"), "a\\b" },
	{ "any other escape", LINE("\\a\\b\\n"), "abn" },
	{ "a backslash at the end", LINE("secret\\"), "secret\\" },
	{ "blanks stay", LINE(" a\tb "), " a\tb " },
	{ "UTF-8", LINE("p\xc3\xa4ss"), "p\xc3\xa4ss" },
	{ "escapes in a field", "d\\b.example.com:54\\32:*:*:secret\n",
	    "secret" },
	{ "15 bytes", LINE("123456789012345"), "123456789012345" },
	{ "16 bytes do not fit", LINE("1234567890123456"), NULL },
	{ "one that does not fit is not passed over",
	    LINE("1234567890123456") LINE("short"), NULL },
	{ "escapes do not count", LINE("\\1\\2\\3\\4\\5\\6\\7\\8\\9012345"),
	    "123456789012345" },
};

/* what needs an escape in the file */
static const struct {
	const char	*what;
	const char	*host;
	const char	*user;
	const char	*text;
	const char	*password;
} escapes[] = {
	{ "an IPv6 address", "::1", USER,
	    "\\:\\:1:*:*:*:secret\n", "secret" },
	{ "an IPv6 address without escapes", "::1", USER,
	    "::1:*:*:*:secret\n", NULL },
	{ "a colon in the user", HOST, "a:b", "*:*:*:a\\:b:secret\n",
	    "secret" },
	{ "a backslash in the user", HOST, "a\\b", "*:*:*:a\\\\b:secret\n",
	    "secret" },
	{ "a user that is an asterisk", HOST, "*", "*:*:*:\\*:secret\n",
	    "secret" },
	{ "an empty host", "", USER, ":*:*:*:secret\n", "secret" },
};

/* A copy of its exact size, so that a sanitizer sees both ends. */
static bool
look(const char *text, size_t len, const struct pgpass_key *key,
    char *password, size_t size)
{
	char *copy;
	bool found;

	if ((copy = malloc(len + 1)) == NULL)
		abort();
	memcpy(copy + 1, text, len);
	found = pgpass_find(copy + 1, len, key, password, size);
	free(copy);
	return (found);
}

static void
check(const char *what, const char *text, size_t len,
    const struct pgpass_key *key, const char *want)
{
	char password[16];

	if (look(text, len, key, password, sizeof(password)))
		is_str(password, want, what);
	else
		is_str(NULL, want, what);
}

/* A NUL ends the value that it is compared with, and is in no password. */
static void
test_nul(void)
{
	static const char field[] = "db\0*:*:*:*:wrong\n*:*:*:*:secret\n";
	static const char password[] = "*:*:*:*:se\0cret\n";
	struct pgpass_key key = { NULL, PORT, DATABASE, USER };
	char *host;

	/* of its exact size as well */
	if ((host = strdup("db")) == NULL)
		abort();
	key.host = host;
	check("a NUL in a field", field, sizeof(field) - 1, &key, "secret");
	check("a NUL in the password", password, sizeof(password) - 1, &key,
	    NULL);
	free(host);
}

int
main(void)
{
	static const struct pgpass_key usual = { HOST, PORT, DATABASE, USER };
	struct pgpass_key key;
	char password[1];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		check(files[i].what, files[i].text, strlen(files[i].text),
		    &usual, files[i].password);
	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		key = usual;
		key.host = escapes[i].host;
		key.user = escapes[i].user;
		check(escapes[i].what, escapes[i].text,
		    strlen(escapes[i].text), &key, escapes[i].password);
	}
	test_nul();
	ok(!look(LINE("s"), strlen(LINE("s")), &usual, password,
	    sizeof(password)), "room for the NUL only");
	return (done());
}
