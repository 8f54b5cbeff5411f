/* jwtd-signer/sign.c: tokens that verify, and the keys that make them. */
#include "sign.h"

#include <sys/stat.h>

#include <openssl/pem.h>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "jwt.h"
#include "log.h"
#include "message.h"
#include "tap.h"
#include "token.h"
#include "verify.h"

#define CLAIMS	"{\"iss\":\"i\",\"sub\":\"s\",\"aud\":\"a\",\"exp\":1000}"

static char dir[] = "/tmp/sign-XXXXXXXX";
static char key_path[64], old_path[64], other_path[64];
static enum conf_alg signing_alg;
static EVP_PKEY *key, *old;

static void
write_key(EVP_PKEY *pkey, const char *name, mode_t mode, char path[64])
{
	FILE *f;

	snprintf(path, 64, "%s/%s", dir, name);
	if ((f = fopen(path, "w")) == NULL || PEM_write_PrivateKey(f, pkey,
	    NULL, NULL, 0, NULL, NULL) != 1 || fclose(f) != 0 ||
	    chmod(path, mode) == -1)
		abort();
}

/* a signer block with these keys; a NULL path is left out */
static struct keyring *
load(char *signing, char *retired, bool retired_first)
{
	struct conf_key a = { .path = signing, .alg = signing_alg };
	struct conf_key b = { .path = retired, .retired = true };
	struct conf_signer conf = { .issuer = NULL };

	TAILQ_INIT(&conf.keys);
	if (signing != NULL)
		TAILQ_INSERT_TAIL(&conf.keys, &a, entry);
	if (retired != NULL && retired_first)
		TAILQ_INSERT_HEAD(&conf.keys, &b, entry);
	else if (retired != NULL)
		TAILQ_INSERT_TAIL(&conf.keys, &b, entry);
	return (keyring_load(&conf));
}

static void
test_token(void)
{
	char kid[JWK_THUMBPRINT + 1], header[256], token[2048], *jwks, *want;
	struct keyring *ring;
	size_t n;

	if ((ring = load(key_path, NULL, false)) == NULL) {
		ok(0, "a key is loaded");
		return;
	}
	jwks = keyring_jwks(ring);
	n = keyring_sign(ring, CLAIMS, strlen(CLAIMS), token, sizeof(token));
	is_int(verify(jwks, token, n), JWT_OK, "a token is verified");
	/* RFC 8017 section 8.2: this signature has no random part */
	(void)jwk_thumbprint(key, kid);
	snprintf(header, sizeof(header),
	    "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", kid);
	want = token_make(key, header, CLAIMS);
	token[n] = '\0';
	is_str(token, want, "it is what another signer makes");
	free(want);
	n = keyring_sign(ring, CLAIMS " ", strlen(CLAIMS) + 1, token,
	    sizeof(token));
	is_int(verify(jwks, token, n), JWT_OK, "so is the next");
	is_int((long long)keyring_sign(ring, "", 0, token, sizeof(token)), 0,
	    "nothing is signed for no claims");
	free(jwks);
	keyring_free(ring);
}

/* every size, in memory of exactly that size */
static void
test_sizes(void)
{
	char claims[MESSAGE_TOKEN_MAX], *out, *jwks;
	struct keyring *ring;
	size_t size, max, n;
	int wrong;

	ring = load(key_path, NULL, false);
	jwks = keyring_jwks(ring);
	memset(claims, ' ', sizeof(claims));
	memcpy(claims, CLAIMS, strlen(CLAIMS));
	wrong = 0;
	for (size = 0; size < 700; size += size < 440 ? 40 : 1) {
		if ((out = malloc(size + (size == 0))) == NULL)
			abort();
		max = keyring_claims_max(ring, size);
		wrong += keyring_sign(ring, claims, max + 1, out, size) != 0;
		n = keyring_sign(ring, claims, max, out, size);
		wrong += max == 0 ? n != 0 : n == 0 || n > size;
		free(out);
	}
	is_int(wrong, 0, "what is said to fit does, and no byte more");

	size = MESSAGE_TOKEN_MAX + 1;
	max = keyring_claims_max(ring, size);
	ok(max > 9000 && max < MESSAGE_TOKEN_MAX, "claims of up to %zu bytes",
	    max);
	out = malloc(size);
	n = keyring_sign(ring, claims, max, out, size);
	ok(n > 0 && n <= MESSAGE_TOKEN_MAX, "the longest token: %zu bytes", n);
	is_int(verify(jwks, out, n), JWT_OK, "... is verified");
	free(out);
	free(jwks);
	keyring_free(ring);
}

static void
test_retired(void)
{
	char token[2048], header[256], kid[JWK_THUMBPRINT + 1], *jwks, *made;
	struct keyring *ring;
	json_t *set, *keys;
	size_t n;
	int first;

	for (first = 0; first < 2; first++) {
		if ((ring = load(key_path, old_path, first == 1)) == NULL) {
			ok(0, "two keys are loaded");
			return;
		}
		jwks = keyring_jwks(ring);
		set = json_loads(jwks, 0, NULL);
		keys = json_object_get(set, "keys");
		is_int((long long)json_array_size(keys), 2, "two keys");
		(void)jwk_thumbprint(key, kid);
		is_str(json_string_value(json_object_get(json_array_get(keys,
		    0), "kid")), kid, "the one that signs is the first");
		ok(strstr(jwks, "\"d\"") == NULL && strstr(jwks, "\"p\"") ==
		    NULL && strstr(jwks, "\"dp\"") == NULL,
		    "nothing private is published");
		n = keyring_sign(ring, CLAIMS, strlen(CLAIMS), token,
		    sizeof(token));
		token[n] = '\0';
		snprintf(header, sizeof(header), "{\"alg\":\"RS256\","
		    "\"typ\":\"at+jwt\",\"kid\":\"%s\"}", kid);
		made = token_make(key, header, CLAIMS);
		is_str(token, made, "it alone signs");
		free(made);
		made = token_make(old, "{\"alg\":\"RS256\"}", CLAIMS);
		is_int(verify(jwks, made, strlen(made)), JWT_OK,
		    "a token of the retired one is accepted");
		free(made);
		json_decref(set);
		free(jwks);
		keyring_free(ring);
	}
}

/* the kid of a token that is signed at that time; it must verify */
static const char *
kid_at(struct keyring *ring, long long now)
{
	static char kid[JWK_THUMBPRINT + 1];
	char token[2048], *jwks;
	json_t *header, *claims;
	size_t n;

	keyring_at(ring, now);
	jwks = keyring_jwks(ring);
	n = keyring_sign(ring, CLAIMS, strlen(CLAIMS), token, sizeof(token));
	is_int(verify(jwks, token, n), JWT_OK, "a token is verified");
	free(jwks);
	kid[0] = '\0';
	if (jwt_peek(token, n, &header, &claims) == 0) {
		(void)strlcpy(kid, json_string_value(json_object_get(header,
		    "kid")), sizeof(kid));
		json_decref(header);
		json_decref(claims);
	}
	return (kid);
}

/* keys of a directory sign in their turn, of whatever type and size */
static void
test_turns(void)
{
	struct conf_key keys[] = {
		{ .path = old_path, .found = true, .retired = true,
		    .since = 1000, .alg = CONF_ALG_PS256 },
		{ .path = key_path, .found = true, .since = 2000 },
		{ .path = other_path, .found = true, .retired = true,
		    .since = 3000, .alg = CONF_ALG_PS256 }
	};
	char first[JWK_THUMBPRINT + 1], second[JWK_THUMBPRINT + 1];
	char third[JWK_THUMBPRINT + 1];
	struct conf_signer conf = { .issuer = NULL };
	struct keyring *ring;
	EVP_PKEY *pkey;
	size_t i;

	pkey = token_key(EVP_PKEY_EC, 0);
	write_key(pkey, "other.pem", 0600, other_path);
	(void)jwk_thumbprint(old, first);
	(void)jwk_thumbprint(key, second);
	(void)jwk_thumbprint(pkey, third);
	EVP_PKEY_free(pkey);
	TAILQ_INIT(&conf.keys);
	for (i = 0; i < 3; i++)
		TAILQ_INSERT_TAIL(&conf.keys, &keys[i], entry);
	if (!ok((ring = keyring_load(&conf)) != NULL, "a directory's keys"))
		return;
	is_str(kid_at(ring, 2000), second, "the second in its time");
	is_str(kid_at(ring, 2999), second, "... to the last second");
	is_str(kid_at(ring, 3000), third, "the third in its time");
	is_str(kid_at(ring, 99999), third, "... and for ever");
	is_str(kid_at(ring, 2500), second, "the clock set back");
	is_str(kid_at(ring, 1999), first, "... further");
	is_str(kid_at(ring, 1), first, "... before the first one's time");
	is_str(kid_at(ring, 3000), third, "and set right again");
	keyring_free(ring);
	(void)unlink(other_path);
}

static const struct {
	const char	*name;
	int		 type;
	enum conf_alg	 alg;
} algs[] = {
	{ "RS256", EVP_PKEY_RSA, CONF_ALG_DEFAULT },
	{ "RS256", EVP_PKEY_RSA, CONF_ALG_RS256 },
	{ "PS256", EVP_PKEY_RSA, CONF_ALG_PS256 },
	{ "ES256", EVP_PKEY_EC, CONF_ALG_DEFAULT },
	{ "EdDSA", EVP_PKEY_ED25519, CONF_ALG_DEFAULT },
};

/* each algorithm, and a retired key of another type beside it */
static void
test_algs(void)
{
	char token[2048], *jwks, *retired;
	struct keyring *ring;
	json_t *header, *claims;
	EVP_PKEY *pkey;
	size_t i, n;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		pkey = token_key(algs[i].type, 2048 *
		    (algs[i].type == EVP_PKEY_RSA));
		write_key(pkey, "other.pem", 0600, other_path);
		EVP_PKEY_free(pkey);
		signing_alg = algs[i].alg;
		ring = load(other_path, old_path, i % 2 == 0);
		signing_alg = CONF_ALG_DEFAULT;
		if (!ok(ring != NULL, "%s", algs[i].name))
			continue;
		jwks = keyring_jwks(ring);
		n = keyring_sign(ring, CLAIMS, strlen(CLAIMS), token,
		    sizeof(token));
		is_int(verify(jwks, token, n), JWT_OK, "... is verified");
		if (jwt_peek(token, n, &header, &claims) == 0) {
			is_str(json_string_value(json_object_get(header,
			    "alg")), algs[i].name, "... alg of the token");
			json_decref(header);
			json_decref(claims);
		}
		token[n - 20] = token[n - 20] == 'A' ? 'B' : 'A';
		is_int(verify(jwks, token, n), JWT_SIGNATURE,
		    "... and not with another signature");
		retired = token_make(old, "{\"alg\":\"RS256\"}", CLAIMS);
		is_int(verify(jwks, retired, strlen(retired)), JWT_OK,
		    "... and so is a token of the retired key");
		free(retired);
		free(jwks);
		keyring_free(ring);
	}
	(void)unlink(other_path);
}

/* "ps256" and "rs256" are for RSA keys alone */
static void
test_bad_algs(void)
{
	static const int types[] = { EVP_PKEY_EC, EVP_PKEY_ED25519 };
	EVP_PKEY *other;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		other = token_key(types[i], 0);
		write_key(other, "other.pem", 0600, other_path);
		EVP_PKEY_free(other);
		signing_alg = CONF_ALG_PS256;
		ok(load(other_path, NULL, false) == NULL,
		    "ps256 with another type");
		signing_alg = CONF_ALG_RS256;
		ok(load(other_path, NULL, false) == NULL,
		    "rs256 with another type");
		signing_alg = CONF_ALG_DEFAULT;
	}
}

/* what is said about each bad key is for another test */
static void
test_bad_keys(void)
{
	static char missing[] = "/nonexistent/key.pem";
	EVP_PKEY *other;
	int saved, null;

	if ((saved = dup(STDERR_FILENO)) == -1 ||
	    (null = open("/dev/null", O_WRONLY)) == -1 ||
	    dup2(null, STDERR_FILENO) == -1)
		abort();
	ok(load(missing, NULL, false) == NULL, "no such file");
	ok(load(key_path, missing, false) == NULL, "... as a retired key");
	other = token_key(EVP_PKEY_RSA, 1024);
	write_key(other, "other.pem", 0600, other_path);
	EVP_PKEY_free(other);
	ok(load(other_path, NULL, false) == NULL, "1024 bits");
	ok(load(key_path, other_path, true) == NULL, "... as a retired key");
	other = token_key(EVP_PKEY_EC, NID_secp384r1);
	write_key(other, "other.pem", 0600, other_path);
	EVP_PKEY_free(other);
	ok(load(other_path, NULL, false) == NULL, "another curve than P-256");
	ok(load(key_path, other_path, true) == NULL, "... as a retired key");
	other = token_key(EVP_PKEY_X25519, 0);
	write_key(other, "other.pem", 0600, other_path);
	EVP_PKEY_free(other);
	ok(load(other_path, NULL, false) == NULL,
	    "a type that is not supported");
	test_bad_algs();
	write_key(key, "other.pem", 0644, other_path);
	ok(load(other_path, NULL, false) == NULL, "a file that all can read");
	if (chmod(other_path, 0600) == -1 || truncate(other_path, 200) == -1)
		abort();
	ok(load(other_path, NULL, false) == NULL, "half a file");
	if (truncate(other_path, 0) == -1)
		abort();
	ok(load(other_path, NULL, false) == NULL, "an empty file");
	ok(load(dir, NULL, false) == NULL, "a directory");
	(void)unlink(other_path);
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
}

int
main(void)
{
	if (sodium_init() == -1 || mkdtemp(dir) == NULL)
		return (1);
	log_init("sign", 1, 0);
	key = token_key(EVP_PKEY_RSA, 2048);
	old = token_key(EVP_PKEY_RSA, 3072);
	write_key(key, "key.pem", 0600, key_path);
	write_key(old, "old.pem", 0600, old_path);
	test_token();
	test_sizes();
	test_retired();
	test_turns();
	test_algs();
	test_bad_keys();
	EVP_PKEY_free(key);
	EVP_PKEY_free(old);
	(void)unlink(key_path);
	(void)unlink(old_path);
	(void)rmdir(dir);
	return (done());
}
