/* jwtd-signer/throttle.c: failures counted by user and network. */
#include "throttle.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

#define NOW	1000000ULL	/* ms */

static struct throttle *
new_throttle(unsigned int count, unsigned int seconds)
{
	struct throttle *t;

	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (t == MAP_FAILED)
		abort();
	throttle_init(t, count, seconds);
	return (t);
}

static void
free_throttle(struct throttle *t)
{
	(void)munmap(t, sizeof(*t));
}

static struct message_request
from(uint32_t kind, uint8_t first)
{
	struct message_request m;

	memset(&m, 0, sizeof(m));
	m.network_kind = kind;
	m.network[0] = first;
	return (m);
}

/* How many failures until it is enough? */
static int
failures(struct throttle *t, const char *user,
    const struct message_request *m, uint64_t now)
{
	int n;

	for (n = 0; n < 100000 && throttle_wait(t, user, m, now) == 0; n++)
		throttle_failed(t, user, m, now);
	return (n);
}

static void
test_count(void)
{
	static const struct {
		unsigned int	count, seconds;
		uint64_t	wait;		/* ms */
	} cases[] = {
		{ 1, 1, 1000 }, { 10, 60, 6000 }, { 7, 60, 8571 },
		{ 600, 1, 1 }, { 1, 86400, 86400000 }, { 3, 1, 333 },
		{ 1000, 86400, 86400 }
	};
	struct message_request m;
	struct throttle *t;
	size_t i;

	m = from(MESSAGE_IPV4, 127);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = new_throttle(cases[i].count, cases[i].seconds);
		is_int(failures(t, "alice", &m, NOW), cases[i].count,
		    "as many as are allowed");
		is_int((long long)throttle_wait(t, "alice", &m, NOW),
		    (long long)cases[i].wait, "how long it takes");
		is_int(failures(t, "alice", &m, NOW + cases[i].wait - 1), 0,
		    "a little earlier");
		is_int(failures(t, "alice", &m, NOW + cases[i].wait), 1,
		    "then one more");
		is_int(failures(t, "alice", &m,
		    NOW + 2000ULL * cases[i].seconds), cases[i].count,
		    "and later as many again");
		free_throttle(t);
	}
	t = new_throttle(1000000, 1);
	is_int(failures(t, "alice", &m, NOW), 1000,
	    "no more than one each millisecond");
	free_throttle(t);
}

static void
test_none(void)
{
	struct message_request m;
	struct throttle *t;

	m = from(MESSAGE_IPV4, 127);
	t = new_throttle(0, 0);
	is_int(failures(t, "alice", &m, NOW), 100000, "no limit");
	free_throttle(t);
}

static void
test_apart(void)
{
	struct message_request a, b;
	struct throttle *t;

	a = from(MESSAGE_IPV4, 127);
	t = new_throttle(3, 60);
	is_int(failures(t, "alice", &a, NOW), 3, "one user");
	is_int(failures(t, "alic", &a, NOW), 3, "another user");
	is_int(failures(t, "", &a, NOW), 3, "an empty name");
	b = from(MESSAGE_IPV4, 126);
	is_int(failures(t, "alice", &b, NOW), 3, "another address");
	b = from(MESSAGE_IPV6, 127);
	is_int(failures(t, "alice", &b, NOW), 3, "another kind of it");
	b = from(MESSAGE_LOCAL, 0);
	is_int(failures(t, "alice", &b, NOW), 3, "none");
	b = a;
	b.network[7] = 1;
	is_int(failures(t, "alice", &b, NOW), 3, "all of the address counts");
	is_int(failures(t, "alice", &a, NOW), 0, "and the first has had his");
	free_throttle(t);
}

/* However many are reported at once, it is over after the time. */
static void
test_no_more(void)
{
	struct message_request m;
	struct throttle *t;
	int i;

	m = from(MESSAGE_IPV6, 0x20);
	t = new_throttle(10, 60);
	for (i = 0; i < 1000; i++)
		throttle_failed(t, "alice", &m, NOW);
	is_int((long long)throttle_wait(t, "alice", &m, NOW), 6000,
	    "what comes after the last does not prolong it");
	free_throttle(t);
}

/* Many names push out those with the fewest failures. */
static void
test_bounded(void)
{
	struct message_request m;
	struct throttle *t;
	char name[32];
	int i, known;

	m = from(MESSAGE_IPV4, 10);
	t = new_throttle(5, 3600);
	is_int(failures(t, "alice", &m, NOW), 5, "one user");
	for (i = 0; i < 8 * THROTTLE_SETS * THROTTLE_WAYS; i++) {
		(void)snprintf(name, sizeof(name), "user%d", i);
		throttle_failed(t, name, &m, NOW);
	}
	ok(throttle_wait(t, "alice", &m, NOW) > 0,
	    "many others do not make it forget");
	t->limit = t->interval;
	for (i = known = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "user%d",
		    8 * THROTTLE_SETS * THROTTLE_WAYS - 1 - i);
		known += throttle_wait(t, name, &m, NOW) > 0;
	}
	ok(known > 0 && known < 1000, "of these some are: %d of 1000", known);
	free_throttle(t);
}

/* From several processes, one of which is killed in the midst of it. */
static void
test_shared(void)
{
	enum { PROCESSES = 4, EACH = 20000 };
	struct message_request m;
	struct throttle *t;
	pid_t pids[PROCESSES + 1];
	int i, j, status;

	m = from(MESSAGE_IPV4, 10);
	t = new_throttle(100000, 86400);
	for (i = 0; i <= PROCESSES; i++) {
		if ((pids[i] = fork()) == -1)
			abort();
		if (pids[i] != 0)
			continue;
		for (j = 0; i == PROCESSES || j < EACH; j++)
			throttle_failed(t, i == PROCESSES ? "bob" : "alice",
			    &m, NOW);
		_exit(0);
	}
	(void)usleep(1000);
	(void)kill(pids[PROCESSES], SIGKILL);
	for (i = 0; i <= PROCESSES; i++)
		(void)waitpid(pids[i], &status, 0);
	is_int(failures(t, "alice", &m, NOW), 100000 - PROCESSES * EACH,
	    "each failure of each process counts");
	free_throttle(t);
}

int
main(void)
{
	if (sodium_init() == -1)
		abort();
	test_count();
	test_none();
	test_apart();
	test_no_more();
	test_bounded();
	test_shared();
	return (done());
}
