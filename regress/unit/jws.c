/*
 * common/jws.c and jwtd-signer/private.c: signatures, in the one form that each
 * algorithm has.
 */
#include "jws.h"

#include <openssl/err.h>
#include <sodium.h>

#include "base64url.h"
#include "private.h"
#include "tap.h"
#include "token.h"

#define TEXT		"header.payload"
#define NALGS		4

static EVP_PKEY *keys[NALGS];		/* by enum jwk_alg */

/* RFC 7515 appendix A.3 */
#define A3_KEY	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"," \
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"
#define A3_TEXT	"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTk" \
		"zODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A3_SIG	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8IS" \
		"lSApmWQxfKTUJqPP3-Kg6NU1Q"

/* RFC 8037 appendix A.1, A.2 and A.4 */
#define A4_SEED	"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define A4_KEY	"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," \
		"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"
#define A4_TEXT	"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define A4_SIG	"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGj" \
		"g5BhVsPt9g7sVvpAr_MuM0KAg"

/* the orders of the groups: P-256's in big endian, Ed25519's in little */
static const uint8_t p256_n[32] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
	0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51
};
static const uint8_t ed25519_l[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2,
	0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
};

static void
no_warning(const char *fmt, ...)
{
	ok(0, "a key of an RFC is skipped: %s", fmt);
}

static bool
verify(const struct jwk *key, const char *text, const uint8_t *sig, size_t len)
{
	bool good;

	good = jws_verify(key, text, strlen(text), sig, len);
	if (ERR_peek_error() != 0)
		ok(0, "an error is left in libcrypto's queue");
	return (good);
}

static bool
verify_as(enum jwk_alg alg, const uint8_t *sig, size_t len)
{
	static struct jwk kept[] = {
		[JWK_RS256] = { .pkey = NULL }, [JWK_PS256] = { .pkey = NULL },
		[JWK_ES256] = { .pkey = NULL }, [JWK_EDDSA] = { .pkey = NULL }
	};
	const struct jwk key = { "", alg, keys[alg], NULL, NULL };
	bool good;

	/* the same context all the time, whatever it has refused before */
	if (kept[alg].pkey == NULL) {
		kept[alg] = key;
		jws_keep(&kept[alg]);
	}
	good = verify(&key, TEXT, sig, len);
	if (kept[alg].pkey != keys[alg] ||
	    (kept[alg].verify == NULL) != (alg == JWK_EDDSA) ||
	    (kept[alg].digest == NULL) != (alg == JWK_EDDSA) ||
	    verify(&kept[alg], TEXT, sig, len) != good)
		ok(0, "with a context that is kept it is another answer");
	return (good);
}

/* every bit of the signature counts, and every byte of the text */
static void
test_vector(const char *name, const char *jwks, const char *text,
    const char *sig_text)
{
	struct jwkset set;
	uint8_t sig[64];
	const char *why;
	char *changed;
	size_t i;
	int wrong;

	if (jwkset_parse(jwks, strlen(jwks), &set, no_warning, &why) == -1 ||
	    base64url_decode(sig, sizeof(sig), sig_text, strlen(sig_text)) !=
	    64 || (changed = strdup(text)) == NULL)
		abort();
	jws_keep(&set.keys[0]);
	ok(verify(&set.keys[0], text, sig, 64), "%s", name);
	wrong = 0;
	for (i = 0; i < 64 * 8; i++) {
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
		wrong += verify(&set.keys[0], text, sig, 64);
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	is_int(wrong, 0, "... and not with another bit anywhere");
	for (i = 0; i < strlen(text); i++) {
		changed[i] ^= 1;
		wrong += verify(&set.keys[0], changed, sig, 64);
		changed[i] ^= 1;
	}
	is_int(wrong, 0, "... nor for another text");
	ok(verify(&set.keys[0], text, sig, 64), "... and still for its own");
	free(changed);
	jwkset_clear(&set);
}

/* RFC 8032 has no random part, so the signature is the vector's */
static void
test_seed(void)
{
	uint8_t seed[32], sig[JWS_SIGNATURE_MAX];
	struct private_key *private;
	EVP_PKEY *pkey;
	char *text;

	if (base64url_decode(seed, sizeof(seed), A4_SEED, strlen(A4_SEED)) !=
	    sizeof(seed) || (pkey = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, sizeof(seed))) == NULL ||
	    (private = private_key_new(pkey, JWK_EDDSA)) == NULL)
		abort();
	EVP_PKEY_free(pkey);
	is_int((long long)private_key_sign(private, A4_TEXT, strlen(A4_TEXT),
	    sig), 64, "RFC 8037 appendix A.4: signed");
	text = token_base64url(sig, 64);
	is_str(text, A4_SIG, "... as it is there");
	free(text);
	private_key_free(private);
}

/* what one algorithm signs, no other takes, and no other's key signs */
static void
test_each(void)
{
	static const size_t sizes[NALGS] = { 256, 256, 64, 64 };
	uint8_t sig[JWS_SIGNATURE_MAX];
	struct private_key *private;
	enum jwk_alg a, b;
	size_t n;

	for (a = 0; a < NALGS; a++) {
		for (b = 0; b < NALGS; b++) {
			if (EVP_PKEY_base_id(keys[a]) ==
			    EVP_PKEY_base_id(keys[b]))
				continue;
			ok(private_key_new(keys[a], b) == NULL,
			    "a key of %s does not sign %s", jwk_alg_name(a),
			    jwk_alg_name(b));
		}
		private = private_key_new(keys[a], a);
		is_int((long long)private_key_size(private),
		    (long long)sizes[a], jwk_alg_name(a));
		n = private_key_sign(private, TEXT, strlen(TEXT), sig);
		is_int((long long)n, (long long)sizes[a], "... a signature");
		for (b = 0; b < NALGS; b++)
			is_int(verify_as(b, sig, n), a == b, jwk_alg_name(b));
		ok(!verify_as(a, sig, n - 1) && !verify_as(a, sig, 0) &&
		    !verify_as(a, sig, n + 1), "... a byte less or more, none");
		private_key_free(private);
	}
}

static void
test_wrong_type(void)
{
	struct jwk key = { "", JWK_RS256, NULL, NULL, NULL };
	uint8_t sig[1024] = { 0 };
	enum jwk_alg a, b;
	size_t n;

	for (a = 0; a < NALGS; a++)
		for (b = 0; b < NALGS; b++) {
			if (EVP_PKEY_base_id(keys[a]) ==
			    EVP_PKEY_base_id(keys[b]))
				continue;
			key.alg = b;
			key.pkey = keys[a];
			n = token_sign(keys[a], TEXT, strlen(TEXT), -1, sig);
			ok(!verify(&key, TEXT, sig, n),
			    "%s that is said to be %s", jwk_alg_name(a),
			    jwk_alg_name(b));
		}
}

/* RFC 7518 section 3.5: a salt of 32 bytes, and SHA-256 in both places */
static void
test_pss(void)
{
	static const int salts[] = { 0, 20, 31, 33, 222 };
	const struct jwk rs = { "", JWK_RS256, keys[JWK_PS256], NULL,
	    NULL };
	uint8_t sig[1024];
	size_t i, n;

	n = token_sign(keys[JWK_PS256], TEXT, strlen(TEXT), 32, sig);
	ok(verify_as(JWK_PS256, sig, n), "PS256 with a salt of 32 bytes");
	ok(!verify(&rs, TEXT, sig, n), "... is not RS256 by the same key");
	for (i = 0; i < sizeof(salts) / sizeof(salts[0]); i++) {
		n = token_sign(keys[JWK_PS256], TEXT, strlen(TEXT), salts[i],
		    sig);
		ok(!verify_as(JWK_PS256, sig, n), "not with one of %d",
		    salts[i]);
	}
	n = token_sign(keys[JWK_PS256], TEXT, strlen(TEXT), -1, sig);
	ok(verify(&rs, TEXT, sig, n), "RS256");
	ok(!verify_as(JWK_PS256, sig, n), "... is not PS256 by the same key");
}

/* RFC 7518 section 3.4, FIPS 186-5 section 6.4.2 step 1 */
static void
test_es256(void)
{
	uint8_t der[1024], sig[65] = { 0 }, bad[64];
	size_t i, n;

	n = token_sign(keys[JWK_ES256], TEXT, strlen(TEXT), -1, der);
	token_raw(der, sig);
	ok(verify_as(JWK_ES256, sig, 64), "ES256 as r and s");
	ok(!verify_as(JWK_ES256, der, n), "... not as DER");
	ok(!verify_as(JWK_ES256, sig, 63) && !verify_as(JWK_ES256, sig, 65) &&
	    !verify_as(JWK_ES256, sig + 1, 63), "... not of 63 or 65 bytes");
	for (i = 0; i < 2; i++) {
		memcpy(bad, sig, 64);
		memset(bad + 32 * i, 0, 32);
		ok(!verify_as(JWK_ES256, bad, 64), "%c is 0", "rs"[i]);
		memcpy(bad + 32 * i, p256_n, 32);
		ok(!verify_as(JWK_ES256, bad, 64), "%c is n", "rs"[i]);
		memset(bad + 32 * i, 0xff, 32);
		ok(!verify_as(JWK_ES256, bad, 64), "%c is more", "rs"[i]);
	}
	memset(bad, 0, sizeof(bad));
	ok(!verify_as(JWK_ES256, bad, 64), "both are 0");
	memcpy(bad, p256_n, 32);
	memcpy(bad + 32, p256_n, 32);
	ok(!verify_as(JWK_ES256, bad, 64), "both are n");
}

/* one in 128 has a number that is shorter, and must still fill its half */
static void
test_short_numbers(void)
{
	uint8_t sig[JWS_SIGNATURE_MAX];
	struct private_key *private;
	int i, wrong, found;

	private = private_key_new(keys[JWK_ES256], JWK_ES256);
	wrong = found = 0;
	for (i = 0; i < 50000 && found != 3; i++) {
		if (private_key_sign(private, TEXT, strlen(TEXT), sig) != 64 ||
		    !verify_as(JWK_ES256, sig, 64))
			wrong++;
		found |= (sig[0] == 0) | (sig[32] == 0) << 1;
	}
	is_int(found, 3, "r and s that begin with a zero byte");
	is_int(wrong, 0, "... are as good as the others");
	private_key_free(private);
}

#define INT1(n)		"\x02\x01" n
#define INT33(first)	"\x02\x21" first "0123456789012345678901234567890"

static void
test_der(void)
{
	static const struct {
		const char	*name;
		const char	*der;
		size_t		 len;
		int		 good;
	} cases[] = {
		{ "1 and 2", "\x30\x06" INT1("\x01") INT1("\x02"), 8, 1 },
		{ "33 bytes that begin with 0", "\x30\x26" INT33("\0\xff")
		    INT1("\x02"), 40, 1 },
		{ "33 bytes", "\x30\x26" INT33("\x01\xff") INT1("\x02"), 40, 0 },
		{ "negative", "\x30\x06" INT1("\x81") INT1("\x02"), 8, 0 },
		{ "more behind", "\x30\x06" INT1("\x01") INT1("\x02") "\0", 9,
		    0 },
		{ "cut off", "\x30\x06" INT1("\x01") INT1("\x02"), 7, 0 },
		{ "one number", "\x30\x03" INT1("\x01"), 5, 0 },
		{ "three", "\x30\x09" INT1("\x01") INT1("\x02") INT1("\x03"),
		    11, 0 },
		{ "nothing", "", 0, 0 },
	};
	uint8_t out[JWS_ES256_SIZE], want[JWS_ES256_SIZE] = { 0 };
	size_t i;

	want[31] = 1;
	want[63] = 2;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(jws_from_der((const uint8_t *)cases[i].der,
		    cases[i].len, out), cases[i].good, cases[i].name);
	(void)jws_from_der((const uint8_t *)cases[0].der, cases[0].len, out);
	ok(memcmp(out, want, sizeof(want)) == 0, "where the numbers go");
	ERR_clear_error();
}

/* RFC 8032 section 8.4: S + L would be another signature of the same text */
static void
test_ed25519(void)
{
	static const uint8_t identity[32] = { 1 };
	uint8_t sig[1024], small[64] = { 1 };
	struct jwk key = { "", JWK_EDDSA, NULL, NULL, NULL };
	unsigned int carry;
	size_t i;

	if (token_sign(keys[JWK_EDDSA], TEXT, strlen(TEXT), -1, sig) != 64)
		abort();
	ok(verify_as(JWK_EDDSA, sig, 64), "EdDSA");
	carry = 0;
	for (i = 0; i < 32; i++) {
		carry += sig[32 + i] + ed25519_l[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	is_int(carry, 0, "S + L fits");
	ok(!verify_as(JWK_EDDSA, sig, 64), "... and is refused");
	memset(sig, 0, 64);
	ok(!verify_as(JWK_EDDSA, sig, 64), "R and S are 0");

	/* R + hash * A = S * B whatever the text is, where all of it is 0 */
	key.pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    identity, sizeof(identity));
	ok(!verify(&key, TEXT, small, 64), "a key of order 1");
	EVP_PKEY_free(key.pkey);
}

int
main(void)
{
	int i;

	if (sodium_init() == -1)
		return (1);
	keys[JWK_RS256] = token_key(EVP_PKEY_RSA, 2048);
	keys[JWK_PS256] = token_key(EVP_PKEY_RSA, 2048);
	keys[JWK_ES256] = token_key(EVP_PKEY_EC, 0);
	keys[JWK_EDDSA] = token_key(EVP_PKEY_ED25519, 0);
	test_vector("RFC 7515 appendix A.3", A3_KEY, A3_TEXT, A3_SIG);
	test_vector("RFC 8037 appendix A.5", A4_KEY, A4_TEXT, A4_SIG);
	test_seed();
	test_each();
	test_wrong_type();
	test_pss();
	test_es256();
	test_short_numbers();
	test_der();
	test_ed25519();
	for (i = 0; i < NALGS; i++)
		EVP_PKEY_free(keys[i]);
	return (done());
}
