/* common/jwt.c: what is in a token that is accepted, and why others are not. */
#include "jwt.h"

#include "tap.h"
#include "token.h"

#define NOW	2000000000

#define H		"{\"alg\":\"RS256\",\"kid\":\"a\"}"
#define HEADER(more)	"{\"alg\":\"RS256\",\"kid\":\"a\"," more "}"
#define ISS		"\"iss\":\"https://a.example\""
#define SUB		"\"sub\":\"alice\""
#define AUD		"\"aud\":\"api\""
#define EXP		"\"exp\":2000000900"
/* all but one, and something in its place */
#define NO_ISS(c)	"{" SUB "," AUD "," EXP c "}"
#define NO_SUB(c)	"{" ISS "," AUD "," EXP c "}"
#define NO_AUD(c)	"{" ISS "," SUB "," EXP c "}"
#define NO_EXP(c)	"{" ISS "," SUB "," AUD c "}"
#define C(c)		"{" ISS "," SUB "," AUD "," EXP c "}"
/* in C("") there is one level; these are so many more */
#define LIST_31		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[" \
			"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

/* all are signed with the key of issuer a that has that kid */
static const struct {
	const char	*name;
	const char	*header;
	const char	*payload;
	enum jwt_error	 want;
} cases[] = {
	{ "good", H, C(""), JWT_OK },
	{ "other claims", H, C(",\"email\":\"a@b\",\"n\":[1,{}]"), JWT_OK },
	{ "no kid", "{\"alg\":\"RS256\"}", C(""), JWT_OK },
	{ "white space", "{ \"alg\" :\r\n\"RS256\"\t}", C(" "), JWT_OK },
	{ "32 levels", H, C(",\"x\":" LIST_31), JWT_OK },
	{ "unknown header members", HEADER("\"x5t\":\"AA\",\"foo\":1"), C(""),
	    JWT_OK },
	/* what brings a key along does not have it looked at */
	{ "jku", HEADER("\"jku\":\"https://evil.example/\",\"x5c\":[\"A\"]"),
	    C(""), JWT_OK },

	{ "33 levels", H, C(",\"x\":[" LIST_31 "]"), JWT_MALFORMED },
	{ "claims in a list", H, "[" C("") "]", JWT_MALFORMED },
	{ "claims null", H, "null", JWT_MALFORMED },
	{ "header a string", "\"RS256\"", C(""), JWT_MALFORMED },
	{ "empty object", H, "{}", JWT_ISSUER },
	{ "no JSON", H, "alice", JWT_MALFORMED },
	{ "half JSON", H, "{" SUB, JWT_MALFORMED },
	{ "JSON and more", H, C("") "x", JWT_MALFORMED },
	{ "two objects", H, C("") C(""), JWT_MALFORMED },
	{ "byte order mark", H, "\xef\xbb\xbf" C(""), JWT_MALFORMED },
	{ "sub twice", H, C("," SUB), JWT_MALFORMED },
	{ "sub twice, spelled differently", H, C(",\"s\\u0075b\":\"bob\""),
	    JWT_MALFORMED },
	{ "alg twice", HEADER("\"alg\":\"RS256\""), C(""), JWT_MALFORMED },
	{ "inner name twice", H, C(",\"x\":{\"a\":1,\"a\":1}"),
	    JWT_MALFORMED },
	{ "no UTF-8", H, C(",\"x\":\"\xff\""), JWT_MALFORMED },
	{ "overlong UTF-8", H, C(",\"x\":\"\xc0\xaf\""), JWT_MALFORMED },
	{ "surrogate in UTF-8", H, C(",\"x\":\"\xed\xa0\x80\""),
	    JWT_MALFORMED },
	{ "half a surrogate pair", H, C(",\"x\":\"\\ud800\""),
	    JWT_MALFORMED },
	{ "NUL in a claim", H, NO_SUB(",\"sub\":\"alice\\u0000x\""),
	    JWT_MALFORMED },
	{ "NUL in a name", H, C(",\"x\\u0000\":1"), JWT_MALFORMED },
	{ "line feed in a string", H, C(",\"x\":\"\n\""), JWT_MALFORMED },
	{ "comment", H, C("/**/"), JWT_MALFORMED },
	{ "last comma", H, C(","), JWT_MALFORMED },
	{ "NaN", H, C(",\"x\":NaN"), JWT_MALFORMED },
	{ "leading zero", H, NO_EXP(",\"exp\":02000000900"), JWT_MALFORMED },

	{ "typ JWT", HEADER("\"typ\":\"JWT\""), C(""), JWT_OK },
	{ "typ jwt", HEADER("\"typ\":\"jwt\""), C(""), JWT_OK },
	{ "typ at+jwt", HEADER("\"typ\":\"at+jwt\""), C(""), JWT_OK },
	{ "typ AT+JWT", HEADER("\"typ\":\"AT+JWT\""), C(""), JWT_OK },
	{ "typ application/at+jwt", HEADER("\"typ\":\"application/at+jwt\""),
	    C(""), JWT_OK },
	{ "typ application/jwt", HEADER("\"typ\":\"Application/jwt\""), C(""),
	    JWT_OK },
	{ "typ id+jwt", HEADER("\"typ\":\"id+jwt\""), C(""), JWT_TYPE },
	{ "typ logout+jwt", HEADER("\"typ\":\"logout+jwt\""), C(""),
	    JWT_TYPE },
	{ "typ at+jwt and more", HEADER("\"typ\":\"at+jwt2\""), C(""),
	    JWT_TYPE },
	{ "typ with a space", HEADER("\"typ\":\"JWT \""), C(""), JWT_TYPE },
	{ "typ JOSE", HEADER("\"typ\":\"JOSE\""), C(""), JWT_TYPE },
	{ "typ empty", HEADER("\"typ\":\"\""), C(""), JWT_TYPE },
	{ "typ null", HEADER("\"typ\":null"), C(""), JWT_TYPE },
	{ "typ in a list", HEADER("\"typ\":[\"JWT\"]"), C(""), JWT_TYPE },
	{ "typ text/at+jwt", HEADER("\"typ\":\"text/at+jwt\""), C(""),
	    JWT_TYPE },
	{ "typ application/application/jwt",
	    HEADER("\"typ\":\"application/application/jwt\""), C(""),
	    JWT_TYPE },

	{ "crit", HEADER("\"crit\":[\"exp\"],\"exp\":1"), C(""),
	    JWT_CRITICAL },
	{ "crit b64", HEADER("\"crit\":[\"b64\"],\"b64\":true"), C(""),
	    JWT_CRITICAL },
	{ "crit empty", HEADER("\"crit\":[]"), C(""), JWT_CRITICAL },
	{ "crit null", HEADER("\"crit\":null"), C(""), JWT_CRITICAL },

	{ "alg none", "{\"alg\":\"none\"}", C(""), JWT_ALGORITHM },
	{ "alg None", "{\"alg\":\"None\",\"kid\":\"a\"}", C(""),
	    JWT_ALGORITHM },
	{ "alg HS256", "{\"alg\":\"HS256\",\"kid\":\"a\"}", C(""),
	    JWT_ALGORITHM },
	{ "alg PS256", "{\"alg\":\"PS256\",\"kid\":\"a\"}", C(""),
	    JWT_ALGORITHM },
	{ "alg rs256", "{\"alg\":\"rs256\",\"kid\":\"a\"}", C(""),
	    JWT_ALGORITHM },
	{ "alg RS256 and more", "{\"alg\":\"RS2560\",\"kid\":\"a\"}", C(""),
	    JWT_ALGORITHM },
	{ "alg empty", "{\"alg\":\"\"}", C(""), JWT_ALGORITHM },
	{ "alg null", "{\"alg\":null}", C(""), JWT_ALGORITHM },
	{ "alg in a list", "{\"alg\":[\"RS256\"]}", C(""), JWT_ALGORITHM },
	{ "no alg", "{\"kid\":\"a\"}", C(""), JWT_ALGORITHM },
	{ "empty header", "{}", C(""), JWT_ALGORITHM },

	{ "kid unknown", "{\"alg\":\"RS256\",\"kid\":\"z\"}", C(""), JWT_KEY },
	{ "kid longer", "{\"alg\":\"RS256\",\"kid\":\"aa\"}", C(""), JWT_KEY },
	{ "kid empty", "{\"alg\":\"RS256\",\"kid\":\"\"}", C(""), JWT_KEY },
	{ "kid in capitals", "{\"alg\":\"RS256\",\"kid\":\"A\"}", C(""),
	    JWT_KEY },
	{ "kid null", "{\"alg\":\"RS256\",\"kid\":null}", C(""), JWT_KEY },
	{ "kid a number", "{\"alg\":\"RS256\",\"kid\":0}", C(""), JWT_KEY },
	{ "kid in a list", "{\"alg\":\"RS256\",\"kid\":[\"a\"]}", C(""),
	    JWT_KEY },
	{ "kid of another issuer", "{\"alg\":\"RS256\",\"kid\":\"b\"}", C(""),
	    JWT_KEY },
	{ "kid of another key", "{\"alg\":\"RS256\",\"kid\":\"a2\"}", C(""),
	    JWT_SIGNATURE },

	{ "no iss", H, NO_ISS(""), JWT_ISSUER },
	{ "iss unknown", H, NO_ISS(",\"iss\":\"https://z.example\""),
	    JWT_ISSUER },
	{ "iss with a slash", H, NO_ISS(",\"iss\":\"https://a.example/\""),
	    JWT_ISSUER },
	{ "iss in capitals", H, NO_ISS(",\"iss\":\"https://A.example\""),
	    JWT_ISSUER },
	{ "iss in a list", H, NO_ISS(",\"iss\":[\"https://a.example\"]"),
	    JWT_ISSUER },
	{ "iss null", H, NO_ISS(",\"iss\":null"), JWT_ISSUER },
	{ "iss empty", H, NO_ISS(",\"iss\":\"\""), JWT_ISSUER },

	{ "aud another of ours", H, NO_AUD(",\"aud\":\"api2\""), JWT_OK },
	{ "aud a list", H, NO_AUD(",\"aud\":[\"x\",\"api\",\"y\"]"), JWT_OK },
	{ "no aud", H, NO_AUD(""), JWT_AUDIENCE },
	{ "aud another", H, NO_AUD(",\"aud\":\"web\""), JWT_AUDIENCE },
	{ "aud empty", H, NO_AUD(",\"aud\":\"\""), JWT_AUDIENCE },
	{ "aud longer", H, NO_AUD(",\"aud\":\"api3\""), JWT_AUDIENCE },
	{ "aud in capitals", H, NO_AUD(",\"aud\":\"API\""), JWT_AUDIENCE },
	{ "aud of two words", H, NO_AUD(",\"aud\":\"web api\""),
	    JWT_AUDIENCE },
	{ "aud an empty list", H, NO_AUD(",\"aud\":[]"), JWT_AUDIENCE },
	{ "aud a list of others", H, NO_AUD(",\"aud\":[\"web\",\"x\"]"),
	    JWT_AUDIENCE },
	{ "aud a list in a list", H, NO_AUD(",\"aud\":[[\"api\"]]"),
	    JWT_AUDIENCE },
	{ "aud a number before ours", H, NO_AUD(",\"aud\":[1,\"api\"]"),
	    JWT_AUDIENCE },
	{ "aud a number after ours", H, NO_AUD(",\"aud\":[\"api\",1]"),
	    JWT_AUDIENCE },
	{ "aud an object", H, NO_AUD(",\"aud\":{\"api\":true}"),
	    JWT_AUDIENCE },
	{ "aud null", H, NO_AUD(",\"aud\":null"), JWT_AUDIENCE },

	{ "no sub", H, NO_SUB(""), JWT_SUBJECT },
	{ "sub empty", H, NO_SUB(",\"sub\":\"\""), JWT_SUBJECT },
	{ "sub a number", H, NO_SUB(",\"sub\":7"), JWT_SUBJECT },
	{ "sub null", H, NO_SUB(",\"sub\":null"), JWT_SUBJECT },
	{ "sub in a list", H, NO_SUB(",\"sub\":[\"alice\"]"), JWT_SUBJECT },
	{ "Sub", H, NO_SUB(",\"Sub\":\"alice\""), JWT_SUBJECT },

	{ "scope", H, C(",\"scope\":\"read write\""), JWT_OK },
	{ "scope empty", H, C(",\"scope\":\"\""), JWT_OK },
	{ "scope in a list", H, C(",\"scope\":[\"read\"]"), JWT_SCOPE },
	{ "scope null", H, C(",\"scope\":null"), JWT_SCOPE },
	{ "scope with two spaces", H, C(",\"scope\":\"a  b\""), JWT_SCOPE },
	{ "scope with a tab", H, C(",\"scope\":\"a\\tb\""), JWT_SCOPE },
	{ "scope outside ASCII", H, C(",\"scope\":\"\xc3\xa4\""), JWT_SCOPE },
	{ "scp no scope", H, C(",\"scp\":\"a  b\""), JWT_SCOPE },
	{ "scp a number", H, C(",\"scp\":1"), JWT_SCOPE },
	{ "scp null", H, C(",\"scp\":null"), JWT_SCOPE },
	{ "scp an object", H, C(",\"scp\":{\"a\":1}"), JWT_SCOPE },
	{ "scp a list of a number", H, C(",\"scp\":[\"a\",1]"), JWT_SCOPE },
	{ "scp a list in a list", H, C(",\"scp\":[[\"a\"]]"), JWT_SCOPE },
	{ "scp two in one", H, C(",\"scp\":[\"a b\"]"), JWT_SCOPE },
	{ "scp an empty one", H, C(",\"scp\":[\"a\",\"\"]"), JWT_SCOPE },
	{ "scp a quote", H, C(",\"scp\":[\"a\\\"\"]"), JWT_SCOPE },
	{ "bad scp before good scopes", H,
	    C(",\"scp\":7,\"scopes\":[\"a\"]"), JWT_SCOPE },
	{ "scopes a number", H, C(",\"scopes\":1"), JWT_SCOPE },
};

static EVP_PKEY *key_a, *key_a2, *key_b;

static struct jwk keys_a[] = { { "a", JWK_RS256, NULL, NULL, NULL },
    { "a2", JWK_RS256, NULL, NULL, NULL } };
static struct jwk keys_b[] = { { "b", JWK_RS256, NULL, NULL, NULL } };
static struct jwt_issuer issuers[] = {
	{ "https://a.example", false, { keys_a, 2, false } },
	{ "https://b.example", false, { keys_b, 1, false } },
};
static char *audience[] = { (char *)"api", (char *)"api2" };
static struct jwt_header last;
static struct jwt_policy policy = { issuers, 2, audience, 2, NOW, NULL };
static struct jwt_policy keeping = { issuers, 2, audience, 2, NOW, &last };

static bool seen[JWT_SCOPE + 1];

/*
 * From memory of its exact size, without a NUL; also with the header of the
 * last good one, which changes nothing.
 */
static enum jwt_error
verify_n(const char *token, size_t len, struct jwt *out)
{
	enum jwt_error error;
	struct jwt jwt;
	char *copy;

	if ((copy = malloc(len + (len == 0))) == NULL)
		abort();
	memcpy(copy, token, len);
	error = jwt_verify(copy, len, &keeping, &jwt);
	if (error == JWT_OK)
		jwt_clear(&jwt);
	memset(&jwt, 0, sizeof(jwt));
	if (error != jwt_verify(copy, len, &policy, &jwt))
		ok(0, "with a header that is kept it is another answer");
	free(copy);
	seen[error] = true;
	if (error == JWT_OK && out != NULL)
		*out = jwt;
	else if (error == JWT_OK)
		jwt_clear(&jwt);
	return (error);
}

static enum jwt_error
verify(const char *token)
{
	return (verify_n(token, strlen(token), NULL));
}

static bool
is_error(enum jwt_error got, enum jwt_error want, const char *what)
{
	if (ok(got == want, "%s", what))
		return (true);
	printf("#      got: %s\n# expected: %s\n", jwt_strerror(got),
	    jwt_strerror(want));
	return (false);
}

static void
check(EVP_PKEY *key, const char *header, const char *payload,
    enum jwt_error want, const char *what)
{
	char *token;

	token = token_make(key, header, payload);
	is_error(verify(token), want, what);
	free(token);
}

static void
test_out(void)
{
	struct jwt jwt;
	char *token;

	token = token_make(key_a, H, C(",\"scope\":\"a b\",\"n\":7"));
	if (is_error(verify_n(token, strlen(token), &jwt), JWT_OK,
	    "a token is verified")) {
		is_str(jwt.subject, "alice", "its subject");
		is_str(jwt.scope, "a b", "its scope");
		is_int(json_integer_value(json_object_get(jwt.claims, "n")), 7,
		    "its claims");
		jwt_clear(&jwt);
		ok(jwt.claims == NULL, "cleared");
	}
	free(token);
	token = token_make(key_a, H, C(""));
	if (verify_n(token, strlen(token), &jwt) == JWT_OK) {
		is_str(jwt.scope, "", "no scope");
		jwt_clear(&jwt);
	}
	free(token);
}

/* what others call the scope; and what only our own do not */
static void
test_scopes(void)
{
	static const struct {
		const char	*claims;
		const char	*want;
		const char	*own;		/* of our own issuer */
	} scopes[] = {
		{ ",\"scp\":\"a b\"", "a b", "" },
		{ ",\"scp\":[\"a\",\"b:c\"]", "a b:c", "" },
		{ ",\"scp\":[]", "", "" },
		{ ",\"scp\":\"\"", "", "" },
		{ ",\"scopes\":\"a b\"", "a b", "" },
		{ ",\"scopes\":[\"b\",\"a\"]", "b a", "" },
		{ ",\"scp\":[\"a\"],\"scopes\":[\"b\"]", "a", "" },
		{ ",\"scopes\":[\"b\"],\"scp\":\"\"", "", "" },
		{ ",\"scope\":\"x\",\"scp\":[\"a\"],\"scopes\":[\"b\"]",
		    "x", "x" },
		{ ",\"scope\":\"\",\"scp\":[\"a\"]", "", "" },
		{ ",\"scope\":\"x\",\"scp\":7", "x", "x" },
		{ ",\"Scp\":[\"a\"]", "", "" },
	};
	char payload[256], *token;
	struct jwt jwt;
	size_t i;
	int own;

	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		snprintf(payload, sizeof(payload), C("%s"), scopes[i].claims);
		token = token_make(key_a, H, payload);
		for (own = 0; own < 2; own++) {
			issuers[0].own = own;
			if (!is_error(verify_n(token, strlen(token), &jwt),
			    JWT_OK, scopes[i].claims))
				continue;
			is_str(jwt.scope, own ? scopes[i].own : scopes[i].want,
			    own ? "... by our own" : "... by another");
			is_int((long long)jwt.issuer, 0, "... the first");
			jwt_clear(&jwt);
		}
		issuers[0].own = false;
		free(token);
	}
}

/* an issuer whose keys have not come yet */
static void
test_no_keys(void)
{
	struct jwkset had;

	had = issuers[0].set;
	issuers[0].set.nkeys = 0;
	check(key_a, H, C(""), JWT_KEY, "no keys");
	check(key_a, "{\"alg\":\"RS256\"}", C(""), JWT_KEY,
	    "no keys and no kid");
	issuers[0].set = had;
}

/* one token, each bit of its signature, each character, each beginning */
static void
test_tampered(void)
{
	static const char others[] = "ABQgwx_-9.=+/ \n";
	char *token, *sig, *swapped, old;
	size_t i, len;
	const char *p;
	int accepted;

	token = token_make(key_a, H, C(""));
	len = strlen(token);
	is_error(verify(token), JWT_OK, "as it was made");
	accepted = 0;
	for (i = 0; i < len; i++) {
		old = token[i];
		for (p = others; *p != '\0'; p++) {
			token[i] = *p;
			if (*p != old)
				accepted += verify(token) == JWT_OK;
		}
		token[i] = old;
	}
	is_int(accepted, 0, "another character anywhere");
	for (accepted = 0, i = 0; i < len; i++)
		accepted += verify_n(token, i, NULL) == JWT_OK;
	is_int(accepted, 0, "cut anywhere");
	sig = strrchr(token, '.') + 1;
	for (accepted = 0, i = 0; i < strlen(sig); i++) {
		old = sig[i];
		sig[i] = old == 'A' ? 'E' : 'A';
		accepted += verify(token) != JWT_SIGNATURE;
		sig[i] = old;
	}
	is_int(accepted, 0, "the signature anywhere, for that reason");
	if (asprintf(&swapped, "%sAAAA", token) == -1)
		abort();
	is_error(verify(swapped), JWT_SIGNATURE, "a longer signature");
	free(swapped);
	free(token);
}

/* as they are, unsigned */
static const struct {
	const char	*name;
	const char	*token;
	enum jwt_error	 want;
} raw[] = {
	{ "nothing", "", JWT_MALFORMED },
	{ "a dot", ".", JWT_MALFORMED },
	{ "two dots", "..", JWT_MALFORMED },
	{ "four dots", "a.b.c.d.e", JWT_MALFORMED },
	{ "no header", ".e30.AAAA", JWT_MALFORMED },
	{ "no payload", "e30..AAAA", JWT_MALFORMED },
	{ "one part", "e30", JWT_MALFORMED },
	{ "two parts", "e30.e30", JWT_MALFORMED },
	{ "empty objects", "e30.e30.AAAA", JWT_ISSUER },
	{ "padding", "e30=.e30.AAAA", JWT_MALFORMED },
	{ "stray bits", "e31.e30.AAAA", JWT_MALFORMED },
	/* RFC 7519 section 6.1 */
	{ "an unsecured JWT", "eyJhbGciOiJub25lIn0."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.", JWT_MALFORMED },
	/* RFC 7519 section 3.1 */
	{ "an HS256 JWT", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", JWT_ISSUER },
};

static void
test_raw(void)
{
	char *big;
	size_t i;

	for (i = 0; i < sizeof(raw) / sizeof(raw[0]); i++)
		is_error(verify(raw[i].token), raw[i].want, raw[i].name);
	is_error(verify_n("e3\0.e30.AAAA", 12, NULL), JWT_MALFORMED,
	    "NUL in the header");
	if ((big = malloc(JWT_MAX + 2)) == NULL)
		abort();
	memset(big, 'A', JWT_MAX + 2);
	memcpy(big, "e30.e30.", 8);
	is_error(verify_n(big, JWT_MAX, NULL), JWT_ISSUER, "the longest");
	is_error(verify_n(big, JWT_MAX + 1, NULL), JWT_MALFORMED,
	    "one that is longer");
	free(big);
}

static void
test_strerror(void)
{
	int i, j, same;

	same = 0;
	for (i = JWT_OK; i <= JWT_SCOPE; i++) {
		ok(seen[i], "a token was \"%s\"", jwt_strerror(i));
		for (j = JWT_OK; j < i; j++)
			same += strcmp(jwt_strerror(i), jwt_strerror(j)) == 0;
	}
	is_int(same, 0, "no two errors have the same text");
}

int
main(void)
{
	size_t i;

	key_a = keys_a[0].pkey = token_key(EVP_PKEY_RSA, 2048);
	key_a2 = keys_a[1].pkey = token_key(EVP_PKEY_RSA, 3072);
	key_b = keys_b[0].pkey = token_key(EVP_PKEY_RSA, 2048);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(key_a, cases[i].header, cases[i].payload, cases[i].want,
		    cases[i].name);
	test_out();
	test_scopes();
	test_no_keys();
	test_tampered();
	test_raw();
	/* the others are in jwt_time.c */
	check(key_a, H, NO_EXP(""), JWT_TIME, "no exp");
	check(key_a, H, NO_EXP(",\"exp\":1999999940"), JWT_EXPIRED, "expired");
	check(key_a, H, C(",\"nbf\":2000000061"), JWT_NOT_YET, "not yet");
	test_strerror();
	jwt_header_clear(&last);
	EVP_PKEY_free(key_a);
	EVP_PKEY_free(key_a2);
	EVP_PKEY_free(key_b);
	return (done());
}
