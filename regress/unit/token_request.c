/* jwtd/token_request.c: the form that names a token. */
#include "token_request.h"

#include <stdlib.h>

#include "tap.h"

int
main(void)
{
	static const struct {
		const char	*body;
		const char	*token;		/* NULL: refused */
	} cases[] = {
		{ "token=a.b.c", "a.b.c" },
		{ "token=a%2Eb", "a.b" },
		{ "token=a+b", "a b" },
		{ "token=a&token_type_hint=access_token", "a" },
		{ "token_type_hint=refresh_token&token=a", "a" },
		{ "token=a&other=1&other=2", "a" },
		{ "token=&token=a", "a" },
		{ "&&token=a&&", "a" },
		{ "", NULL },
		{ "token", NULL },
		{ "token=", NULL },
		{ "Token=a", NULL },
		{ "token=a&token=a", NULL },
		{ "token=a&token_type_hint=x&token_type_hint=x", NULL },
		{ "token=a&client_secret=x", NULL },
		{ "token=%zz", NULL },
		{ "token=a%00", NULL },
	};
	struct grant_error error;
	struct span token;
	char *buf;
	size_t i;
	bool good;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if ((buf = strdup(cases[i].body)) == NULL)
			exit(1);
		error.code = error.description = NULL;
		good = token_request_read(buf, strlen(buf), &token, &error);
		if (cases[i].token != NULL)
			ok(good && span_is(token, cases[i].token), "\"%s\"",
			    cases[i].body);
		else
			ok(!good && error.code != NULL &&
			    error.description != NULL &&
			    strcmp(error.code, "invalid_request") == 0,
			    "refused: \"%s\"", cases[i].body);
		free(buf);
	}
	return (done());
}
