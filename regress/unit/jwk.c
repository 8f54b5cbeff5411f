/* common/jwk.c: RFC 7517 key sets, RFC 7638 thumbprints. */
#include "jwk.h"

#include <openssl/bn.h>
#include <stdarg.h>

#include "tap.h"
#include "token.h"

/* RFC 7638 section 3.1; RFC 7517 appendix A.1 has the same key */
#define N	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT" \
		"86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ" \
		"_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qv" \
		"zqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOp" \
		"bISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_x" \
		"BniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define THUMBPRINT	"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

#define EC_A1	"{\"kty\":\"EC\",\"crv\":\"P-256\"," \
		"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
		"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"," \
		"\"use\":\"enc\",\"kid\":\"1\"}"
#define OCT_A3	"{\"kty\":\"oct\",\"alg\":\"A128KW\"," \
		"\"k\":\"GawgguFyGrWKav7AX4VKUg\"}"
#define RSA_A1	RSA(",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"")
#define RSA(more)	"{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAB\"" more "}"
#define SET(keys)	"{\"keys\":[" keys "]}"
#define NO_KEY		"no key that can be used"

#define KID_32	"0123456789abcdef0123456789abcdef"
#define KID_128	KID_32 KID_32 KID_32 KID_32

static const struct {
	const char	*name;
	const char	*json;
	int		 nkeys;		/* -1: refused */
	int		 warnings;
	const char	*text;		/* kid of the last key, or why */
} sets[] = {
	{ "RFC 7517 appendix A.1", SET(EC_A1 "," RSA_A1), 1, 1, "2011-04-29" },
	{ "no kid", SET(RSA("")), 1, 0, "" },
	{ "for signatures", SET(RSA(",\"use\":\"sig\"")), 1, 0, "" },
	{ "for verifying", SET(RSA(",\"key_ops\":[\"sign\",\"verify\"]")), 1,
	    0, "" },
	{ "unknown members", "{\"a\":[1],\"keys\":["
	    RSA(",\"x5t\":\"AA\",\"foo\":null") "],\"b\":2}", 1, 0, "" },
	{ "longest kid", SET(RSA(",\"kid\":\"" KID_128 "\"")), 1, 0, KID_128 },
	{ "kid in UTF-8", SET(RSA(",\"kid\":\"\xc3\xa4\"")), 1, 0,
	    "\xc3\xa4" },
	{ "the same kid twice", SET(RSA_A1 "," RSA(",\"kid\":\"x\"") ","
	    RSA(",\"kid\":\"2011-04-29\"")), 2, 1, "x" },
	{ "twice without kid", SET(RSA("") "," RSA("")), 2, 0, "" },
	{ "a good one behind bad ones", SET("1,null,[],{}," OCT_A3 ","
	    RSA(",\"alg\":\"RS512\"") "," RSA(",\"kid\":\"last\"")), 1, 6,
	    "last" },

	{ "nothing", "", -1, 0, "invalid JSON" },
	{ "a list", "[" RSA_A1 "]", -1, 0, "not a JSON object" },
	{ "a key, not a set", RSA_A1, -1, 0, "no \"keys\" list" },
	{ "keys that is no list", "{\"keys\":" RSA_A1 "}", -1, 0,
	    "no \"keys\" list" },
	{ "keys twice", "{\"keys\":[" RSA_A1 "],\"keys\":[]}", -1, 0,
	    "JSON has the same name twice" },
	{ "a member twice", SET(RSA(",\"kty\":\"EC\"")), -1, 0,
	    "JSON has the same name twice" },
	{ "no key", SET(""), -1, 0, NO_KEY },
	{ "a key for encryption, of RFC 7517", SET(EC_A1), -1, 1, NO_KEY },
	{ "RFC 7517 appendix A.3", SET(OCT_A3), -1, 1, NO_KEY },
	{ "no kty", SET("{\"n\":\"" N "\",\"e\":\"AQAB\"}"), -1, 1, NO_KEY },
	{ "kty in small letters", SET("{\"kty\":\"rsa\",\"n\":\"" N
	    "\",\"e\":\"AQAB\"}"), -1, 1, NO_KEY },
	{ "a private key", SET(RSA(",\"d\":\"AQAB\"")), -1, 1, NO_KEY },
	{ "a private key of any kind", SET(RSA(",\"d\":null")), -1, 1,
	    NO_KEY },
	{ "for encryption", SET(RSA(",\"use\":\"enc\"")), -1, 1, NO_KEY },
	{ "use of another type", SET(RSA(",\"use\":[\"sig\"]")), -1, 1,
	    NO_KEY },
	{ "for signing", SET(RSA(",\"key_ops\":[\"sign\"]")), -1, 1, NO_KEY },
	{ "for nothing", SET(RSA(",\"key_ops\":[]")), -1, 1, NO_KEY },
	{ "key_ops of another type", SET(RSA(",\"key_ops\":\"verify\"")), -1,
	    1, NO_KEY },
	{ "ES256", SET(RSA(",\"alg\":\"ES256\"")), -1, 1, NO_KEY },
	{ "EdDSA", SET(RSA(",\"alg\":\"EdDSA\"")), -1, 1, NO_KEY },
	{ "RS384", SET(RSA(",\"alg\":\"RS384\"")), -1, 1, NO_KEY },
	{ "HS256", SET(RSA(",\"alg\":\"HS256\"")), -1, 1, NO_KEY },
	{ "none", SET(RSA(",\"alg\":\"none\"")), -1, 1, NO_KEY },
	{ "rs256", SET(RSA(",\"alg\":\"rs256\"")), -1, 1, NO_KEY },
	{ "alg of another type", SET(RSA(",\"alg\":null")), -1, 1, NO_KEY },
	{ "kid of another type", SET(RSA(",\"kid\":7")), -1, 1, NO_KEY },
	{ "kid null", SET(RSA(",\"kid\":null")), -1, 1, NO_KEY },
	{ "empty kid", SET(RSA(",\"kid\":\"\"")), -1, 1, NO_KEY },
	{ "kid with NUL", SET(RSA(",\"kid\":\"a\\u0000\"")), -1, 0,
	    "invalid JSON" },
	{ "kid too long", SET(RSA(",\"kid\":\"" KID_128 "x\"")), -1, 1,
	    NO_KEY },
};

static int warnings;

static void __attribute__((format(printf, 1, 2)))
warn(const char *fmt, ...)
{
	va_list ap;

	warnings++;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static int
parse(const char *json, struct jwkset *set, const char **why)
{
	*why = NULL;
	warnings = 0;
	return (jwkset_parse(json, strlen(json), set, warn, why));
}

static void
test_sets(void)
{
	struct jwkset set;
	const char *why;
	size_t i;
	int n;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		n = parse(sets[i].json, &set, &why);
		is_int(n == -1 ? -1 : (int)set.nkeys, sets[i].nkeys,
		    sets[i].name);
		is_int(warnings, sets[i].warnings, "... warnings");
		if (n == -1) {
			is_str(why, sets[i].text, "... why");
			ok(set.keys == NULL && set.nkeys == 0,
			    "... and nothing is left of it");
			continue;
		}
		is_str(set.keys[set.nkeys - 1].kid, sets[i].text, "... kid");
		is_str(jwk_alg_name(set.keys[0].alg), "RS256", "... alg");
		jwkset_clear(&set);
		ok(set.keys == NULL && set.nkeys == 0, "... cleared");
	}
}

static void
test_thumbprint(void)
{
	char kid[JWK_THUMBPRINT + 1];
	struct jwkset set;
	const char *why;
	json_t *jwk;

	if (parse(SET(RSA_A1), &set, &why) == -1)
		abort();
	is_int(EVP_PKEY_bits(set.keys[0].pkey), 2048, "bits");
	is_int(jwk_thumbprint(set.keys[0].pkey, kid), 0, "thumbprint");
	is_str(kid, THUMBPRINT, "... of RFC 7638 section 3.1");
	jwk = jwk_public(set.keys[0].pkey, JWK_RS256);
	is_int((long long)json_object_size(jwk), 6, "a public JWK");
	is_str(json_string_value(json_object_get(jwk, "n")), N, "... n");
	is_str(json_string_value(json_object_get(jwk, "e")), "AQAB", "... e");
	is_str(json_string_value(json_object_get(jwk, "kty")), "RSA",
	    "... kty");
	is_str(json_string_value(json_object_get(jwk, "use")), "sig",
	    "... use");
	is_str(json_string_value(json_object_get(jwk, "alg")), "RS256",
	    "... alg");
	is_str(json_string_value(json_object_get(jwk, "kid")), THUMBPRINT,
	    "... kid");
	json_decref(jwk);
	jwkset_clear(&set);
}

/* a private key's JWK has no more in it than its public half's */
static void
test_private(void)
{
	char a[JWK_THUMBPRINT + 1], b[JWK_THUMBPRINT + 1], *text;
	struct jwkset set;
	EVP_PKEY *key;
	const char *why;
	json_t *jwk, *again;

	key = token_key(EVP_PKEY_RSA, 2048);
	jwk = json_pack("{s:[o]}", "keys", jwk_public(key, JWK_RS256));
	text = json_dumps(jwk, JSON_COMPACT);
	is_int((long long)json_object_size(json_array_get(json_object_get(jwk,
	    "keys"), 0)), 6, "members of a private key's JWK");
	is_int(parse(text, &set, &why), 0, "it is read again");
	is_int(EVP_PKEY_eq(set.keys[0].pkey, key), 1, "... as the same key");
	is_int(jwk_thumbprint(key, a), 0, "private thumbprint");
	is_int(jwk_thumbprint(set.keys[0].pkey, b), 0, "public thumbprint");
	is_str(a, b, "... are the same");
	is_str(set.keys[0].kid, a, "... and the kid");
	again = json_pack("{s:[o]}", "keys", jwk_public(set.keys[0].pkey,
	    JWK_RS256));
	ok(json_equal(jwk, again), "... and so is the JWK");
	json_decref(jwk);
	json_decref(again);
	free(text);
	jwkset_clear(&set);
	EVP_PKEY_free(key);
}

/* a set with one key: a modulus of so many bits, and that exponent */
static int
parse_numbers(int bits, int add, size_t zeros, const char *e,
    struct jwkset *set)
{
	unsigned char bytes[2048] = { 0 };
	const char *why;
	char *json, *n;
	BIGNUM *bn;
	int result;

	if ((bn = BN_new()) == NULL || BN_set_bit(bn, bits - 1) != 1 ||
	    BN_add_word(bn, (BN_ULONG)add) != 1)
		abort();
	(void)BN_bn2bin(bn, bytes + zeros);
	n = token_base64url(bytes, zeros + (size_t)BN_num_bytes(bn));
	if (asprintf(&json, SET("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}"),
	    n, e) == -1)
		abort();
	result = parse(json, set, &why);
	BN_free(bn);
	free(n);
	free(json);
	return (result);
}

static void
test_numbers(void)
{
	static const struct {
		const char	*name;
		int		 bits;
		int		 add;
		size_t		 zeros;
		const char	*e;
		int		 result;
	} cases[] = {
		{ "512 bits", 512, 1, 0, "AQAB", -1 },
		{ "1024 bits", 1024, 1, 0, "AQAB", -1 },
		{ "2047 bits", 2047, 1, 0, "AQAB", -1 },
		{ "2048 bits", 2048, 1, 0, "AQAB", 0 },
		{ "4096 bits", 4096, 1, 0, "AQAB", 0 },
		{ "8192 bits", 8192, 1, 0, "AQAB", 0 },
		{ "8193 bits", 8193, 1, 0, "AQAB", -1 },
		{ "16384 bits", 16384, 1, 0, "AQAB", -1 },
		/* RFC 7518 section 6.3.1.1 knows of such writers */
		{ "a leading zero byte", 2048, 1, 1, "AQAB", 0 },
		{ "and at the largest", 8192, 1, 1, "AQAB", 0 },
		{ "2047 bits and zero bytes", 2047, 1, 8, "AQAB", -1 },
		{ "even modulus", 2048, 2, 0, "AQAB", -1 },
		{ "exponent 3", 2048, 1, 0, "Aw", 0 },
		{ "exponent of 8 bytes", 2048, 1, 0, "gAAAAAAAAAE", 0 },
		{ "exponent of 9 bytes", 2048, 1, 0, "AYAAAAAAAAAB", -1 },
		{ "exponent 0", 2048, 1, 0, "AA", -1 },
		{ "exponent 1", 2048, 1, 0, "AQ", -1 },
		{ "exponent 2", 2048, 1, 0, "Ag", -1 },
		{ "empty exponent", 2048, 1, 0, "", -1 },
		{ "padded exponent", 2048, 1, 0, "Aw==", -1 },
		{ "exponent with stray bits", 2048, 1, 0, "Ax", -1 },
		{ "exponent in other letters", 2048, 1, 0, "A+A/", -1 },
	};
	char kid[JWK_THUMBPRINT + 1];
	struct jwkset set;
	size_t i;
	int result;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		result = parse_numbers(cases[i].bits, cases[i].add,
		    cases[i].zeros, cases[i].e, &set);
		is_int(result, cases[i].result, cases[i].name);
		is_int(warnings, result == -1, "... warnings");
		if (result == 0)
			is_int(jwk_thumbprint(set.keys[0].pkey, kid), 0,
			    "... thumbprint");
		jwkset_clear(&set);
	}
}

static void
test_many(void)
{
	struct jwkset set;
	const char *why;
	char *json;
	size_t len;
	FILE *f;
	int i;

	if ((f = open_memstream(&json, &len)) == NULL)
		abort();
	fprintf(f, "{\"keys\":[");
	for (i = 0; i < JWK_SET_MAX + 2; i++)
		fprintf(f, "%s" RSA(",\"kid\":\"%d\""), i > 0 ? "," : "", i);
	fprintf(f, "]}");
	if (fclose(f) == EOF)
		abort();
	is_int(parse(json, &set, &why), 0, "too many keys");
	is_int((long long)set.nkeys, JWK_SET_MAX, "... the first are taken");
	is_int(warnings, 1, "... with a warning");
	is_str(set.keys[JWK_SET_MAX - 1].kid, "63", "... in their order");
	jwkset_clear(&set);
	free(json);
}

int
main(void)
{
	test_sets();
	test_thumbprint();
	test_private();
	test_numbers();
	test_many();
	return (done());
}
