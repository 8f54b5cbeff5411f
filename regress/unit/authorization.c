/* jwtd/authorization.c: Basic, RFC 7617, and Bearer, RFC 6750. */
#include "authorization.h"

#include <stdlib.h>

#include "base64url.h"
#include "tap.h"

#define USER_SIZE	16
#define PASSWORD_SIZE	32

static const struct {
	const char	*header;
	const char	*user;		/* NULL: malformed */
	const char	*password;
} basic[] = {
	/* RFC 7617 sections 2 and 2.1 */
	{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" },
	{ "Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3" },
	/* the same in Latin-1: what it means is not decided here */
	{ "Basic dGVzdDoxMjOj", "test", "123\xa3" },
	{ "basic YTpi", "a", "b" },
	{ "BASIC YTpi", "a", "b" },
	{ "bAsIc   YTpi", "a", "b" },
	{ "Basic YTo=", "a", "" },
	{ "Basic YTpiOmM6", "a", "b:c:" },
	{ "Basic YTo6", "a", ":" },
	{ "Basic ICA6ICA=", "  ", "  " },
	{ "Basic Pz4/Pj8+On4/", "?>?>?>", "~?" },
	{ "Basic", NULL, NULL },
	{ "Basic ", NULL, NULL },
	{ "Basic    ", NULL, NULL },
	{ "Basic\tYTpi", NULL, NULL },
	{ "Basic \tYTpi", NULL, NULL },
	{ "Basic,YTpi", NULL, NULL },
	{ "Basic=YTpi", NULL, NULL },
	{ "Basic YTpi ", NULL, NULL },
	{ "Basic YTpi\t", NULL, NULL },
	{ "Basic YTpi YTpi", NULL, NULL },
	{ "Basic YTpi,Basic YTpi", NULL, NULL },
	{ "Basic YTpi, realm=x", NULL, NULL },
	{ "Basic YT pi", NULL, NULL },
	{ "Basic \"YTpi\"", NULL, NULL },
	{ "Basic YTpi=", NULL, NULL },
	{ "Basic YTpi====", NULL, NULL },
	{ "Basic YTo", NULL, NULL },		/* no padding */
	{ "Basic YTo==", NULL, NULL },
	{ "Basic YTo=YTo=", NULL, NULL },
	{ "Basic YTp=", NULL, NULL },		/* stray bits */
	{ "Basic YTq=", NULL, NULL },
	{ "Basic YTpiY", NULL, NULL },
	{ "Basic ====", NULL, NULL },
	{ "Basic =", NULL, NULL },
	{ "Basic Pz4_Pj8-On4_", NULL, NULL },	/* the other alphabet */
	{ "Basic YWI=", NULL, NULL },		/* no colon */
	{ "Basic Og==", NULL, NULL },		/* no user */
	{ "Basic OmI=", NULL, NULL },
	{ "Basic YQA6Yg==", NULL, NULL },	/* NUL in the user */
	{ "Basic YTpiAGM=", NULL, NULL },	/* NUL in the password */
	{ "Basic YTpiAA==", NULL, NULL },
	{ "Basic YQo6Yg==", NULL, NULL },	/* LF */
	{ "Basic YTpiDQ==", NULL, NULL },	/* CR */
	{ "Basic YQk6Yg==", NULL, NULL },	/* HTAB */
	{ "Basic YTobYg==", NULL, NULL },	/* ESC */
	{ "Basic YTofYg==", NULL, NULL },	/* 1f */
	{ "Basic YTp/", NULL, NULL },		/* 7f */
	{ "Basic f2E6Yg==", NULL, NULL },
};

static const char *const not_basic[] = {
	"", "B", "Basi", "Bearer YTpi", "BasicX YTpi", "Basic-x YTpi",
	"Basic1 YTpi", "Digest username=\"Basic\"", " Basic YTpi", "YTpi",
	"XBasic YTpi", "X Basic YTpi",
};

static const struct {
	const char	*header;
	const char	*token;		/* NULL: malformed */
} bearer[] = {
	{ "Bearer mF_9.B5f-4.1JqM", "mF_9.B5f-4.1JqM" },
	{ "bearer a", "a" },
	{ "BEARER   a.b.c", "a.b.c" },
	{ "Bearer AZaz09-._~+/", "AZaz09-._~+/" },
	{ "Bearer a=", "a=" },
	{ "Bearer a=====", "a=====" },
	{ "Bearer", NULL },
	{ "Bearer ", NULL },
	{ "Bearer   ", NULL },
	{ "Bearer\ta", NULL },
	{ "Bearer \ta", NULL },
	{ "Bearer a ", NULL },
	{ "Bearer a b", NULL },
	{ "Bearer a,b", NULL },
	{ "Bearer a, Basic YTpi", NULL },
	{ "Bearer =", NULL },
	{ "Bearer =a", NULL },
	{ "Bearer a=b", NULL },
	{ "Bearer \"a\"", NULL },
	{ "Bearer a\x01", NULL },
	{ "Bearer a\x7f", NULL },
	{ "Bearer \xc3\xa9", NULL },
	{ "Bearer a%20", NULL },
	{ "Bearer a:b", NULL },
	{ "Bearer:a", NULL },
};

static const char *const not_bearer[] = {
	"", "B", "Bear", "Basic a", "Bearers a", "Bearer1 a", "Bearer_ a",
	" Bearer a", "Token a", "DPoP a",
};

static struct span
span(const char *s)
{
	struct span out = { s, strlen(s) };

	return (out);
}

static int
wiped(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != '\0')
			return (0);
	return (1);
}

static void
test_basic(void)
{
	struct span none = { NULL, 0 };
	char user[USER_SIZE], password[PASSWORD_SIZE];
	enum auth_result r;
	size_t i;

	for (i = 0; i < sizeof(basic) / sizeof(basic[0]); i++) {
		memset(user, 'u', sizeof(user));
		memset(password, 'p', sizeof(password));
		r = authorization_basic(span(basic[i].header), user,
		    sizeof(user), password, sizeof(password));
		if (basic[i].user == NULL) {
			is_int(r, AUTH_MALFORMED, basic[i].header);
			ok(wiped(user, sizeof(user)) &&
			    wiped(password, sizeof(password)), "... wiped");
			continue;
		}
		is_int(r, AUTH_OK, basic[i].header);
		is_str(user, basic[i].user, "... the user");
		is_str(password, basic[i].password, "... the password");
	}
	for (i = 0; i < sizeof(not_basic) / sizeof(not_basic[0]); i++)
		is_int(authorization_basic(span(not_basic[i]), user,
		    sizeof(user), password, sizeof(password)), AUTH_ABSENT,
		    not_basic[i]);
	is_int(authorization_basic(none, user, sizeof(user), password,
	    sizeof(password)), AUTH_ABSENT, "no header");
}

/* "user:password" of those lengths, in base64 */
static enum auth_result
sized(size_t user_len, size_t password_len, size_t user_size,
    size_t password_size)
{
	static char plain[16384], header[32768], user[16384], password[16384];
	struct span s = { header, 0 };
	enum auth_result r;
	size_t n;

	memset(plain, 'a', sizeof(plain));
	plain[user_len] = ':';
	n = user_len + 1 + password_len;
	memcpy(header, "Basic ", 6);
	/* without '+' and '/' in it both alphabets are the same */
	s.len = 6 + base64url_encode(header + 6, sizeof(header) - 6, plain, n);
	for (; n % 3 != 0; n++)
		header[s.len++] = '=';
	r = authorization_basic(s, user, user_size, password, password_size);
	if (r == AUTH_OK && (strlen(user) != user_len ||
	    strlen(password) != password_len))
		abort();
	return (r);
}

static void
test_sizes(void)
{
	is_int(sized(255, 511, 256, 512), AUTH_OK, "both as long as can be");
	is_int(sized(256, 511, 256, 512), AUTH_MALFORMED, "user too long");
	is_int(sized(255, 512, 256, 512), AUTH_MALFORMED, "password too long");
	is_int(sized(1, 0, 2, 1), AUTH_OK, "both as short as can be");
	is_int(sized(1, 1, 1, 1), AUTH_MALFORMED, "no room for a user");
	is_int(sized(1, 1, 2, 0), AUTH_MALFORMED, "no room for a NUL");
	is_int(sized(2000, 2000, 4096, 4096), AUTH_OK, "both long");
	is_int(sized(6000, 6000, 16384, 16384), AUTH_MALFORMED,
	    "more than is ever decoded");
}

static void
test_bearer(void)
{
	struct span none = { NULL, 0 }, token;
	char text[64];
	enum auth_result r;
	size_t i;

	for (i = 0; i < sizeof(bearer) / sizeof(bearer[0]); i++) {
		r = authorization_bearer(span(bearer[i].header), &token);
		if (bearer[i].token == NULL) {
			is_int(r, AUTH_MALFORMED, bearer[i].header);
			ok(token.p == NULL, "... and no token");
			continue;
		}
		is_int(r, AUTH_OK, bearer[i].header);
		snprintf(text, sizeof(text), "%.*s", (int)token.len, token.p);
		is_str(text, bearer[i].token, "... the token");
	}
	for (i = 0; i < sizeof(not_bearer) / sizeof(not_bearer[0]); i++)
		is_int(authorization_bearer(span(not_bearer[i]), &token),
		    AUTH_ABSENT, not_bearer[i]);
	is_int(authorization_bearer(none, &token), AUTH_ABSENT, "no header");
}

int
main(void)
{
	test_basic();
	test_sizes();
	test_bearer();
	return (done());
}
