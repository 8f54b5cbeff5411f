/* jwtd-signer/remember.c: passwords that were right a short time ago. */
#include "remember.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

#define NOW	1000000ULL	/* ms */

static struct remember *
new_remember(unsigned int seconds)
{
	struct remember *r;

	r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (r == MAP_FAILED)
		abort();
	remember_init(r, seconds);
	return (r);
}

static void
free_remember(struct remember *r)
{
	(void)munmap(r, sizeof(*r));
}

static void
test_one(void)
{
	struct remember *r;

	r = new_remember(300);
	ok(!remember_known(r, "hash", "alice", "secret", NOW), "not yet");
	ok(!remember_known(r, "", "", "", NOW), "nor nothing");
	remember_add(r, "hash", "alice", "secret", NOW);
	ok(remember_known(r, "hash", "alice", "secret", NOW), "now it is");
	ok(remember_known(r, "hash", "alice", "secret", NOW), "and stays");
	ok(!remember_known(r, "hasH", "alice", "secret", NOW), "another hash");
	ok(!remember_known(r, "hash", "Alice", "secret", NOW), "another user");
	ok(!remember_known(r, "hash", "alice", "secreT", NOW),
	    "another password");
	ok(!remember_known(r, "hash", "alice", "", NOW), "no password");
	ok(!remember_known(r, "hashalice", "", "secret", NOW) &&
	    !remember_known(r, "hash", "alices", "ecret", NOW) &&
	    !remember_known(r, "has", "halice", "secret", NOW),
	    "the same bytes in other places");
	ok(remember_known(r, "hash", "alice", "secret", NOW + 299999),
	    "until shortly before");
	ok(!remember_known(r, "hash", "alice", "secret", NOW + 300000),
	    "then no more");
	remember_add(r, "hash", "alice", "secret", NOW + 100000);
	ok(remember_known(r, "hash", "alice", "secret", NOW + 399999),
	    "longer if it was hashed again");
	free_remember(r);
}

static void
test_never(void)
{
	struct remember *r;

	r = new_remember(0);
	remember_add(r, "hash", "alice", "secret", NOW);
	ok(!remember_known(r, "hash", "alice", "secret", NOW), "never");
	free_remember(r);
}

/* What is in memory says nothing without the key, another one each time. */
static void
test_key(void)
{
	static const uint8_t zero[sizeof(((struct remember *)0)->key)];
	struct remember *a, *b;

	a = new_remember(300);
	b = new_remember(300);
	ok(memcmp(a->key, zero, sizeof(zero)) != 0 &&
	    memcmp(a->key, b->key, sizeof(zero)) != 0, "keys");
	remember_add(a, "hash", "alice", "secret", NOW);
	memcpy(b->sets, a->sets, sizeof(a->sets));
	ok(!remember_known(b, "hash", "alice", "secret", NOW),
	    "another key, and nothing is known");
	ok(memmem(a, sizeof(*a), "alice", 5) == NULL &&
	    memmem(a, sizeof(*a), "secret", 6) == NULL,
	    "neither name nor password is in there");
	free_remember(a);
	free_remember(b);
}

static int
known_of(const struct remember *r, int n, uint64_t now)
{
	char name[32];
	int i, known;

	for (i = known = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "user%d", i);
		known += remember_known(r, "hash", name, "x", now);
	}
	return (known);
}

static void
add(struct remember *r, int from, int to, uint64_t now)
{
	char name[32];
	int i;

	for (i = from; i < to; i++) {
		(void)snprintf(name, sizeof(name), "user%d", i);
		remember_add(r, "hash", name, "x", now);
	}
}

static void
test_bounded(void)
{
	struct remember *r;
	int n, known;

	r = new_remember(300);
	add(r, 0, 10000, NOW);
	known = known_of(r, 10000, NOW);
	ok(known > 9900, "ten thousand have room: %d", known);
	n = 4 * REMEMBER_SETS * REMEMBER_WAYS;
	add(r, 10000, n, NOW + 1);
	known = known_of(r, n, NOW + 1);
	ok(known > n / 5 && known <= n / 4, "of too many some: %d of %d",
	    known, n);
	is_int(known_of(r, 10000, NOW + 1), 0, "the oldest go first");
	free_remember(r);
}

/*
 * Others write the same sets while this reads: it finds only what is right,
 * also after one of them was killed.
 */
static void
test_shared(void)
{
	enum { PROCESSES = 4, USERS = 200000 };
	struct remember *r;
	pid_t pids[PROCESSES];
	int i, known, status, wrong;

	r = new_remember(300);
	for (i = 0; i < PROCESSES; i++) {
		if ((pids[i] = fork()) == -1)
			abort();
		if (pids[i] == 0) {
			do
				add(r, 0, USERS, NOW);
			while (i == 0);
			_exit(0);
		}
	}
	for (i = wrong = 0; i < 100000; i++)
		wrong += remember_known(r, "hash", "nobody", "x", NOW);
	(void)kill(pids[0], SIGKILL);
	for (i = 0; i < PROCESSES; i++)
		(void)waitpid(pids[i], &status, 0);
	is_int(wrong, 0, "nobody is known who was not added");
	add(r, 0, 1000, NOW + 1);
	known = known_of(r, 1000, NOW + 1);
	ok(known > 980, "and it works as before: %d of 1000", known);
	free_remember(r);
}

int
main(void)
{
	if (sodium_init() == -1)
		abort();
	test_one();
	test_never();
	test_key();
	test_bounded();
	test_shared();
	return (done());
}
