/*
 * Stored password hashes.  One of a known kind costs no more than promised; if
 * that is little it is computed, and no password is the right one for it.
 */
#include "password.h"

#include <time.h>

#include "fuzz.h"

#define SECONDS		2	/* for what is cheap, with sanitizers */
#define HASH_MAX	511

/*
 * What its form says, read in another way than password.c does.  Returns
 * whether it is cheap enough to be tried a thousand times.
 */
static bool
cheap(const char *hash)
{
	unsigned int a, b, c;
	char n, r;

	if (sscanf(hash, "$argon2%*[id]$v=19$m=%u,t=%u,p=%u$", &a, &b,
	    &c) == 3) {
		must(a <= 1024 * 1024 && b <= 20);
		return (a <= 256 && b <= 4);
	}
	if (sscanf(hash, "$2%*[aby]$%u$", &a) == 1) {
		must(a <= 17);
		return (a <= 5);
	}
	if (sscanf(hash, "$%*[56]$rounds=%u$", &a) == 1) {
		must(a <= 5000000);
		return (a <= 2000);
	}
	if (sscanf(hash, "$%*[gy]$j%c%c$", &n, &r) == 2)
		return (n >= '.' && n <= '5' && r >= '.' && r <= '9');
	/* N, and then r and p of which the low digit comes first */
	if (strncmp(hash, "$7$", 3) == 0)
		return (hash[3] >= '/' && hash[3] <= '6' &&
		    hash[4] <= '9' && strncmp(hash + 5, "....", 4) == 0 &&
		    hash[9] <= '1' && strncmp(hash + 10, "....", 4) == 0);
	return (strncmp(hash, "$blake2b$", 9) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timespec before, after;
	char *hash;

	if (size > HASH_MAX || memchr(data, '\0', size) != NULL)
		return (0);
	if ((hash = malloc(size + 1)) == NULL)
		abort();
	memcpy(hash, data, size);
	hash[size] = '\0';
	if (password_hash_known(hash)) {
		must(password_hash_kind(hash) != NULL);
		(void)password_needs_rehash(hash);
		if (cheap(hash)) {
			(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
			must(!password_verify(hash, "not the password"));
			(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
			must(after.tv_sec - before.tv_sec <= SECONDS);
		}
	} else {
		must(password_hash_kind(hash) == NULL);
		must(!password_verify(hash, "secret"));
	}
	free(hash);
	return (0);
}
