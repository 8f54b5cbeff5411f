/* jwtd-signer/credentials.c: what Basic's bytes may mean. */
#include "credentials.h"

#include <stdlib.h>

#include "tap.h"

#define UE	"\xc3\xbc"	/* u with dots in UTF-8 */
#define LATIN	"\xfc"		/* the same in ISO 8859-1 */

static const struct {
	const char	*name;
	const char	*user;
	const char	*password;
	size_t		 n;
	struct {
		const char	*user;
		const char	*password;
	} out[CREDENTIALS_MAX];
} cases[] = {
	{ "ASCII", "alice", "secret", 1, { { "alice", "secret" } } },
	{ "empty password", "alice", "", 1, { { "alice", "" } } },
	{ "UTF-8", "J" UE "rgen", "p" UE, 1, { { "J" UE "rgen", "p" UE } } },
	{ "Latin-1 password", "alice", "p" LATIN, 1, { { "alice", "p" UE } } },
	{ "Latin-1 user", "J" LATIN "rgen", "p", 1, { { "J" UE "rgen", "p" } } },
	{ "both Latin-1", LATIN, LATIN, 1, { { UE, UE } } },
	/* what is UTF-8 in one half is not taken for it if the other is not */
	{ "mixed", UE, LATIN, 1, { { "\xc3\x83\xc2\xbc", UE } } },
	{ "cut UTF-8", "a", "\xc3", 1, { { "a", "\xc3\x83" } } },
	{ "form-encoded", "alice", "p%2Bw%3A%25", 2,
	    { { "alice", "p%2Bw%3A%25" }, { "alice", "p+w:%" } } },
	{ "form-encoded user", "my%20app", "x", 2,
	    { { "my%20app", "x" }, { "my app", "x" } } },
	{ "plus", "alice", "a+b", 2,
	    { { "alice", "a+b" }, { "alice", "a b" } } },
	{ "form-encoded UTF-8", "J%C3%BCrgen", "%c3%bc", 2,
	    { { "J%C3%BCrgen", "%c3%bc" }, { "J" UE "rgen", UE } } },
	{ "decoded once", "a", "%2541", 2,
	    { { "a", "%2541" }, { "a", "%41" } } },
	{ "a lone percent sign", "alice", "100%", 1, { { "alice", "100%" } } },
	{ "no hex", "alice", "%zz", 1, { { "alice", "%zz" } } },
	{ "good and bad escape", "a%41", "%4", 1, { { "a%41", "%4" } } },
	{ "escape to a control character", "a", "%00", 1,
	    { { "a", "%00" } } },
	{ "escape to a line feed", "a%0a", "b", 1, { { "a%0a", "b" } } },
	{ "escape to no UTF-8", "a", "%fc", 1, { { "a", "%fc" } } },
	{ "Latin-1 and an escape", "a", LATIN "%41", 1,
	    { { "a", UE "%41" } } },
	{ "Latin-1 and a plus in ASCII", LATIN, "a+b", 1,
	    { { UE, "a+b" } } },
};

static void
test_cases(void)
{
	struct credentials out[CREDENTIALS_MAX];
	char what[128];
	size_t i, j, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(out, 'X', sizeof(out));
		n = credentials_read(cases[i].user, cases[i].password, out);
		is_int((long long)n, (long long)cases[i].n, cases[i].name);
		for (j = 0; j < cases[i].n && j < n; j++) {
			snprintf(what, sizeof(what), "%s: user %zu",
			    cases[i].name, j + 1);
			is_str(out[j].user, cases[i].out[j].user, what);
			snprintf(what, sizeof(what), "%s: password %zu",
			    cases[i].name, j + 1);
			is_str(out[j].password, cases[i].out[j].password,
			    what);
		}
	}
}

static char *
repeat(const char *s, size_t n)
{
	char *out;
	size_t i, len;

	len = strlen(s);
	if ((out = malloc(n * len + 1)) == NULL)
		abort();
	for (i = 0; i < n; i++)
		memcpy(out + i * len, s, len);
	out[n * len] = '\0';
	return (out);
}

/* the longest that a request can hold, in each reading */
static void
test_longest(void)
{
	struct credentials out[CREDENTIALS_MAX];
	char *user, *password;

	user = repeat("u", MESSAGE_USER_MAX);
	password = repeat("p", MESSAGE_PASSWORD_MAX);
	is_int((long long)credentials_read(user, password, out), 1, "longest");
	is_str(out[0].user, user, "... the user whole");
	is_str(out[0].password, password, "... the password whole");
	free(password);

	password = repeat(LATIN, MESSAGE_PASSWORD_MAX);
	is_int((long long)credentials_read(user, password, out), 1,
	    "a password that doubles as UTF-8");
	is_int((long long)strlen(out[0].password), 2 * MESSAGE_PASSWORD_MAX,
	    "... is whole");
	free(user);

	user = repeat(LATIN, USER_NAME_MAX / 2);
	is_int((long long)credentials_read(user, password, out), 1,
	    "a user that just fits as UTF-8");
	is_int((long long)strlen(out[0].user), USER_NAME_MAX / 2 * 2,
	    "... is whole");
	free(user);
	user = repeat(LATIN, USER_NAME_MAX / 2 + 1);
	is_int((long long)credentials_read(user, password, out), 0,
	    "one that does not is no user, and is not cut");
	free(password);

	password = repeat("%41", MESSAGE_PASSWORD_MAX / 3);
	is_int((long long)credentials_read("a", password, out), 2,
	    "a long form-encoded one");
	is_int((long long)strlen(out[1].password), MESSAGE_PASSWORD_MAX / 3,
	    "... decoded");
	free(user);
	free(password);
}

int
main(void)
{
	test_cases();
	test_longest();
	return (done());
}
