/* Password hashes: every kind, bad forms, absurd costs. */
#include "password.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "tap.h"

#define SECRET	"p\xc3\xa4ss:word"

#define BLAKE2B_SALT	"000102030405060708090a0b0c0d0e0f"
#define BLAKE2B_HALF	"6e757cbe05387c6d8155490c92d82c33" \
			"617a0f262272b3c687a31acb8234d1bd"
#define BLAKE2B_REST	"e3140d71a822ed88c6013a57643437db" \
			"f230981f9e83c1107444843b66c148b0"
#define BLAKE2B		"$blake2b$" BLAKE2B_SALT "$" BLAKE2B_HALF BLAKE2B_REST

/* made with crypt(3) of libxcrypt, and with hashlib.blake2b of Python */
static const struct {
	const char	*kind;
	const char	*hash;
} vectors[] = {
	{ "bcrypt", "$2b$05$abcdefghijklmnopqrstuu"
	    "CMcjv9ygSqX2W2ODncSpkZMLU5eqfre" },
	{ "bcrypt", "$2a$05$abcdefghijklmnopqrstuu"
	    "CMcjv9ygSqX2W2ODncSpkZMLU5eqfre" },
	{ "bcrypt", "$2y$05$abcdefghijklmnopqrstuu"
	    "CMcjv9ygSqX2W2ODncSpkZMLU5eqfre" },
	{ "sha256crypt", "$5$saltsalt$"
	    "tzfXvrkNeeR06eQvlr0QvLWxzMj.wDewnK7HMZG36O1" },
	{ "sha256crypt", "$5$rounds=1000$saltsalt$"
	    "oSOPHBihEmvhpmRCTeGeOc8l3f9NrxKgnSFhM4IZ0c/" },
	{ "sha512crypt", "$6$saltsalt$nm/66cYI8DduPYmnXNHJMtz7aP9MRpmGtJPPYj9jj"
	    "5cN.2xBjvLwtcIQW29sO9PFUnAquQ/J8aBIUeOwNL1t41" },
	{ "sha512crypt", "$6$rounds=1234$saltsaltsaltsalt$Au1lmo9YCjGtGTArBrJehT"
	    "bbG2TDMDr0whsTTqn5hkBfygrRPAjH2VUJ8YBJ7PFSj3eCMeDP139gvpUqFsipR1" },
	{ "yescrypt", "$y$j75$saltsalt$"
	    "B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB" },
	{ "yescrypt", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$"
	    "yxKKOzpyxQD9Slp4qFIgGDH0RkD3NJFOJSs2cGTZp80" },
	{ "gost-yescrypt", "$gy$j75$saltsalt$"
	    "O1UtdeR1LG7oYp/s8ul9F7425JrrxM23rRFaKpXGTp6" },
	{ "blake2b", BLAKE2B },
};

#define ARGON2_TAIL	"$8SNWXx8ug69B3X9nYgWYUQ$" \
			"E4XVNiKBaTg+hc+qeL3GLobE2az88+FHXciUzX1zKsQ"
#define SCRYPT_TAIL	"XZs0Y9ZQ8o0NkVgswuj4Y4gUSJZWM2PHeelXS50jT46$" \
			"8QjFocOwu09/q3sCDx2wZGXHBtzfXvrkNeeR06eQvl4"

static const struct {
	const char	*hash;
	bool		 known;
} forms[] = {
	{ "$argon2id$v=19$m=65536,t=2,p=1" ARGON2_TAIL, true },
	{ "$argon2i$v=19$m=65536,t=4,p=1" ARGON2_TAIL, true },
	{ "$argon2id$v=19$m=1048576,t=20,p=1" ARGON2_TAIL, true },
	{ "$argon2id$v=19$m=1048577,t=2,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=4294967295,t=2,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=18446744073709551617,t=2,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=65536,t=21,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=65536,t=0,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=65536,t=-1,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=65536,t=2" ARGON2_TAIL, false },
	{ "$argon2id$m=65536,t=2,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=65536,t=2,p=1" ARGON2_TAIL "!", false },
	{ "$argon2id$v=19$m=65536,t=2,p=1$8SNWXx8ug69B3X9nYgWYUQ", false },
	{ "$argon2d$v=19$m=65536,t=2,p=1" ARGON2_TAIL, false },
	{ "$argon2id$", false },
	{ "$7$C6..../...." SCRYPT_TAIL, true },
	{ "$7$I6..../...." SCRYPT_TAIL, true },		/* 1 GiB */
	{ "$7$J6..../...." SCRYPT_TAIL, false },	/* 2 GiB */
	{ "$7$z6..../...." SCRYPT_TAIL, false },
	{ "$7$Czzzzz/...." SCRYPT_TAIL, false },
	{ "$7$I6....K...." SCRYPT_TAIL, false },	/* 22 times 1 GiB */
	{ "$7$C6....zzzzz" SCRYPT_TAIL, false },
	{ "$7$C......./.." SCRYPT_TAIL, false },
	{ "$7$!6..../...." SCRYPT_TAIL, false },
	{ "$7$C6..../....salt$hash", false },
	{ "$7$", false },
	{ "$2b$17$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre", true },
	{ "$2b$18$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre",
	    false },
	{ "$2b$31$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre",
	    false },
	{ "$2b$03$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre",
	    false },
	{ "$2b$5$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre", false },
	{ "$2b$005abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre",
	    false },
	{ "$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfr", false },
	{ "$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqf:e",
	    false },
	{ "$2x$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre",
	    false },
	{ "$5$rounds=999$saltsalt$"
	    "oSOPHBihEmvhpmRCTeGeOc8l3f9NrxKgnSFhM4IZ0c/", false },
	{ "$5$rounds=5000001$saltsalt$"
	    "oSOPHBihEmvhpmRCTeGeOc8l3f9NrxKgnSFhM4IZ0c/", false },
	{ "$5$rounds=$saltsalt$"
	    "oSOPHBihEmvhpmRCTeGeOc8l3f9NrxKgnSFhM4IZ0c/", false },
	{ "$5$saltsaltsaltsalts$"
	    "oSOPHBihEmvhpmRCTeGeOc8l3f9NrxKgnSFhM4IZ0c/", false },
	{ "$5$saltsalt$short", false },
	{ "$5$saltsalt", false },
	{ "$6$saltsalt$oSOPHBihEmvhpmRCTeGeOc8l3f9NrxKgnSFhM4IZ0c/", false },
	{ "$y$jFT$saltsalt$B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB", true },
	{ "$y$jGT$saltsalt$B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB", false },
	{ "$y$jzT$saltsalt$B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB", false },
	{ "$y$j9z$saltsalt$B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB", false },
	{ "$y$j9T.$saltsalt$B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB",
	    false },
	{ "$y$j9T$$B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB", false },
	{ "$y$j", false },
	{ "$y$", false },
	{ "$blake2b$" BLAKE2B_SALT "$" BLAKE2B_HALF, false },
	{ BLAKE2B "0", false },
	{ "$blake2b$" BLAKE2B_SALT "0" BLAKE2B_HALF BLAKE2B_REST, false },
	{ "$blake2b$" "g00102030405060708090a0b0c0d0e0f" "$" BLAKE2B_HALF
	    BLAKE2B_REST, false },
	{ "$blake2b$" "000102030405060708090A0B0C0D0E0F" "$" BLAKE2B_HALF
	    BLAKE2B_REST, false },
	{ "$blake2b$" BLAKE2B_SALT "$" BLAKE2B_REST
	    "6e757cbe05387c6d8155490c92d82c33" "617a0f262272b3c687a31acb8234d1bx", false },
	{ "$blake2b$" "$" BLAKE2B_HALF BLAKE2B_REST BLAKE2B_SALT, false },
	{ "$blake2b$" BLAKE2B_SALT, false },
	{ "$blake2b$", false },
	{ "$1$saltsalt$SLFhjzXGDulz2jmPT6P661", false },
	{ "$apr1$FGL6BjUU$bFvsqjV8Mthvmu40xQJjk1", false },
	{ "{SHA}lcsL/Sl3x2EpjZYk5LTUxyo5l0o=", false },
	{ "abJnggxhB/yWI", false },
	{ "*", false },
	{ "x", false },
	{ "", false },
};

/* what is as strong as ours, or stronger, stays */
static const struct {
	const char	*hash;
	bool		 needed;
} rehashes[] = {
	{ "$argon2id$v=19$m=65536,t=2,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=65536,t=3,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=131072,t=2,p=1" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=1048576,t=20,p=4" ARGON2_TAIL, false },
	{ "$argon2id$v=19$m=65535,t=2,p=1" ARGON2_TAIL, true },
	{ "$argon2id$v=19$m=65536,t=1,p=1" ARGON2_TAIL, true },
	{ "$argon2id$v=19$m=19456,t=2,p=1" ARGON2_TAIL, true },
	{ "$argon2id$v=19$m=8192,t=20,p=1" ARGON2_TAIL, true },
	{ "$argon2i$v=19$m=65536,t=4,p=1" ARGON2_TAIL, true },
	{ "$7$C6..../...." SCRYPT_TAIL, true },
	{ "$2b$17$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre", true },
	{ "$y$jFT$saltsalt$B8buJdbtrgKDFHXhFiij5e83tWoAayy71aDx2wZGXHB", true },
};

static void
test_rehashes(void)
{
	char hash[PASSWORD_HASH_SIZE];
	size_t i;

	for (i = 0; i < sizeof(rehashes) / sizeof(rehashes[0]); i++)
		if (!is_int(password_needs_rehash(rehashes[i].hash),
		    rehashes[i].needed, "rehash"))
			printf("# %s\n", rehashes[i].hash);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		ok(password_needs_rehash(vectors[i].hash), "rehash: %s",
		    vectors[i].kind);
	is_int(password_hash(SECRET, hash), 0, "a hash");
	ok(!password_needs_rehash(hash), "what is made here is made once");
}

static void
check(const char *hash, const char *kind)
{
	is_str(password_hash_kind(hash), kind, "kind");
	ok(password_verify(hash, SECRET), "%s: right password", kind);
	ok(!password_verify(hash, SECRET "x"), "%s: longer password", kind);
	ok(!password_verify(hash, "P\xc3\xa4ss:word"), "%s: wrong password",
	    kind);
	ok(!password_verify(hash, ""), "%s: empty password", kind);
}

static void
test_vectors(void)
{
	char hash[512];
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		check(vectors[i].hash, vectors[i].kind);
		strlcpy(hash, vectors[i].hash, sizeof(hash));
		hash[strlen(hash) - 2] ^= 1;
		ok(!password_verify(hash, SECRET), "%s: a bit of the hash",
		    vectors[i].kind);
	}
	is_int(crypto_pwhash_argon2i_str(hash, SECRET, strlen(SECRET), 3,
	    8192 * 1024), 0, "an argon2i hash");
	check(hash, "argon2i");
	is_int(crypto_pwhash_scryptsalsa208sha256_str(hash, SECRET,
	    strlen(SECRET),
	    crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_INTERACTIVE,
	    crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_INTERACTIVE), 0,
	    "a scrypt hash");
	check(hash, "scrypt");
}

static void
test_forms(void)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!is_int(password_hash_known(forms[i].hash), forms[i].known,
		    "form"))
			printf("# %s\n", forms[i].hash);
		/* computing the costly ones is what it is all about */
		if (!forms[i].known)
			ok(!password_verify(forms[i].hash, SECRET),
			    "not verified");
	}
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

/* the least of a few, which noise does not lower */
static double
cost(const char *hash, const char *password)
{
	double best, start;
	int i;

	best = 1e9;
	for (i = 0; i < 5; i++) {
		start = now();
		if (hash != NULL)
			(void)password_verify(hash, password);
		else
			password_dummy(password);
		if (now() - start < best)
			best = now() - start;
	}
	return (best);
}

static void
test_ours(void)
{
	char hash[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE];
	double dummy, empty, known, zero;

	is_int(password_hash(SECRET, hash), 0, "a hash");
	is_int(password_hash(SECRET, other), 0, "another hash");
	ok(strcmp(hash, other) != 0, "hashes are salted");
	check(hash, "argon2id");
	is_int(password_dummy_init(), 0, "the dummy");
	known = cost(hash, "wrong");
	zero = cost(hash, "");
	dummy = cost(NULL, "wrong");
	empty = cost(NULL, "");
	ok(dummy > known / 1.5 && dummy < known * 1.5,
	    "the dummy costs the same: %.3f and %.3f s", dummy, known);
	ok(zero > known / 1.5 && zero < known * 1.5,
	    "the empty password costs the same: %.3f s", zero);
	ok(empty > known / 1.5 && empty < known * 1.5,
	    "also with the dummy: %.3f s", empty);
}

int
main(void)
{
	if (sodium_init() == -1)
		return (1);
	test_vectors();
	test_forms();
	test_rehashes();
	test_ours();
	return (done());
}
