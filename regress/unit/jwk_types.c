/* common/jwk_ec.c and common/jwk_okp.c: keys on curves, and what is none. */
#define OPENSSL_SUPPRESS_DEPRECATED	/* calls that both libraries have */

#include "jwk.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdarg.h>

#include "tap.h"
#include "token.h"

/* RFC 7515 appendix A.3 */
#define X	"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y	"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_D	"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
/* P-256's p, and 2^256 - 1 */
#define P	"_____wAAAAEAAAAAAAAAAAAAAAD_______________8"
#define ONES	"__________________________________________8"
#define ZERO	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* RFC 8037 appendix A.2 and A.3 */
#define OKP_X	"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define OKP_D	"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define OKP_KID	"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
/* RFC 7748 section 6.1, Alice's */
#define X25519	"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"

#define KEY(kty, crv, more) \
	"{\"keys\":[{\"kty\":\"" kty "\",\"crv\":\"" crv "\"," more "}]}"
#define XY(x, y)	"\"x\":\"" x "\",\"y\":\"" y "\""
#define EC(more)	KEY("EC", "P-256", XY(X, Y) more)
#define POINT(x, y)	KEY("EC", "P-256", XY(x, y))
#define OKP(more)	KEY("OKP", "Ed25519", "\"x\":\"" OKP_X "\"" more)
#define OKP_POINT(x)	KEY("OKP", "Ed25519", "\"x\":\"" x "\"")

static const struct {
	const char	*name;
	const char	*json;
	const char	*alg;		/* NULL: refused */
} cases[] = {
	{ "EC", EC(""), "ES256" },
	{ "EC for ES256", EC(",\"alg\":\"ES256\",\"use\":\"sig\""), "ES256" },
	{ "EC for ES384", EC(",\"alg\":\"ES384\""), NULL },
	{ "EC for RS256", EC(",\"alg\":\"RS256\""), NULL },
	{ "EC for EdDSA", EC(",\"alg\":\"EdDSA\""), NULL },
	{ "EC for ECDH-ES", EC(",\"alg\":\"ECDH-ES\""), NULL },
	{ "EC for encryption", EC(",\"use\":\"enc\""), NULL },
	{ "a private EC key", EC(",\"d\":\"" EC_D "\""), NULL },
	{ "P-384", KEY("EC", "P-384", XY(X, Y)), NULL },
	{ "secp256k1", KEY("EC", "secp256k1", XY(X, Y)), NULL },
	{ "p-256", KEY("EC", "p-256", XY(X, Y)), NULL },
	{ "no curve", "{\"keys\":[{\"kty\":\"EC\"," XY(X, Y) "}]}", NULL },
	{ "Ed25519 that is EC", KEY("EC", "Ed25519", XY(X, Y)), NULL },
	{ "x and y the other way round", POINT(Y, X), NULL },
	{ "another y", POINT(X, X), NULL },
	{ "the point at infinity", POINT(ZERO, ZERO), NULL },
	{ "x is p", POINT(P, Y), NULL },
	{ "x and y more than p", POINT(ONES, ONES), NULL },
	{ "x of 31 bytes", POINT("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA",
	    Y), NULL },
	{ "x of 33 bytes", POINT("AH_NzidwXaRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF",
	    Y), NULL },
	{ "x with padding", POINT(X "=", Y), NULL },
	{ "x with stray bits", POINT("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV",
	    Y), NULL },
	{ "an empty y", POINT(X, ""), NULL },
	{ "no y", KEY("EC", "P-256", "\"x\":\"" X "\""), NULL },
	{ "y a number", KEY("EC", "P-256", "\"x\":\"" X "\",\"y\":1"), NULL },

	{ "OKP", OKP(""), "EdDSA" },
	{ "OKP for EdDSA", OKP(",\"alg\":\"EdDSA\""), "EdDSA" },
	{ "OKP for ES256", OKP(",\"alg\":\"ES256\""), NULL },
	{ "OKP for HS256", OKP(",\"alg\":\"HS256\""), NULL },
	{ "a private OKP key", OKP(",\"d\":\"" OKP_D "\""), NULL },
	{ "Ed448", KEY("OKP", "Ed448", "\"x\":\"" OKP_X "\""), NULL },
	{ "X25519", KEY("OKP", "X25519", "\"x\":\"" X25519 "\""), NULL },
	{ "P-256 that is OKP", KEY("OKP", "P-256", XY(X, Y)), NULL },
	{ "no x", KEY("OKP", "Ed25519", "\"y\":\"" OKP_X "\""), NULL },
	{ "x of 31 bytes", OKP_POINT("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ"),
	    NULL },
	{ "no point", OKP_POINT("AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
	    NULL },
	{ "order 1", OKP_POINT("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
	    NULL },
	{ "order 2", OKP_POINT("7P_______________________________________38"),
	    NULL },
	{ "order 4", OKP_POINT(ZERO), NULL },
	{ "more than p", OKP_POINT("7v_______________________________________38"),
	    NULL },

	{ "RSA for PS256", NULL, "PS256" },
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
parse(const char *json, struct jwkset *set)
{
	const char *why;

	warnings = 0;
	return (jwkset_parse(json, strlen(json), set, warn, &why));
}

/* a set with the public JWK of this key */
static char *
jwks_of(EVP_PKEY *pkey, enum jwk_alg alg)
{
	json_t *set;
	char *text;

	set = json_pack("{s:[o]}", "keys", jwk_public(pkey, alg));
	if ((text = json_dumps(set, JSON_COMPACT)) == NULL)
		abort();
	json_decref(set);
	return (text);
}

static void
test_cases(void)
{
	struct jwkset set;
	EVP_PKEY *rsa;
	char *ps256;
	size_t i;
	int rc;

	rsa = token_key(EVP_PKEY_RSA, 2048);
	ps256 = jwks_of(rsa, JWK_PS256);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rc = parse(cases[i].json != NULL ? cases[i].json : ps256,
		    &set);
		is_int(rc, cases[i].alg != NULL ? 0 : -1, cases[i].name);
		is_int(warnings, rc == -1, "... warnings");
		if (rc == 0)
			is_str(jwk_alg_name(set.keys[0].alg), cases[i].alg,
			    "... alg");
		jwkset_clear(&set);
	}
	is_int((long long)ERR_peek_error(), 0, "no error is left behind");
	free(ps256);
	EVP_PKEY_free(rsa);
}

static void
test_vector(void)
{
	char kid[JWK_THUMBPRINT + 1];
	struct jwkset set;
	json_t *jwk;

	if (parse(OKP(""), &set) == -1)
		abort();
	is_int(jwk_thumbprint(set.keys[0].pkey, kid), 0, "thumbprint");
	is_str(kid, OKP_KID, "... of RFC 8037 appendix A.3");
	jwk = jwk_public(set.keys[0].pkey, JWK_EDDSA);
	is_str(json_string_value(json_object_get(jwk, "x")), OKP_X, "... x");
	is_int((long long)json_object_size(jwk), 6, "... members");
	json_decref(jwk);
	jwkset_clear(&set);
	if (parse(EC(""), &set) == -1)
		abort();
	jwk = jwk_public(set.keys[0].pkey, JWK_ES256);
	is_str(json_string_value(json_object_get(jwk, "x")), X, "EC: x");
	is_str(json_string_value(json_object_get(jwk, "y")), Y, "... y");
	is_int((long long)json_object_size(jwk), 7, "... members");
	json_decref(jwk);
	jwkset_clear(&set);
}

/* a private key's JWK is read again as its public half */
static void
test_private(void)
{
	static const struct {
		int		 type;
		enum jwk_alg	 alg;
	} kinds[] = {
		{ EVP_PKEY_EC, JWK_ES256 }, { EVP_PKEY_ED25519, JWK_EDDSA }
	};
	char kid[JWK_THUMBPRINT + 1], *text;
	struct jwkset set;
	EVP_PKEY *key;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		key = token_key(kinds[i].type, 0);
		ok(jwk_unfit(key) == NULL, "a key that is fit");
		is_int(jwk_alg_default(key), kinds[i].alg, "... its alg");
		text = jwks_of(key, kinds[i].alg);
		ok(strstr(text, "\"d\"") == NULL, "... nothing private");
		is_int(parse(text, &set), 0, "... is read again");
		is_int(EVP_PKEY_eq(set.keys[0].pkey, key), 1, "... the same");
		is_int(jwk_thumbprint(key, kid), 0, "... thumbprint");
		is_str(set.keys[0].kid, kid, "... is the kid");
		free(text);
		jwkset_clear(&set);
		EVP_PKEY_free(key);
	}
}

static EVP_PKEY *
reread(EVP_PKEY *key, int flag, point_conversion_form_t form)
{
	const unsigned char *p;
	unsigned char *der;
	EVP_PKEY *pkey;
	EC_KEY *ec;
	int n;

	if ((ec = EVP_PKEY_get1_EC_KEY(key)) == NULL)
		abort();
	EC_KEY_set_asn1_flag(ec, flag);
	EC_KEY_set_conv_form(ec, form);
	der = NULL;
	n = i2d_EC_PUBKEY(ec, &der);
	p = der;
	pkey = n > 0 ? d2i_PUBKEY(NULL, &p, n) : NULL;
	OPENSSL_free(der);
	EC_KEY_free(ec);
	return (pkey);
}

static void
test_encodings(void)
{
	char a[JWK_THUMBPRINT + 1], b[JWK_THUMBPRINT + 1];
	EVP_PKEY *key, *other;

	key = token_key(EVP_PKEY_EC, 0);
	(void)jwk_thumbprint(key, a);
	other = reread(key, OPENSSL_EC_NAMED_CURVE,
	    POINT_CONVERSION_COMPRESSED);
	ok(jwk_unfit(other) == NULL, "a compressed point");
	is_int(jwk_thumbprint(other, b), 0, "... has a thumbprint");
	is_str(b, a, "... the same");
	EVP_PKEY_free(other);
	other = reread(key, 0, POINT_CONVERSION_UNCOMPRESSED);
	ok(other == NULL || jwk_unfit(other) != NULL,
	    "a curve that is spelled out");
	EVP_PKEY_free(other);
	EVP_PKEY_free(key);
	key = token_key(EVP_PKEY_EC, NID_secp384r1);
	ok(jwk_unfit(key) != NULL, "P-384");
	EVP_PKEY_free(key);
	key = token_key(EVP_PKEY_X25519, 0);
	ok(jwk_unfit(key) != NULL, "X25519");
	ok(jwk_public(key, JWK_EDDSA) == NULL, "... has no JWK");
	EVP_PKEY_free(key);
}

int
main(void)
{
	if (sodium_init() == -1)
		return (1);
	test_cases();
	test_vector();
	test_private();
	test_encodings();
	return (done());
}
