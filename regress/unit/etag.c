/* jwtd/etag.c: If-None-Match, RFC 9110 section 13.1.2. */
#include "etag.h"

#include "tap.h"

#define TAG	"\"abc\""

static const struct {
	const char	*field;
	int		 named;
} cases[] = {
	{ TAG, 1 },
	{ "W/" TAG, 1 },
	{ "*", 1 },
	{ "\"x\", " TAG, 1 },
	{ TAG ",\"x\"", 1 },
	{ "\"x\"\t,\tW/" TAG " , \"y\"", 1 },
	{ ", ,, " TAG " ,", 1 },
	{ "\"\", " TAG, 1 },
	{ "\"a,b\", " TAG, 1 },
	{ "\"\\\", " TAG, 1 },		/* a backslash is but a character */
	{ "\"\xe4\", " TAG, 1 },

	{ "", 0 },
	{ ",", 0 },
	{ "abc", 0 },
	{ "\"abc", 0 },
	{ "abc\"", 0 },
	{ "\"", 0 },
	{ "\"\"", 0 },
	{ "W/", 0 },
	{ "w/" TAG, 0 },
	{ "W/ " TAG, 0 },
	{ "\"ABC\"", 0 },
	{ "\"abcd\"", 0 },
	{ "\"ab\"", 0 },
	{ "\"x " TAG "\"", 0 },
	{ "\"x,\"abc\"\"", 0 },
	{ "\"abc \"", 0 },
	{ "**", 0 },
	{ "*, " TAG, 0 },
	{ TAG ", *", 0 },
	{ TAG " " TAG, 0 },
	{ TAG "x", 0 },
	{ TAG ", x", 0 },
	{ "\"x\";q=1, " TAG, 0 },
};

int
main(void)
{
	struct span field;
	char a[ETAG_SIZE], b[ETAG_SIZE];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		field.p = cases[i].field;
		field.len = strlen(cases[i].field);
		is_int(etag_named(field, TAG), cases[i].named,
		    cases[i].field);
	}
	field.p = NULL;
	field.len = 0;
	is_int(etag_named(field, TAG), 0, "no such field");
	/* only what is in the span counts */
	field.p = "*, x";
	field.len = 1;
	is_int(etag_named(field, TAG), 1, "a star and what is not looked at");
	field.p = TAG;
	field.len = 4;
	is_int(etag_named(field, TAG), 0, "a tag that is cut off");

	etag_make(a, "one", 3);
	is_int((long long)strlen(a), ETAG_SIZE - 1, "length of a tag");
	ok(a[0] == '"' && a[ETAG_SIZE - 2] == '"' &&
	    strcspn(a + 1, "\"") == ETAG_SIZE - 3, "... in quotes");
	field.p = a;
	field.len = strlen(a);
	ok(etag_named(field, a), "... names itself");
	etag_make(b, "two", 3);
	ok(!etag_named(field, b), "... and no other");
	etag_make(b, "one", 3);
	is_str(b, a, "... and is the same for the same bytes");
	return (done());
}
