/* jwtd-signer/claims.c: what a token says, and what grants cannot change. */
#include "claims.h"

#include <stdlib.h>

#include "json.h"
#include "tap.h"

#define OWN	"\"iss\":\"https://i.example\",\"sub\":\"alice\"," \
		"\"client_id\":\"alice\",\"aud\":\"api\",\"iat\":2000000000," \
		"\"nbf\":2000000000,\"exp\":2000000900,\"jti\":\"id\""
#define S_511	S_64 S_64 S_64 S_64 S_64 S_64 S_64 S_32 S_16 S_8 "sssssss"
#define S_64	S_32 S_32
#define S_32	S_16 S_16
#define S_16	S_8 S_8
#define S_8	"ssssssss"

static const struct {
	const char		*name;
	const char		*grants;
	const char		*audience;
	bool			 foreign;
	const char		*scope;
	enum message_status	 want;
	const char		*claims;	/* or a part of why */
	const char		*granted;
} cases[] = {
	{ "no grants", "{}", "api", false, "", MESSAGE_OK, "{" OWN "}", "" },
	{ "grants", "{\"email\":\"a@b\",\"roles\":[\"x\",{\"y\":null}]}",
	    "api", false, "", MESSAGE_OK,
	    "{\"email\":\"a@b\",\"roles\":[\"x\",{\"y\":null}]," OWN "}", "" },
	{ "white space", " { \"a\" : [ 1 , 2 ] , \"b\\n c\" : \" \" } \n",
	    "api", false, "", MESSAGE_OK,
	    "{\"a\":[1,2],\"b\\n c\":\" \"," OWN "}", "" },
	{ "all scopes", "{\"scope\":\"read write\"}", "api", false, "",
	    MESSAGE_OK, "{" OWN ",\"scope\":\"read write\"}", "read write" },
	{ "one scope", "{\"scope\":\"read write\"}", "api", false, "write",
	    MESSAGE_OK, "{" OWN ",\"scope\":\"write\"}", "write" },
	{ "in another order", "{\"scope\":\"read write\"}", "api", false,
	    "write read", MESSAGE_OK, "{" OWN ",\"scope\":\"write read\"}",
	    "write read" },
	{ "empty scope", "{\"scope\":\"\"}", "api", false, "", MESSAGE_OK,
	    "{" OWN "}", "" },
	{ "longest scope", "{\"scope\":\"" S_511 "\"}", "api", false, "",
	    MESSAGE_OK, "{" OWN ",\"scope\":\"" S_511 "\"}", S_511 },
	{ "scope that is not held", "{\"scope\":\"read\"}", "api", false,
	    "write", MESSAGE_BAD_SCOPE, NULL, NULL },
	{ "one of two not held", "{\"scope\":\"read\"}", "api", false,
	    "read write", MESSAGE_BAD_SCOPE, NULL, NULL },
	{ "part of a scope", "{\"scope\":\"read\"}", "api", false, "rea",
	    MESSAGE_BAD_SCOPE, NULL, NULL },
	{ "scope where none is held", "{}", "api", false, "read",
	    MESSAGE_BAD_SCOPE, NULL, NULL },

	{ "second audience", "{}", "web", false, "", MESSAGE_OK, NULL, "" },
	{ "made up audience", "{}", "evil", false, "", MESSAGE_BAD_TARGET,
	    NULL, NULL },
	{ "part of an audience", "{}", "ap", false, "", MESSAGE_BAD_TARGET,
	    NULL, NULL },
	{ "granted audience", "{\"aud\":\"mine\"}", "mine", false, "",
	    MESSAGE_OK, NULL, "" },
	{ "granted audience in a list", "{\"aud\":[1,\"x\",\"mine\"]}",
	    "mine", true, "", MESSAGE_OK, NULL, "" },
	{ "not granted", "{\"aud\":[\"x\",\"y\"]}", "mine", true, "",
	    MESSAGE_BAD_TARGET, NULL, NULL },
	{ "granted as an object", "{\"aud\":{\"mine\":1}}", "mine", true, "",
	    MESSAGE_BAD_TARGET, NULL, NULL },
	{ "another location's, asked for", "{}", "web", true, "",
	    MESSAGE_BAD_TARGET, NULL, NULL },
	{ "... and granted", "{\"aud\":\"web\"}", "web", true, "",
	    MESSAGE_OK, NULL, "" },
	{ "a list does not go into the token", "{\"aud\":[\"x\",\"api\"]}",
	    "api", false, "", MESSAGE_OK, "{" OWN "}", "" },

	{ "no override", "{\"iss\":\"x\",\"sub\":\"root\",\"client_id\":\"x\","
	    "\"aud\":\"x\",\"iat\":1,\"nbf\":1,\"exp\":9999999999,"
	    "\"jti\":\"x\",\"scope\":\"a\",\"ok\":1}", "api", false, "",
	    MESSAGE_OK, "{\"ok\":1," OWN ",\"scope\":\"a\"}", "a" },
	{ "no override by other types", "{\"iss\":null,\"sub\":[],\"exp\":{},"
	    "\"nbf\":\"\",\"jti\":false,\"iat\":0.5,\"client_id\":{}}", "api",
	    false, "", MESSAGE_OK, "{" OWN "}", "" },
	{ "no override by other spelling", "{\"s\\u0075b\":\"root\","
	    "\"\\u0065xp\":9999999999,\"scop\\u0065\":\"a\"}", "api", false,
	    "", MESSAGE_OK, "{" OWN ",\"scope\":\"a\"}", "a" },
	{ "names that only look like ours", "{\"Sub\":1,\"sub2\":2,\"\":3,"
	    "\"x\":{\"sub\":\"root\"}}", "api", false, "", MESSAGE_OK,
	    "{\"Sub\":1,\"sub2\":2,\"\":3,\"x\":{\"sub\":\"root\"}," OWN "}",
	    "" },
	{ "numbers as they are", "{\"a\":1.0,\"b\":-0,\"c\":1e300,"
	    "\"d\":0.1,\"e\":9223372036854775807}", "api", false, "",
	    MESSAGE_OK, "{\"a\":1.0,\"b\":-0,\"c\":1e300,\"d\":0.1,"
	    "\"e\":9223372036854775807," OWN "}", "" },
	{ "larger numbers", "{\"a\":9223372036854775808,"
	    "\"b\":[123456789012345678901234567890],\"c\":1e999}", "api",
	    false, "", MESSAGE_OK, "{\"a\":9223372036854775808,"
	    "\"b\":[123456789012345678901234567890],\"c\":1e999," OWN "}",
	    "" },
	{ "UTF-8", "{\"n\":\"J\xc3\xbcrgen \xe2\x82\xac\"}", "api", false, "",
	    MESSAGE_OK, "{\"n\":\"J\xc3\xbcrgen \xe2\x82\xac\"," OWN "}",
	    "" },
	{ "brackets in strings", "{\"a\":\"}],\\\"\",\"b\":\"\\\\\"}", "api",
	    false, "", MESSAGE_OK, "{\"a\":\"}],\\\"\",\"b\":\"\\\\\"," OWN
	    "}", "" },

	{ "no JSON", "x", "api", false, "", MESSAGE_BROKEN, "JSON", NULL },
	{ "no object", "[]", "api", false, "", MESSAGE_BROKEN, "object",
	    NULL },
	{ "nothing", "", "api", false, "", MESSAGE_BROKEN, "JSON", NULL },
	{ "a name twice", "{\"a\":1,\"a\":2}", "api", false, "",
	    MESSAGE_BROKEN, "twice", NULL },
	{ "scope of another type", "{\"scope\":[\"read\"]}", "api", false, "",
	    MESSAGE_BROKEN, "scope", NULL },
	{ "scope that is none", "{\"scope\":\" read\"}", "api", false, "",
	    MESSAGE_BROKEN, "scope", NULL },
	{ "scope too long", "{\"scope\":\"" S_511 "s\"}", "api", false, "",
	    MESSAGE_BROKEN, "too long", NULL },
};

static struct claims_request
make_request(const char *aud, const char *scope, bool foreign)
{
	static char api[] = "api", web[] = "web";
	static char *const names[] = { api, web };
	static const struct strings audiences = { (char **)names, 2 };
	struct claims_request r;

	memset(&r, 0, sizeof(r));
	r.issuer = "https://i.example";
	r.subject = "alice";
	r.audience = aud;
	r.foreign = foreign;
	r.scope = scope;
	r.audiences = &audiences;
	r.now = 2000000000;
	r.lifetime = 900;
	r.id = "id";
	return (r);
}

static void
test_cases(void)
{
	char out[4096], scope[MESSAGE_SCOPE_MAX + 1];
	struct claims_request request;
	enum message_status status;
	const char *why, *unused;
	json_t *json;
	size_t i, len;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request = make_request(cases[i].audience, cases[i].scope,
		    cases[i].foreign);
		why = NULL;
		status = claims_write(cases[i].grants,
		    strlen(cases[i].grants), &request, out, sizeof(out) - 1,
		    &len, scope, &why);
		is_int(status, cases[i].want, cases[i].name);
		if (status == MESSAGE_BROKEN && cases[i].claims != NULL &&
		    !ok(why != NULL && strstr(why, cases[i].claims) != NULL,
		    "... why"))
			printf("# %s\n", why != NULL ? why : "(null)");
		if (status != MESSAGE_OK)
			continue;
		out[len] = '\0';
		if (cases[i].claims != NULL)
			is_str(out, cases[i].claims, "... claims");
		is_str(scope, cases[i].granted, "... scope");
		json = json_object_parse(out, len, &unused);
		is_str(json_string_value(json_object_get(json, "aud")),
		    cases[i].audience, "... audience");
		json_decref(json);
	}
}

/* into exactly so much room, and into every smaller one */
static void
check_room(const char *grants)
{
	char big[4096], scope[MESSAGE_SCOPE_MAX + 1], *out;
	struct claims_request request;
	const char *why;
	size_t len, n, size;
	int fits;

	request = make_request("api", "", false);
	if (claims_write(grants, strlen(grants), &request, big, sizeof(big),
	    &len, scope, &why) != MESSAGE_OK)
		abort();
	for (fits = 0, size = 0; size <= len; size++) {
		if ((out = malloc(size + (size == 0))) == NULL)
			abort();
		why = "";
		if (claims_write(grants, strlen(grants), &request, out, size,
		    &n, scope, &why) == MESSAGE_OK)
			fits += size < len ? 100 : n == len &&
			    memcmp(out, big, len) == 0;
		else
			fits += strstr(why, "too large") == NULL ? 100 : 0;
		free(out);
	}
	is_int(fits, 1, "it fits its own size and no smaller one");
}

/* as deep as is read again, and a subject that needs escapes */
static void
test_limits(void)
{
	static const char deep[] = "{\"a\":"
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}";
	static const char deeper[] = "{\"a\":"
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}";
	char out[1024], scope[MESSAGE_SCOPE_MAX + 1];
	struct claims_request request;
	const char *why;
	json_t *json;
	size_t len;

	request = make_request("api", "", false);
	is_int(claims_write(deep, strlen(deep), &request, out, sizeof(out),
	    &len, scope, &why), MESSAGE_OK, "32 levels");
	json = json_object_parse(out, len, &why);
	ok(json != NULL, "... can be verified");
	json_decref(json);
	is_int(claims_write(deeper, strlen(deeper), &request, out,
	    sizeof(out), &len, scope, &why), MESSAGE_BROKEN, "33 levels");

	request.subject = "a\"b\\c\xc3\xa4";
	is_int(claims_write("{}", 2, &request, out, sizeof(out), &len, scope,
	    &why), MESSAGE_OK, "a subject with a quote");
	json = json_object_parse(out, len, &why);
	is_str(json_string_value(json_object_get(json, "sub")),
	    request.subject, "... comes out as it is");
	is_str(json_string_value(json_object_get(json, "client_id")),
	    request.subject, "... twice");
	json_decref(json);
	request.subject = "J\xfcrgen";
	is_int(claims_write("{}", 2, &request, out, sizeof(out), &len, scope,
	    &why), MESSAGE_BROKEN, "a subject that is no UTF-8");
}

int
main(void)
{
	test_cases();
	check_room("{}");
	check_room("{\"a\":1,\"scope\":\"x y\",\"b\":[\"\xc3\xa4\"]}");
	test_limits();
	return (done());
}
