/* jwtd-signer/hashing.c: how many signers hash at once, and in which order. */
#include "hashing.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"

#define NOW	1000000ULL	/* ms */

struct shared {
	struct hashing	hashing;
	int		now, most;	/* processes that hash */
	int		turns[8];
};

static void
test_places(void)
{
	static const struct {
		unsigned int	signers;
		long		processors;
		size_t		places;
	} cases[] = {
		{ 1, 1, 1 }, { 1, 8, 1 }, { 2, 1, 1 }, { 2, 8, 1 },
		{ 4, 2, 2 }, { 4, 3, 3 }, { 4, 4, 3 }, { 64, 256, 63 },
		{ 64, 16, 16 }, { 4, -1, 1 }, { 4, 0, 1 }
	};
	struct hashing h;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&h, 0, sizeof(h));
		hashing_init(&h, cases[i].signers, cases[i].processors);
		for (n = 0; n < 64 && hashing_begin(&h, n, NOW, NOW); n++)
			;
		ok(n == cases[i].places, "%u signers, %ld processors: %zu",
		    cases[i].signers, cases[i].processors, n);
	}
}

static void
test_order(void)
{
	struct hashing h;

	memset(&h, 0, sizeof(h));
	hashing_init(&h, 4, 1);
	ok(hashing_turn(&h, 0, NOW, NOW), "it is free");
	ok(hashing_begin(&h, 0, NOW, NOW), "one hashes");
	ok(!hashing_turn(&h, 1, NOW, NOW) && !hashing_begin(&h, 1, NOW, NOW),
	    "another waits");
	hashing_wait(&h, 1, NOW, NOW);
	hashing_wait(&h, 2, NOW - 5, NOW);
	hashing_done(&h, 1);
	ok(!hashing_turn(&h, 2, NOW - 5, NOW),
	    "one who has no place gives none back");
	hashing_done(&h, 0);
	ok(!hashing_turn(&h, 1, NOW, NOW) && !hashing_begin(&h, 1, NOW, NOW),
	    "the oldest is first");
	ok(!hashing_begin(&h, 0, NOW, NOW), "so not one who has just come");
	ok(!hashing_begin(&h, 2, NOW, NOW),
	    "not even to who has an older one himself");
	ok(hashing_turn(&h, 2, NOW - 5, NOW) &&
	    hashing_begin(&h, 2, NOW - 5, NOW), "but the oldest");
	hashing_done(&h, 2);
	ok(hashing_begin(&h, 1, NOW, NOW), "then the next");
	hashing_done(&h, 1);
	ok(hashing_begin(&h, 3, NOW, NOW), "then anybody");
	hashing_done(&h, 3);
	hashing_wait(&h, 0, NOW, NOW);
	hashing_wait(&h, 1, NOW, NOW);
	ok(!hashing_begin(&h, 1, NOW, NOW) && hashing_begin(&h, 0, NOW, NOW),
	    "of two as old it is one");
}

static void
test_away(void)
{
	struct hashing h;

	memset(&h, 0, sizeof(h));
	hashing_init(&h, 4, 1);
	hashing_wait(&h, 2, NOW - 5, NOW);
	ok(!hashing_begin(&h, 1, NOW, NOW + 20), "one waits");
	ok(hashing_begin(&h, 1, NOW, NOW + 21), "not for one who is away");
	hashing_done(&h, 1);
	hashing_wait(&h, 2, NOW - 5, NOW + 30);
	ok(!hashing_begin(&h, 1, NOW, NOW + 30), "until he is back");
}

/* who hangs does not keep a place for ever, and then has none to give back */
static void
test_lease(void)
{
	struct hashing h;

	memset(&h, 0, sizeof(h));
	hashing_init(&h, 4, 1);
	ok(hashing_begin(&h, 1, NOW, NOW), "one hashes, and hangs");
	ok(!hashing_turn(&h, 2, NOW, NOW + HASHING_LEASE) &&
	    !hashing_begin(&h, 2, NOW, NOW + HASHING_LEASE),
	    "it has the place for a while");
	ok(hashing_turn(&h, 2, NOW, NOW + HASHING_LEASE + 1) &&
	    hashing_begin(&h, 2, NOW, NOW + HASHING_LEASE + 1),
	    "then another has it");
	hashing_done(&h, 1);
	ok(!hashing_begin(&h, 3, NOW, NOW + HASHING_LEASE + 2),
	    "the first gives back what is not his");
	hashing_done(&h, 2);
	ok(hashing_begin(&h, 3, NOW, NOW + HASHING_LEASE + 2),
	    "and the second what is");
}

/* Take one's turn again and again. */
static void
work(struct shared *s, size_t slot, bool forever)
{
	uint64_t since;
	int n, most;

	while (forever || s->turns[slot] < 50) {
		since = clock_ms();
		while (!hashing_begin(&s->hashing, slot, since, clock_ms())) {
			hashing_wait(&s->hashing, slot, since, clock_ms());
			(void)usleep(200);
		}
		n = __atomic_add_fetch(&s->now, 1, __ATOMIC_SEQ_CST);
		most = s->most;
		while (n > most && !__atomic_compare_exchange_n(&s->most,
		    &most, n, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
		s->turns[slot]++;
		(void)usleep(500);
		(void)__atomic_sub_fetch(&s->now, 1, __ATOMIC_SEQ_CST);
		hashing_done(&s->hashing, slot);
	}
}

static void
test_shared(void)
{
	enum { PROCESSES = 6, PLACES = 2 };
	struct shared *s;
	pid_t pids[PROCESSES];
	int i, status;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (s == MAP_FAILED)
		abort();
	hashing_init(&s->hashing, PROCESSES, PLACES);
	for (i = 0; i < PROCESSES; i++) {
		if ((pids[i] = fork()) == -1)
			abort();
		if (pids[i] == 0) {
			work(s, (size_t)i, false);
			_exit(0);
		}
	}
	for (i = 0; i < PROCESSES; i++)
		(void)waitpid(pids[i], &status, 0);
	is_int(s->most, PLACES, "as many at once as may, and no more");
	for (i = 0; i < PROCESSES; i++)
		is_int(s->turns[i], 50, "everybody had his turns");
	(void)munmap(s, sizeof(*s));
}

/* A signer is killed while it has a place, and its master gives it back. */
static void
test_killed(void)
{
	struct shared *s;
	int i, status;
	pid_t pid;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (s == MAP_FAILED)
		abort();
	hashing_init(&s->hashing, 2, 1);
	for (i = 0; i < 50; i++) {
		if ((pid = fork()) == -1)
			abort();
		if (pid == 0)
			work(s, 1, true);
		(void)usleep((useconds_t)(2000 + i * 37));
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		hashing_wait(&s->hashing, 1, 0, 0);
		hashing_done(&s->hashing, 1);
		if (!hashing_begin(&s->hashing, 0, NOW, NOW))
			break;
		hashing_done(&s->hashing, 0);
	}
	ok(s->turns[1] > 0, "it had its turns: %d", s->turns[1]);
	is_int(i, 50, "what a dead signer had is free again");
	(void)munmap(s, sizeof(*s));
}

int
main(void)
{
	test_places();
	test_order();
	test_away();
	test_lease();
	test_shared();
	test_killed();
	return (done());
}
