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
make_request(struct message_request *wanted, const char *aud,
    const char *scope, bool foreign)
{
	static char api[] = "api", web[] = "web";
	static char *const names[] = { api, web };
	static const struct strings audiences = { (char **)names, 2 };
	struct claims_request r;

	memset(wanted, 0, sizeof(*wanted));
	strlcpy(wanted->audience[0], aud, sizeof(wanted->audience[0]));
	strlcpy(wanted->scope, scope, sizeof(wanted->scope));
	wanted->flags = foreign ? MESSAGE_FOREIGN(0) : 0;
	memset(&r, 0, sizeof(r));
	r.issuer = "https://i.example";
	r.subject = "alice";
	r.wanted = wanted;
	r.audiences = &audiences;
	r.now = 2000000000;
	r.lifetime = 900;
	r.id = "id";
	return (r);
}

/* the claims as text; or "" with the status */
static enum message_status
write_claims(const char *grants, const struct claims_request *request,
    char out[4096], struct claims_result *result)
{
	enum message_status status;

	memset(result, 0, sizeof(*result));
	status = claims_write(grants, strlen(grants), request, out, 4095,
	    result);
	out[status == MESSAGE_OK ? result->len : 0] = '\0';
	return (status);
}

static void
test_cases(void)
{
	struct message_request wanted;
	struct claims_request request;
	struct claims_result result;
	enum message_status status;
	const char *unused;
	char out[4096];
	json_t *json;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request = make_request(&wanted, cases[i].audience,
		    cases[i].scope, cases[i].foreign);
		status = write_claims(cases[i].grants, &request, out, &result);
		is_int(status, cases[i].want, cases[i].name);
		if (status == MESSAGE_BROKEN && cases[i].claims != NULL &&
		    !ok(result.why != NULL &&
		    strstr(result.why, cases[i].claims) != NULL, "... why"))
			printf("# %s\n", result.why);
		if (status != MESSAGE_OK)
			continue;
		if (cases[i].claims != NULL)
			is_str(out, cases[i].claims, "... claims");
		is_str(result.scope, cases[i].granted, "... scope");
		is_int(result.lifetime, 900, "... lifetime");
		json = json_object_parse(out, result.len, &unused);
		is_str(json_string_value(json_object_get(json, "aud")),
		    cases[i].audience, "... audience");
		json_decref(json);
	}
}

/* RFC 8707: several audiences, and each has to be allowed */
static void
test_audiences(void)
{
	static const struct {
		const char		*grants;
		const char		*second;
		bool			 foreign;
		enum message_status	 want;
	} audiences[] = {
		{ "{}", "web", false, MESSAGE_OK },
		{ "{}", "web", true, MESSAGE_BAD_TARGET },
		{ "{}", "evil", false, MESSAGE_BAD_TARGET },
		{ "{\"aud\":\"web\"}", "web", true, MESSAGE_OK },
		{ "{\"aud\":[\"x\",\"y\"]}", "y", true, MESSAGE_OK },
		{ "{\"aud\":[\"x\",\"y\"]}", "z", true, MESSAGE_BAD_TARGET }
	};
	char out[4096], want[64];
	struct message_request wanted;
	struct claims_request request;
	struct claims_result result;
	enum message_status status;
	size_t i;

	for (i = 0; i < sizeof(audiences) / sizeof(audiences[0]); i++) {
		request = make_request(&wanted, "api", "", false);
		strlcpy(wanted.audience[1], audiences[i].second,
		    sizeof(wanted.audience[1]));
		if (audiences[i].foreign)
			wanted.flags = MESSAGE_FOREIGN(1);
		status = write_claims(audiences[i].grants, &request, out,
		    &result);
		is_int(status, audiences[i].want, audiences[i].grants);
		if (status != MESSAGE_OK)
			continue;
		snprintf(want, sizeof(want), "\"aud\":[\"api\",\"%s\"],",
		    audiences[i].second);
		ok(strstr(out, want) != NULL, "... both are in: %s", out);
	}
}

/* the signer's 900 s, the location's, the user's: the shortest */
static void
test_lifetimes(void)
{
	static const struct {
		const char	*grants;
		unsigned int	 location;
		unsigned int	 want;		/* 0: MESSAGE_BROKEN */
	} lifetimes[] = {
		{ "{}", 300, 300 },
		{ "{}", 900, 900 },
		{ "{}", 3600, 900 },
		{ "{\"lifetime\":60}", 0, 60 },
		{ "{\"lifetime\":60}", 300, 60 },
		{ "{\"lifetime\":301}", 300, 300 },
		{ "{\"lifetime\":3600}", 0, 900 },
		{ "{\"lifetime\":9223372036854775807}", 0, 900 },
		{ "{\"lifetime\":0}", 0, 0 },
		{ "{\"lifetime\":-1}", 0, 0 },
		{ "{\"lifetime\":60.5}", 0, 0 },
		{ "{\"lifetime\":\"60\"}", 0, 0 },
		{ "{\"lifetime\":null}", 0, 0 }
	};
	struct message_request wanted;
	struct claims_request request;
	struct claims_result result;
	enum message_status status;
	char out[4096], want[32];
	size_t i;

	for (i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++) {
		request = make_request(&wanted, "api", "", false);
		wanted.lifetime = lifetimes[i].location;
		status = write_claims(lifetimes[i].grants, &request, out,
		    &result);
		if (lifetimes[i].want == 0) {
			ok(status == MESSAGE_BROKEN &&
			    strstr(result.why, "lifetime") != NULL, "%s",
			    lifetimes[i].grants);
			continue;
		}
		is_int(result.lifetime, lifetimes[i].want,
		    lifetimes[i].grants);
		snprintf(want, sizeof(want), "\"exp\":%u,",
		    2000000000 + lifetimes[i].want);
		ok(strstr(out, want) != NULL, "... exp: %s", out);
		ok(strstr(out, "lifetime") == NULL, "... is no claim");
	}
}

#define ACCESS	"\"access\":[{\"type\":\"repository\"," \
		"\"name\":\"team/*\",\"actions\":[\"pull\",\"push\"]}]"

/* the access of the grants is what may be asked for, and not what is given */
static void
test_registry(void)
{
	struct message_request wanted;
	struct claims_request request;
	struct claims_result result;
	char out[4096];

	request = make_request(&wanted, "api", "repository:team/app:pull,delete",
	    false);
	wanted.flags = MESSAGE_REGISTRY;
	is_int(write_claims("{\"a\":1," ACCESS ",\"scope\":\"x\"}", &request,
	    out, &result), MESSAGE_OK, "a registry's token");
	is_str(out, "{\"a\":1," OWN ",\"access\":[{\"type\":\"repository\","
	    "\"name\":\"team/app\",\"actions\":[\"pull\"]}]}",
	    "... has the intersection");
	is_str(result.scope, "", "... and no scope");
	is_int(write_claims("{}", &request, out, &result), MESSAGE_OK,
	    "no access");
	is_str(out, "{" OWN ",\"access\":[]}", "... is a list of nothing");
	wanted.scope[0] = '\0';
	is_int(write_claims("{" ACCESS "}", &request, out, &result),
	    MESSAGE_OK, "nothing asked");
	is_str(out, "{" OWN ",\"access\":[]}", "... is nothing given");
	is_int(write_claims("{\"access\":1}", &request, out, &result),
	    MESSAGE_BROKEN, "access of another type");
	wanted.flags = 0;
	is_int(write_claims("{" ACCESS "}", &request, out, &result),
	    MESSAGE_OK, "no registry");
	is_str(out, "{" ACCESS "," OWN "}", "... has access as any claim");
}

/* into exactly so much room, and into every smaller one */
static void
check_room(const char *grants)
{
	struct message_request wanted;
	struct claims_request request;
	struct claims_result result;
	char big[4096], *out;
	size_t len, size;
	int fits;

	request = make_request(&wanted, "api", "", false);
	if (write_claims(grants, &request, big, &result) != MESSAGE_OK)
		abort();
	len = result.len;
	for (fits = 0, size = 0; size <= len; size++) {
		if ((out = malloc(size + (size == 0))) == NULL)
			abort();
		result.why = "";
		if (claims_write(grants, strlen(grants), &request, out, size,
		    &result) == MESSAGE_OK)
			fits += size < len ? 100 : result.len == len &&
			    memcmp(out, big, len) == 0;
		else
			fits += strstr(result.why, "too large") == NULL ?
			    100 : 0;
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
	struct message_request wanted;
	struct claims_request request;
	struct claims_result result;
	char out[4096];
	const char *why;
	json_t *json;

	request = make_request(&wanted, "api", "", false);
	is_int(write_claims(deep, &request, out, &result), MESSAGE_OK,
	    "32 levels");
	json = json_object_parse(out, result.len, &why);
	ok(json != NULL, "... can be verified");
	json_decref(json);
	is_int(write_claims(deeper, &request, out, &result), MESSAGE_BROKEN,
	    "33 levels");

	request.subject = "a\"b\\c\xc3\xa4";
	is_int(write_claims("{}", &request, out, &result), MESSAGE_OK,
	    "a subject with a quote");
	json = json_object_parse(out, result.len, &why);
	is_str(json_string_value(json_object_get(json, "sub")),
	    request.subject, "... comes out as it is");
	is_str(json_string_value(json_object_get(json, "client_id")),
	    request.subject, "... twice");
	json_decref(json);
	request.subject = "J\xfcrgen";
	is_int(write_claims("{}", &request, out, &result), MESSAGE_BROKEN,
	    "a subject that is no UTF-8");
}

int
main(void)
{
	test_cases();
	test_audiences();
	test_lifetimes();
	test_registry();
	check_room("{}");
	check_room("{\"a\":1,\"scope\":\"x y\",\"b\":[\"\xc3\xa4\"]}");
	test_limits();
	return (done());
}
