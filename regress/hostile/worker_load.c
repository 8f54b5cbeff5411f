/*
 * A hostile program in the place of workers, against the real jwtd-signer: much
 * of everything, floods, and many small changes of good requests.  Prints TAP.
 */
#include "request.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"

#define FLOODERS	3
#define GOOD		3	/* the kind that is not among these */
#define FLOOD_MS	3000
#define FLOOD_MIN	3000	/* requests */
#define ROUNDS		5
#define AT_ONCE		64
#define MUTATIONS	200
#define GROWTH_KIB	1024	/* of all processes together, over all rounds */

/*
 * Send as fast as possible and never read: requests that are late already,
 * unknown users, wrong passwords, and good ones.
 */
static void __attribute__((noreturn))
flood(int fd, int kind, unsigned long *sent)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct message_request m;

	for (;;) {
		m = make(kind == 1 ? "nobody" : "alice",
		    kind == GOOD ? "secret" : "wrong");
		if (kind != GOOD)
			m.deadline = clock_ms() + (kind == 0 ? 0 : 50) - 1;
		if (send(fd, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			(*sent)++;
		else if (errno != EAGAIN || poll(&pfd, 1, -1) == -1)
			_exit(1);
	}
}

static void
test_flood(void)
{
	unsigned long *sent;
	pid_t pids[FLOODERS];
	uint64_t end;
	int i, ms, status, worst, served, asked;
	bool good;

	sent = mmap(NULL, sizeof(*sent) * FLOODERS, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (sent == MAP_FAILED)
		die("mmap");
	(void)fflush(stdout);
	for (i = 0; i < FLOODERS; i++) {
		if ((pids[i] = fork()) == -1)
			die("fork");
		if (pids[i] == 0)
			flood(signers.sockets[WORKERS - 1 - i], i, &sent[i]);
	}
	worst = served = asked = 0;
	end = clock_ms() + FLOOD_MS;
	for (good = true; good && (clock_ms() < end || sent[0] < FLOOD_MIN);) {
		asked++;
		if ((good = honest(&ms)))
			served++;
		worst = ms > worst ? ms : worst;
	}
	for (i = 0; i < FLOODERS; i++) {
		good = waitpid(pids[i], &status, WNOHANG) == 0 && good;
		(void)kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], &status, 0);
		close(signers.sockets[WORKERS - 1 - i]);
		signers.sockets[WORKERS - 1 - i] = -1;
	}
	printf("# %lu late, %lu unknown, %lu wrong; %d served, the slowest "
	    "in %d ms\n", sent[0], sent[1], sent[2], served, worst);
	ok(good && served == asked, "flood: every honest request is answered");
	ok(worst < SERVED_MS, "flood: ... within %d ms", SERVED_MS);
	ok(unharmed(), "flood: nobody is harmed");
	(void)munmap(sent, sizeof(*sent) * FLOODERS);
}

/* Much of everything that costs no socket; all answers are read. */
static bool
one_round(void)
{
	struct message_request m;
	char subject[256];
	bool good;
	int fd, i;

	fd = signers.sockets[PERSISTENT];
	good = true;
	for (i = 0; i < 2000; i++) {
		m = make("nobody", "wrong");
		m.deadline = 1;
		good = ask(fd, &m) && good;
	}
	for (i = 0; i < 300; i++) {
		m = make(i % 10 == 0 ? "large" : "bob", "secret");
		m.flags = i % 3 == 0 ? MESSAGE_REGISTRY : 0;
		(void)strlcpy(m.scope, i % 3 == 0 ? "repository:a:pull" : "",
		    sizeof(m.scope));
		good = ask(fd, &m) && answer(fd, m.id, subject) ==
		    MESSAGE_OK && good;
	}
	for (i = 0; i < 6; i++) {
		m = make("nobody", "wrong");
		good = ask(fd, &m) && answer(fd, m.id, subject) ==
		    MESSAGE_BAD_CREDENTIALS && good;
	}
	return (good && unharmed());
}

/* So many at a time that each signer has some. */
static bool
all_at_once(void)
{
	struct message_request m;
	struct message_reply reply;
	bool good;
	int fd, i;

	fd = signers.sockets[PERSISTENT];
	good = true;
	for (i = 0; i < AT_ONCE; i++) {
		m = make("bob", "secret");
		good = ask(fd, &m) && good;
	}
	for (i = 0; i < AT_ONCE; i++)
		good = next_reply(fd, &reply, SERVED_MS) &&
		    reply.status == MESSAGE_OK && good;
	return (good);
}

static void
test_memory(void)
{
	long before, after;
	int i, descriptors;

	/* what is allocated once is allocated in these */
	ok(all_at_once(), "memory: all signers have something to do");
	for (i = 0; i < 2; i++)
		ok(one_round(), "memory: a first round");
	before = signers_memory(&signers);
	descriptors = signers_descriptors(&signers);
	for (i = 0; i < ROUNDS; i++)
		ok(one_round(), "memory: round %d", i);
	after = signers_memory(&signers);
	printf("# %ld KiB, then %ld KiB\n", before, after);
	if (sanitized())
		ok(1, "memory: no more # skip sanitizers keep what was freed");
	else
		ok(after - before < GROWTH_KIB, "memory: no more after %d "
		    "rounds", ROUNDS);
	if (descriptors == -1)
		ok(1, "descriptors: no more # skip not root");
	else
		is_int(signers_descriptors(&signers), descriptors,
		    "descriptors: no more");
}

/* Random changes of a good request, each valid or not, over new sockets. */
static void
test_mutations(void)
{
	static const unsigned int slot = 2;
	struct message_request m;
	unsigned int i, j, wrong;
	char subject[256];
	unsigned char *p;
	int fd, status;
	bool open, valid;

	open = false;
	for (i = wrong = 0; i < MUTATIONS; i++) {
		if (!open)
			signers_renew(&signers, slot);
		open = true;
		fd = signers.sockets[slot];
		m = make("alice", "secret");
		m.deadline = UINT64_MAX;
		p = (unsigned char *)&m;
		for (j = 0; j < 1 + i % 4; j++)
			p[24 + random() % (sizeof(m) - 24)] ^=
			    (unsigned char)(1 << random() % 8);
		valid = message_request_valid(&m, sizeof(m));
		if (!ask(fd, &m))
			die("send");
		if (!valid) {
			wrong += !is_closed(fd);
			open = false;
			continue;
		}
		status = answer(fd, m.id, subject);
		/* a token only for the right name and password */
		wrong += status == -1 || (status == MESSAGE_OK &&
		    (strcmp(m.user, "alice") != 0 ||
		    strcmp(m.password, "secret") != 0));
	}
	is_int(wrong, 0, "mutations: answered or refused as they should");
	ok(unharmed(), "... and others are served");
}

/* Two that send all the time are no reason to hear of nothing else. */
static void
test_stop(void)
{
	unsigned long sent;
	pid_t pids[2];
	int i;
	bool good;

	(void)fflush(stdout);
	sent = 0;
	for (i = 0; i < 2; i++) {
		if ((pids[i] = fork()) == -1)
			die("fork");
		if (pids[i] == 0)
			flood(signers.sockets[i == 0 ? HONEST : PERSISTENT],
			    GOOD, &sent);
	}
	(void)poll(NULL, 0, 500);
	good = signers_stop(&signers);
	for (i = 0; i < 2; i++) {
		(void)kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], NULL, 0);
	}
	ok(good, "the signers end when they are told to, in a flood too");
}

int
main(int argc, char *argv[])
{
	int ms;

	start(argc, argv);
	ok(honest(&ms), "an honest worker is served");
	test_memory();
	test_flood();
	test_mutations();
	test_stop();
	return (done());
}
