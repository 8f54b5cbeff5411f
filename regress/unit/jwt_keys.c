/*
 * common/jwt.c: whose key verifies which token, RFC 8725 sections 3.1 and 3.8;
 * tokens that others made; and tokens that nobody verified.
 */
#include "jwt.h"

#include <openssl/err.h>

#include "tap.h"
#include "token.h"

#define NOW	2000000000
#define A	"https://a.example"
#define B	"https://b.example"

#define HEADER(kid)	"{\"alg\":\"RS256\",\"kid\":\"" kid "\"}"
#define NO_KID		"{\"alg\":\"RS256\"}"
#define CLAIMS(iss)	"{\"iss\":\"" iss "\",\"sub\":\"s\",\"aud\":\"api\"," \
			"\"exp\":2000000900}"

static EVP_PKEY *one, *two;
static struct jwt_header last;		/* of all that are checked */
static char api[] = "api";
static char *audience[] = { api };

static void
is_error(enum jwt_error got, enum jwt_error want, const char *what)
{
	if (!ok(got == want, "%s", what))
		printf("#      got: %s\n# expected: %s\n", jwt_strerror(got),
		    jwt_strerror(want));
}

static enum jwt_error
verify(const struct jwt_issuer *issuers, size_t n, const char *token,
    int64_t now)
{
	struct jwt_policy policy = { issuers, n, audience, 1, now, &last };
	enum jwt_error error;
	struct jwt jwt;

	error = jwt_verify(token, strlen(token), &policy, &jwt);
	if (error == JWT_OK)
		jwt_clear(&jwt);
	return (error);
}

static void
check(const struct jwt_issuer *issuers, size_t n, EVP_PKEY *key,
    const char *header, const char *claims, enum jwt_error want,
    const char *what)
{
	char *token;

	token = token_make(key, header, claims);
	is_error(verify(issuers, n, token, NOW), want, what);
	free(token);
}

static void
test_issuers(void)
{
	/* the same kid at both, as it may well happen */
	struct jwk key_a = { "k", JWK_RS256, one, NULL, NULL };
	struct jwk key_b = { "k", JWK_RS256, two, NULL, NULL };
	const struct jwt_issuer both[] = { { A, false, { &key_a, 1, false } },
	    { B, false, { &key_b, 1, false } } };

	check(both, 2, one, HEADER("k"), CLAIMS(A), JWT_OK, "A by A's key");
	check(both, 2, two, HEADER("k"), CLAIMS(B), JWT_OK, "B by B's key");
	check(both, 2, two, HEADER("k"), CLAIMS(A), JWT_SIGNATURE,
	    "A by B's key");
	check(both, 2, one, HEADER("k"), CLAIMS(B), JWT_SIGNATURE,
	    "B by A's key");
	check(both, 2, two, NO_KID, CLAIMS(A), JWT_SIGNATURE,
	    "A by B's key without kid");
	check(both, 2, two, NO_KID, CLAIMS(B), JWT_OK, "B without kid");
	check(both, 1, two, HEADER("k"), CLAIMS(B), JWT_ISSUER,
	    "B where only A is trusted");
	check(both, 0, one, HEADER("k"), CLAIMS(A), JWT_ISSUER,
	    "A where nobody is trusted");
}

/* without a kid, as many keys as DESIGN says are tried, and no more */
static void
test_many_keys(void)
{
	struct jwk keys[12];
	const struct jwt_issuer issuer = { A, false, { keys, 12, false } };
	size_t i;

	for (i = 0; i < 12; i++) {
		memset(&keys[i], 0, sizeof(keys[i]));
		keys[i].pkey = two;
	}
	keys[7].pkey = one;
	check(&issuer, 1, one, NO_KID, CLAIMS(A), JWT_OK, "the eighth key");
	keys[7].pkey = two;
	keys[8].pkey = one;
	check(&issuer, 1, one, NO_KID, CLAIMS(A), JWT_SIGNATURE,
	    "the ninth is not tried");
	strlcpy(keys[8].kid, "nine", sizeof(keys[8].kid));
	check(&issuer, 1, one, HEADER("nine"), CLAIMS(A), JWT_OK,
	    "the ninth, by its kid");
	strlcpy(keys[11].kid, "last", sizeof(keys[11].kid));
	check(&issuer, 1, one, HEADER("last"), CLAIMS(A), JWT_SIGNATURE,
	    "a kid is that key and no other");
	check(&issuer, 1, two, HEADER("last"), CLAIMS(A), JWT_OK,
	    "... which may be the last");
	check(&issuer, 1, two, HEADER(""), CLAIMS(A), JWT_KEY,
	    "an empty kid is none that a key has");
	check(&issuer, 1, two, HEADER("two"), CLAIMS(A), JWT_KEY,
	    "nor does a key without one have any");
}

/* With a good header that is still there, the token is another one. */
static void
check_after(const struct jwt_issuer *issuer, const char *header,
    const char *claims, enum jwt_error want, const char *what)
{
	struct jwk key = { "k", JWK_RS256, one, NULL, NULL };
	const struct jwt_issuer good = { A, false, { &key, 1, false } };

	check(&good, 1, one, HEADER("k"), CLAIMS(A), JWT_OK, "a good one");
	check(issuer, 1, one, header, claims, want, what);
}

/* A header is read once; what it means is looked at each time. */
static void
test_last_header(void)
{
	struct jwk key = { "k", JWK_RS256, one, NULL, NULL };
	const struct jwt_issuer issuer = { A, false, { &key, 1, false } };
	const json_t *object;

	check_after(&issuer, HEADER("k"), CLAIMS(A), JWT_OK, "the same");
	object = last.object;
	ok(object != NULL && last.text_len == strlen("eyJhbGciOiJSUzI1NiIsImtpZ"
	    "CI6ImsifQ") && memcmp(last.text, "eyJhbGciOiJSUzI1NiIsImtpZCI6Ims"
	    "ifQ", last.text_len) == 0, "is kept");
	check(&issuer, 1, one, HEADER("k"), CLAIMS(B), JWT_ISSUER,
	    "another issuer");
	check(&issuer, 1, two, HEADER("k"), CLAIMS(A), JWT_SIGNATURE,
	    "another's signature");
	check(&issuer, 1, two, HEADER("j"), CLAIMS(A), JWT_KEY, "another kid");
	check(&issuer, 1, one, "{\"alg\":\"RS256\",\"crit\":[]}", CLAIMS(A),
	    JWT_CRITICAL, "crit");
	check(&issuer, 1, two, NO_KID, CLAIMS(A), JWT_SIGNATURE, "no kid");
	ok(last.object == object, "what is not good is not kept");
	check(&issuer, 1, one, NO_KID, CLAIMS(A), JWT_OK, "no kid, and good");
	ok(last.object != object, "... is");
	strlcpy(key.kid, "j", sizeof(key.kid));
	check_after(&issuer, HEADER("k"), CLAIMS(A), JWT_KEY,
	    "the key has another kid now");
	strlcpy(key.kid, "k", sizeof(key.kid));
	key.alg = JWK_PS256;
	check_after(&issuer, HEADER("k"), CLAIMS(A), JWT_ALGORITHM,
	    "... another algorithm");
	key.alg = JWK_RS256;
	key.pkey = two;
	check_after(&issuer, HEADER("k"), CLAIMS(A), JWT_SIGNATURE,
	    "it is another key");
	jwt_header_clear(&last);
	ok(last.object == NULL && last.text == NULL, "cleared");
}

/* what is left in libcrypto's queue, a TLS library may take for its own */
static void
test_no_errors_left(void)
{
	struct jwk key = { "k", JWK_RS256, one, NULL, NULL };
	const struct jwt_issuer issuer = { A, false, { &key, 1, false } };

	ERR_clear_error();
	check(&issuer, 1, two, HEADER("k"), CLAIMS(A), JWT_SIGNATURE,
	    "a signature that does not match");
	is_int((long long)ERR_peek_error(), 0, "... leaves no error behind");
	check(&issuer, 1, one, HEADER("k"), CLAIMS(A), JWT_OK,
	    "and one that does");
}

/* RFC 7515 appendix A.2 */
#define A2_N	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHm" \
		"fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_" \
		"YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5" \
		"z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD" \
		"Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia" \
		"GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define A2	"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTk" \
		"zODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4h" \
		"iUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7" \
		"AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKB" \
		"YNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
		"1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES" \
		"c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5A" \
		"XLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define A2_EXP	1300819380

static void
no_warning(const char *fmt, ...)
{
	(void)fmt;
	ok(0, "a warning for the key of RFC 7515");
}

/*
 * It lacks an audience and a subject, and it is old: which error comes first
 * tells that its signature was found good.
 */
static void
test_rfc7515(void)
{
	static const char json[] = "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" A2_N
	    "\",\"e\":\"AQAB\"}]}";
	struct jwt_issuer issuer = { "joe", false, { NULL, 0, false } };
	const char *why;
	char *token, *sig;

	if (jwkset_parse(json, strlen(json), &issuer.set, no_warning, &why) ==
	    -1 || (token = strdup(A2)) == NULL)
		abort();
	is_error(verify(&issuer, 1, A2, A2_EXP - 1), JWT_AUDIENCE,
	    "RFC 7515 appendix A.2: in its time it is for nobody");
	is_error(verify(&issuer, 1, A2, A2_EXP + 60), JWT_EXPIRED,
	    "... and its time is over");
	sig = strrchr(token, '.') + 1;
	sig[0] = 'd';
	is_error(verify(&issuer, 1, token, A2_EXP - 1), JWT_SIGNATURE,
	    "... while with another signature it is not even looked at");
	issuer.name = "jim";
	is_error(verify(&issuer, 1, A2, A2_EXP - 1), JWT_ISSUER,
	    "... nor where joe is not trusted");
	free(token);
	jwkset_clear(&issuer.set);
}

/* signed by the key of that algorithm, with every alg and kid, and none */
static void
check_confusion(const struct jwt_issuer *issuer, enum jwk_alg signer)
{
	enum jwt_error want;
	enum jwk_alg named;
	char *header, *token;
	int kid;

	for (named = JWK_RS256; named <= JWK_EDDSA; named++)
		for (kid = 0; kid <= 4; kid++) {
			if (asprintf(&header, kid == 4 ? "{\"alg\":\"%s\"}" :
			    "{\"alg\":\"%s\",\"kid\":\"%d\"}",
			    jwk_alg_name(named), kid) == -1)
				abort();
			token = token_make_as(issuer->set.keys[signer].pkey,
			    signer == JWK_PS256, header, CLAIMS(A));
			want = named == signer ? JWT_OK : JWT_SIGNATURE;
			if (kid != 4 && kid != (int)named)
				want = JWT_ALGORITHM;
			is_error(verify(issuer, 1, token, NOW), want, header);
			free(header);
			free(token);
		}
}

/*
 * RFC 8725 section 3.1.  The key's algorithm is the only one, whatever the
 * header says and whatever the signature is.
 */
static void
test_confusion(void)
{
	struct jwk keys[4];
	const struct jwt_issuer issuer = { A, false, { keys, 4, false } };
	enum jwk_alg alg;

	memset(keys, 0, sizeof(keys));
	for (alg = JWK_RS256; alg <= JWK_EDDSA; alg++) {
		keys[alg].alg = alg;
		keys[alg].kid[0] = (char)('0' + (int)alg);
	}
	keys[JWK_RS256].pkey = one;
	keys[JWK_PS256].pkey = two;
	keys[JWK_ES256].pkey = token_key(EVP_PKEY_EC, 0);
	keys[JWK_EDDSA].pkey = token_key(EVP_PKEY_ED25519, 0);
	for (alg = JWK_RS256; alg <= JWK_EDDSA; alg++)
		check_confusion(&issuer, alg);
	/* an RSA key is of one of its two algorithms, not of both */
	check(&issuer, 1, two, HEADER("1"), CLAIMS(A), JWT_ALGORITHM,
	    "RS256 by a key for PS256");
	check(&issuer, 1, two, "{\"alg\":\"PS256\",\"kid\":\"1\"}",
	    CLAIMS(A), JWT_SIGNATURE, "... that says that it is PS256");
	EVP_PKEY_free(keys[JWK_ES256].pkey);
	EVP_PKEY_free(keys[JWK_EDDSA].pkey);
}

static void
test_peek(void)
{
	static const char *const bad[] = { "", ".", "a.b", "e30.e30.",
	    "e30.e30.A.A", "e30.bm8.AAAA", "bm8.e30.AAAA", "e30.e31.AAAA" };
	json_t *header, *claims;
	size_t i;

	is_int(jwt_peek(A2, strlen(A2), &header, &claims), 0, "a look at it");
	is_str(json_string_value(json_object_get(header, "alg")), "RS256",
	    "... its header");
	is_str(json_string_value(json_object_get(claims, "iss")), "joe",
	    "... its claims");
	json_decref(header);
	json_decref(claims);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(jwt_peek(bad[i], strlen(bad[i]), &header, &claims), -1,
		    "nothing to look at");
		ok(header == NULL && claims == NULL, "... and nothing to free");
	}
}

int
main(void)
{
	one = token_key(EVP_PKEY_RSA, 2048);
	two = token_key(EVP_PKEY_RSA, 2048);
	test_issuers();
	test_many_keys();
	test_last_header();
	test_no_errors_left();
	test_confusion();
	test_rfc7515();
	test_peek();
	jwt_header_clear(&last);
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	return (done());
}
