/*
 * Password hashes.  A hash comes from a file or a database and is checked
 * before it is computed: its form, and what it would cost, so that one bad line
 * cannot take the machine down.  Nothing here logs.
 */
#include "password.h"

#include <crypt.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* what one verification may cost */
#define COST_MEMORY_MAX		(1ULL << 30)	/* bytes */
#define COST_PASSES_MAX		20		/* argon2 */
#define COST_SCRYPT_MAX		(COST_MEMORY_MAX * COST_PASSES_MAX)
#define COST_BCRYPT_MAX		17		/* htpasswd's limit */
#define COST_ROUNDS_MAX		5000000		/* SHA-crypt; a second or two */

#define SCRYPT_R_MAX	(1U << 20)
#define SCRYPT_LEN	(crypto_pwhash_scryptsalsa208sha256_STRBYTES - 1)
#define BCRYPT_LEN	60
#define YESCRYPT_HASH	43
#define SALT_MAX	86

#define BLAKE2B_BYTES		64
#define BLAKE2B_SALT_BYTES	16
#define BLAKE2B_SALT		9	/* where it begins in the text */
#define BLAKE2B_DIGEST		(BLAKE2B_SALT + 2 * BLAKE2B_SALT_BYTES + 1)
#define BLAKE2B_LEN		(BLAKE2B_DIGEST + 2 * BLAKE2B_BYTES)

static const char itoa64[] =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* made once, before the fork; what it hashes is thrown away */
static char dummy_hash[PASSWORD_HASH_SIZE];

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES,
    "PASSWORD_HASH_SIZE");
_Static_assert(PASSWORD_MAX == 511, "password_valid() says so");

/* A decimal number at *s, and *s after it; false if there is no fit one. */
static bool
number(const char **s, uint64_t *out)
{
	const char *p;

	*out = 0;
	for (p = *s; *p >= '0' && *p <= '9'; p++) {
		if (p - *s >= 10)
			return (false);
		*out = *out * 10 + (uint64_t)(*p - '0');
	}
	if (p == *s)
		return (false);
	*s = p;
	return (true);
}

static bool
literal(const char **s, const char *text)
{
	size_t n;

	n = strlen(text);
	if (strncmp(*s, text, n) != 0)
		return (false);
	*s += n;
	return (true);
}

/* A crypt(3) digit's value, or -1. */
static int
digit64(char c)
{
	const char *p;

	if (c == '\0' || (p = strchr(itoa64, c)) == NULL)
		return (-1);
	return ((int)(p - itoa64));
}

/* n crypt(3) digits and nothing after them */
static bool
digits_only(const char *s, size_t n)
{
	return (strlen(s) == n && strspn(s, itoa64) == n);
}

/* $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH: what it costs */
static bool
argon2_cost(const char *hash, uint64_t *memory, uint64_t *passes)
{
	uint64_t lanes;
	const char *s;

	s = hash;
	return ((literal(&s, "$argon2id$") || literal(&s, "$argon2i$")) &&
	    literal(&s, "v=19$m=") && number(&s, memory) &&
	    literal(&s, ",t=") && number(&s, passes) &&
	    literal(&s, ",p=") && number(&s, &lanes) && *s == '$');
}

static bool
argon2_known(const char *hash)
{
	uint64_t memory, passes;

	if (!argon2_cost(hash, &memory, &passes) ||
	    memory > COST_MEMORY_MAX / 1024 || passes > COST_PASSES_MAX)
		return (false);
	/* it decodes the rest; 0 and 1 both say that it could */
	return (crypto_pwhash_str_needs_rehash(hash,
	    crypto_pwhash_OPSLIMIT_INTERACTIVE,
	    crypto_pwhash_MEMLIMIT_INTERACTIVE) != -1);
}

static bool
argon2_verify(const char *hash, const char *password)
{
	return (crypto_pwhash_str_verify(hash, password,
	    strlen(password)) == 0);
}

/* Five crypt(3) digits, the low ones first, as $7$ writes r and p. */
static uint64_t
scrypt_number(const char *s)
{
	uint64_t n;
	int i;

	n = 0;
	for (i = 4; i >= 0; i--)
		n = n << 6 | (uint64_t)digit64(s[i]);
	return (n);
}

/* $7$N RRRRR PPPPP SALT $ HASH, without the spaces */
static bool
scrypt_known(const char *hash)
{
	uint64_t memory, r, p;
	int log2n;

	if (strlen(hash) != SCRYPT_LEN || strspn(hash + 3, itoa64) < 11)
		return (false);
	log2n = digit64(hash[3]);
	r = scrypt_number(hash + 4);
	p = scrypt_number(hash + 9);
	if (log2n < 1 || log2n > 30 || r == 0 || p == 0 || r > SCRYPT_R_MAX)
		return (false);
	memory = (r * 128) << log2n;
	return (memory <= COST_MEMORY_MAX && p <= COST_SCRYPT_MAX / memory);
}

static bool
scrypt_verify(const char *hash, const char *password)
{
	return (crypto_pwhash_scryptsalsa208sha256_str_verify(hash, password,
	    strlen(password)) == 0);
}

/* $2b$COST$SALT HASH, without the space */
static bool
bcrypt_known(const char *hash)
{
	uint64_t cost;
	const char *s;

	s = hash + 4;
	return (strlen(hash) == BCRYPT_LEN && number(&s, &cost) &&
	    s == hash + 6 && *s == '$' && cost >= 4 &&
	    cost <= COST_BCRYPT_MAX && digits_only(s + 1, 53));
}

/* $6$rounds=N$SALT$HASH, the rounds optional; $5$ likewise */
static bool
shacrypt_known(const char *hash)
{
	uint64_t rounds;
	const char *s;
	size_t n;

	s = hash + 3;
	if (literal(&s, "rounds=") && (!number(&s, &rounds) ||
	    !literal(&s, "$") || rounds < 1000 || rounds > COST_ROUNDS_MAX))
		return (false);
	n = strspn(s, itoa64);
	if (n > 16 || s[n] != '$')
		return (false);
	return (digits_only(s + n + 1, hash[1] == '5' ? 43 : 86));
}

/*
 * $y$jNR$SALT$HASH with one digit each for N and r, which is all that passwd(1)
 * and mkpasswd(1) make; $gy$ likewise.
 */
static bool
yescrypt_known(const char *hash)
{
	const char *s;
	int log2n, r;
	size_t n;

	if ((s = strchr(hash + 1, '$')) == NULL || s[1] != 'j')
		return (false);
	s += 2;
	/* a digit from 47 on would be the first of several */
	if ((log2n = digit64(s[0])) == -1 || (r = digit64(s[1])) == -1 ||
	    log2n >= 30 || r >= 47 || s[2] != '$')
		return (false);
	if (((uint64_t)(r + 1) * 128) << (log2n + 1) > COST_MEMORY_MAX)
		return (false);
	s += 3;
	n = strspn(s, itoa64);
	return (n >= 1 && n <= SALT_MAX && s[n] == '$' &&
	    digits_only(s + n + 1, YESCRYPT_HASH));
}

static bool
crypt_verify(const char *hash, const char *password)
{
	struct crypt_data *data;
	const char *got;
	bool same;

	if ((data = calloc(1, sizeof(*data))) == NULL)
		return (false);
	got = crypt_r(password, hash, data);
	same = got != NULL && strlen(got) == strlen(hash) &&
	    sodium_memcmp(got, hash, strlen(hash)) == 0;
	freezero(data, sizeof(*data));
	return (same);
}

static bool
hex_only(const char *s, size_t n)
{
	return (strspn(s, "0123456789abcdef") == n);
}

/*
 * $blake2b$SALT$DIGEST in hex: the salted BLAKE2b of the table that
 * sql/upgrade-basic-jwt-wsgi.sql takes over
 */
static bool
blake2b_known(const char *hash)
{
	return (strlen(hash) == BLAKE2B_LEN &&
	    hex_only(hash + BLAKE2B_SALT, 2UL * BLAKE2B_SALT_BYTES) &&
	    hash[BLAKE2B_DIGEST - 1] == '$' &&
	    hex_only(hash + BLAKE2B_DIGEST, 2UL * BLAKE2B_BYTES));
}

static bool
blake2b_verify(const char *hash, const char *password)
{
	unsigned char salt[BLAKE2B_SALT_BYTES], want[BLAKE2B_BYTES];
	unsigned char got[BLAKE2B_BYTES];
	bool same;

	same = sodium_hex2bin(salt, sizeof(salt), hash + BLAKE2B_SALT,
	    2 * sizeof(salt), NULL, NULL, NULL) == 0 &&
	    sodium_hex2bin(want, sizeof(want), hash + BLAKE2B_DIGEST,
	    2 * sizeof(want), NULL, NULL, NULL) == 0 &&
	    crypto_generichash_blake2b_salt_personal(got, sizeof(got),
	    (const unsigned char *)password, strlen(password), NULL, 0, salt,
	    NULL) == 0 &&
	    sodium_memcmp(got, want, sizeof(got)) == 0;
	explicit_bzero(got, sizeof(got));
	explicit_bzero(want, sizeof(want));
	return (same);
}

static const struct scheme {
	const char	*prefix;
	const char	*kind;
	bool		(*known)(const char *);
	bool		(*verify)(const char *, const char *);
} schemes[] = {
	{ "$argon2id$",	"argon2id",	argon2_known,	argon2_verify },
	{ "$argon2i$",	"argon2i",	argon2_known,	argon2_verify },
	{ "$2a$",	"bcrypt",	bcrypt_known,	crypt_verify },
	{ "$2b$",	"bcrypt",	bcrypt_known,	crypt_verify },
	{ "$2y$",	"bcrypt",	bcrypt_known,	crypt_verify },
	{ "$blake2b$",	"blake2b",	blake2b_known,	blake2b_verify },
	{ "$7$",	"scrypt",	scrypt_known,	scrypt_verify },
	{ "$y$",	"yescrypt",	yescrypt_known,	crypt_verify },
	{ "$gy$",	"gost-yescrypt", yescrypt_known, crypt_verify },
	{ "$6$",	"sha512crypt",	shacrypt_known,	crypt_verify },
	{ "$5$",	"sha256crypt",	shacrypt_known,	crypt_verify },
};

static const struct scheme *
find_scheme(const char *hash)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(hash, schemes[i].prefix,
		    strlen(schemes[i].prefix)) == 0)
			return (schemes[i].known(hash) ? &schemes[i] : NULL);
	return (NULL);
}

bool
password_hash_known(const char *hash)
{
	return (find_scheme(hash) != NULL);
}

const char *
password_hash_kind(const char *hash)
{
	const struct scheme *scheme;

	scheme = find_scheme(hash);
	return (scheme != NULL ? scheme->kind : NULL);
}

bool
password_valid(const char *password, size_t len, const char **why)
{
	if (len == 0)
		*why = "the password is empty";
	else if (len > PASSWORD_MAX)
		*why = "the password is longer than 511 bytes";
	else if (!utf8_valid(password, len))
		*why = "the password is not UTF-8";
	else if (!utf8_no_controls(password, len))
		*why = "the password has a control character";
	else
		return (true);
	return (false);
}

int
password_hash(const char *password, char out[PASSWORD_HASH_SIZE])
{
	return (crypto_pwhash_str(out, password, strlen(password),
	    crypto_pwhash_OPSLIMIT_INTERACTIVE,
	    crypto_pwhash_MEMLIMIT_INTERACTIVE));
}

bool
password_verify(const char *hash, const char *password)
{
	const struct scheme *scheme;

	scheme = find_scheme(hash);
	return (scheme != NULL && scheme->verify(hash, password));
}

bool
password_needs_rehash(const char *hash)
{
	uint64_t memory, passes;

	return (strncmp(hash, "$argon2id$", 10) != 0 ||
	    !argon2_cost(hash, &memory, &passes) ||
	    memory < crypto_pwhash_MEMLIMIT_INTERACTIVE / 1024 ||
	    passes < crypto_pwhash_OPSLIMIT_INTERACTIVE);
}

int
password_dummy_init(void)
{
	char random[32], password[sizeof(random) * 2 + 1];
	int rc;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(password, sizeof(password), (unsigned char *)random,
	    sizeof(random));
	rc = password_hash(password, dummy_hash);
	explicit_bzero(random, sizeof(random));
	explicit_bzero(password, sizeof(password));
	return (rc);
}

void
password_dummy(const char *password)
{
	(void)password_verify(dummy_hash, password);
}
