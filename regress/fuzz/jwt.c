/*
 * Tokens.  Nobody but the holder of the key makes a valid one, and one that is
 * signed here, after any header and claims, is valid only if these are as the
 * RFCs ask.  The first byte says whether the rest is a token, or a header, a
 * NUL and claims that will be signed.
 */
#include "jwt.h"

#include "base64url.h"
#include "fuzz.h"
#include "json.h"

#define NOW	2000000000
#define ISSUER	"https://issuer.example"
#define SIG	64

static char api[] = "api", web[] = "web";
static char *audience[] = { api, web };
static struct jwk keys[2];
static struct jwt_issuer issuer = { .name = ISSUER,
    .set = { keys, 1, false } };
static struct jwt_policy policy = { &issuer, 1, audience, 2, NOW, NULL };
/* of all good tokens before, whatever they were */
static struct jwt_header last;

static void
set_up(void)
{
	static const uint8_t seed[2][32] = { "the key that signs", "another" };
	size_t i;

	if (keys[0].pkey != NULL)
		return;
	for (i = 0; i < 2; i++) {
		keys[i].alg = JWK_EDDSA;
		keys[i].pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519,
		    NULL, seed[i], sizeof(seed[i]));
		must(keys[i].pkey != NULL);
	}
	memcpy(keys[0].kid, "one", 4);
	memcpy(keys[1].kid, "two", 4);
}

/* "header.claims.signature" in memory of its own */
static char *
sign(const char *header, size_t header_len, const char *claims,
    size_t claims_len, size_t *len)
{
	uint8_t sig[SIG];
	size_t n, size, sig_len;
	EVP_MD_CTX *ctx;
	char *token;

	size = BASE64URL_LEN(header_len) + BASE64URL_LEN(claims_len) +
	    BASE64URL_LEN(SIG) + 3;
	if ((token = malloc(size)) == NULL)
		abort();
	n = base64url_encode(token, size, header, header_len);
	token[n++] = '.';
	n += base64url_encode(token + n, size - n, claims, claims_len);
	sig_len = sizeof(sig);
	must((ctx = EVP_MD_CTX_new()) != NULL);
	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, keys[0].pkey) == 1);
	must(EVP_DigestSign(ctx, sig, &sig_len, (unsigned char *)token, n) ==
	    1);
	EVP_MD_CTX_free(ctx);
	token[n++] = '.';
	n += base64url_encode(token + n, size - n, sig, sig_len);
	*len = n;
	return (token);
}

static bool
names_us(const json_t *aud)
{
	const json_t *one;
	size_t i;

	if (json_is_string(aud))
		return (strcmp(json_string_value(aud), api) == 0 ||
		    strcmp(json_string_value(aud), web) == 0);
	json_array_foreach(aud, i, one)
		if (names_us(one))
			return (true);
	return (false);
}

static bool
not_later(const json_t *claims, const char *name)
{
	const json_t *t;

	t = json_object_get(claims, name);
	return (t == NULL || (json_is_integer(t) && json_integer_value(t) <=
	    NOW + JWT_LEEWAY));
}

/* jansson alone, which refuses numbers that it cannot hold. */
static json_t *
load(const char *buf, size_t len)
{
	json_error_t error;
	json_t *json;

	json = json_loadb(buf, len, JSON_REJECT_DUPLICATES |
	    JSON_DECODE_INT_AS_REAL, &error);
	must(json_is_object(json) ||
	    json_error_code(&error) == json_error_numeric_overflow);
	return (json);
}

/* What jwt_verify() took, looked at again. */
static void
check_taken(const char *header, size_t header_len, const char *claims,
    size_t claims_len, const struct jwt *jwt)
{
	const char *sub, *alg;
	json_t *h, *c;

	h = load(header, header_len);
	c = load(claims, claims_len);
	if (h == NULL || c == NULL) {
		json_decref(h);
		json_decref(c);
		return;
	}
	must((alg = json_string_value(json_object_get(h, "alg"))) != NULL);
	must(strcmp(alg, "EdDSA") == 0);
	must(json_object_get(h, "crit") == NULL);
	must((sub = json_string_value(json_object_get(c, "sub"))) != NULL);
	must(*sub != '\0' && strcmp(sub, jwt->subject) == 0);
	must(strcmp(json_string_value(json_object_get(c, "iss")), ISSUER) ==
	    0);
	must(names_us(json_object_get(c, "aud")));
	must(json_number_value(json_object_get(c, "exp")) > NOW - JWT_LEEWAY);
	must(json_is_integer(json_object_get(jwt->claims, "exp")));
	must(not_later(jwt->claims, "nbf") && not_later(jwt->claims, "iat"));
	must(jwt->text_len == claims_len &&
	    memcmp(jwt->text, claims, claims_len) == 0);
	json_decref(h);
	json_decref(c);
}

/* With the header of the last good one it is the same. */
static void
check_kept(const char *token, size_t len, enum jwt_error want)
{
	struct jwt_policy keeping;
	struct jwt jwt;
	int i;

	keeping = policy;
	keeping.last = &last;
	/* the second time it may be its own */
	for (i = 0; i < 2; i++) {
		must(jwt_verify(token, len, &keeping, &jwt) == want);
		if (want == JWT_OK)
			jwt_clear(&jwt);
	}
}

/* One bit of it changed, or another key for the same kid: not valid. */
static void
check_forged(char *token, size_t len, size_t bit)
{
	struct jwk own;
	struct jwt jwt;
	char *copy;

	copy = fuzz_copy(token, len);
	bit %= len * 8;
	copy[bit / 8] ^= (char)(1 << bit % 8);
	must(jwt_verify(copy, len, &policy, &jwt) != JWT_OK);
	check_kept(copy, len, jwt_verify(copy, len, &policy, &jwt));
	free(copy);
	own = keys[0];
	keys[0].pkey = keys[1].pkey;
	must(jwt_verify(token, len, &policy, &jwt) != JWT_OK);
	keys[0] = own;
}

static void
check_signed(const char *buf, size_t size)
{
	const char *claims, *nul;
	enum jwt_error error;
	size_t header_len, len;
	struct jwt jwt;
	char *token;

	if ((nul = memchr(buf, '\0', size)) == NULL)
		return;
	header_len = (size_t)(nul - buf);
	claims = nul + 1;
	size -= header_len + 1;
	token = sign(buf, header_len, claims, size, &len);
	memset(&jwt, 0, sizeof(jwt));
	error = jwt_verify(token, len, &policy, &jwt);
	check_kept(token, len, error);
	/* a good signature is no reason to say that it is not */
	must(error != JWT_SIGNATURE);
	must(*jwt_strerror(error) != '\0');
	if (error == JWT_OK) {
		check_taken(buf, header_len, claims, size, &jwt);
		check_forged(token, len, size * 31 + header_len * 7 +
		    (unsigned char)claims[size / 2]);
		jwt_clear(&jwt);
	}
	free(token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *header, *claims;
	struct jwt jwt;
	char *buf;

	set_up();
	if (size == 0)
		return (0);
	buf = fuzz_copy(data + 1, size - 1);
	size--;
	if (data[0] == 'S')
		check_signed(buf, size);
	else {
		/* nobody but us has the key */
		must(jwt_verify(buf, size, &policy, &jwt) != JWT_OK);
		if (jwt_peek(buf, size, &header, &claims) == 0) {
			must(json_is_object(header) && json_is_object(claims));
			json_decref(header);
			json_decref(claims);
		} else
			must(header == NULL && claims == NULL);
	}
	free(buf);
	return (0);
}
