/* common/shared_wait.c, and what it has of common/system_NAME.c. */
#include "shared_wait.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "system.h"
#include "tap.h"

#define PROCESSES	4
#define ROUNDS		20
#define SHORT_MS	20
#define LONG_MS		20000

static const bool all[3] = { true, true, true };
static int ends[3][2];		/* the second is ours to write to */

static void
on_signal(int sig)
{
	(void)sig;
}

static void
make_ends(void)
{
	size_t i;

	for (i = 0; i < 3; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends[i]) == -1)
			exit(1);
}

static void
close_ends(void)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
}

static void
open_wait(struct shared_wait *w)
{
	int fds[3];
	size_t i;

	for (i = 0; i < 3; i++)
		fds[i] = ends[i][0];
	shared_wait_open(w, fds, 3);
}

static void
put(size_t i)
{
	if (write(ends[i][1], "x", 1) != 1)
		exit(1);
}

static void
take(size_t i)
{
	char c;

	if (read(ends[i][0], &c, 1) != 1)
		exit(1);
}

static void
wait_alone(struct shared_wait *w, const char *how)
{
	static const bool some[3] = { true, true, false };
	bool ready[3];
	sigset_t none, blocked;

	(void)sigemptyset(&none);
	is_int(shared_wait(w, all, ready, 1, &none), 0, how);
	ok(!ready[0] && !ready[1] && !ready[2], "... nothing is there");
	put(2);
	is_int(shared_wait(w, all, ready, LONG_MS, &none), 1, "something is");
	ok(!ready[0] && !ready[1] && ready[2], "... and where");
	is_int(shared_wait(w, all, ready, 0, &none), 1, "it is there yet");
	is_int(shared_wait(w, some, ready, 1, &none), 0, "nobody wants it");
	ok(!ready[2], "... and is not told");
	put(1);
	is_int(shared_wait(w, some, ready, LONG_MS, &none), 1,
	    "another is wanted");
	ok(ready[1] && !ready[2], "... and is told");
	is_int(shared_wait(w, all, ready, LONG_MS, &none), 2, "both");
	ok(!ready[0] && ready[1] && ready[2], "... are told");
	take(1);
	take(2);
	is_int(shared_wait(w, all, ready, 1, &none), 0, "they were taken");
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	(void)kill(getpid(), SIGUSR1);
	is_int(shared_wait(w, all, ready, 1, &blocked), 0,
	    "a signal that the mask has is not heard");
	errno = 0;
	is_int(shared_wait(w, all, ready, LONG_MS, &none), -1,
	    "another is heard");
	is_int(errno, EINTR, "... and ends it");
}

/* Processes that wait, say so, and say of which something came. */
static void
start(pid_t pids[PROCESSES], int say[2])
{
	struct shared_wait w;
	bool ready[3];
	sigset_t none;
	size_t i;

	if (pipe(say) == -1)
		exit(1);
	(void)sigemptyset(&none);
	for (i = 0; i < PROCESSES; i++)
		if ((pids[i] = fork()) == 0) {
			close(ends[0][1]);
			open_wait(&w);
			(void)!write(say[1], "w", 1);
			while (shared_wait(&w, all, ready, LONG_MS,
			    &none) == 0)
				;
			(void)!write(say[1], ready[0] ? "0" : "1", 1);
			(void)pause();
		}
}

static void
end(const pid_t pids[PROCESSES], const int say[2])
{
	size_t i;

	for (i = 0; i < PROCESSES; i++) {
		(void)kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], NULL, 0);
	}
	close(say[0]);
	close(say[1]);
}

/* How many say that, at the most until none has for so long? */
static int
count(const int say[2], char what, int max, int ms)
{
	struct pollfd pfd;
	char c;
	int n;

	pfd.fd = say[0];
	pfd.events = POLLIN;
	for (n = 0; n < max && poll(&pfd, 1, ms) == 1 &&
	    read(say[0], &c, 1) == 1 && c == what; n++)
		;
	return (n);
}

static int
woken_by(size_t which)
{
	static const struct timespec until_asleep = { 0, 10000000 };
	pid_t pids[PROCESSES];
	int n, say[2];

	make_ends();
	start(pids, say);
	if (count(say, 'w', PROCESSES, LONG_MS) != PROCESSES)
		exit(1);
	(void)nanosleep(&until_asleep, NULL);
	put(which);
	n = count(say, which == 0 ? '0' : '1', 1, LONG_MS);
	/* all of them, or until nobody else is */
	n += count(say, which == 0 ? '0' : '1', PROCESSES - 1,
	    which == 0 ? LONG_MS : SHORT_MS * PROCESSES);
	end(pids, say);
	close_ends();
	return (n);
}

/* It is the first to be woken, and does not take it. */
static void
wait_beside_stopped(void)
{
	struct shared_wait w;
	pid_t pids[PROCESSES];
	sigset_t none;
	bool ready[3];
	int i, say[2];

	make_ends();
	start(pids, say);
	if (count(say, 'w', PROCESSES, LONG_MS) != PROCESSES)
		exit(1);
	for (i = 0; i < PROCESSES; i++)
		(void)kill(pids[i], SIGSTOP);
	open_wait(&w);
	put(1);
	(void)sigemptyset(&none);
	is_int(shared_wait(&w, all, ready, SHORT_MS, &none), 1,
	    "what stopped processes do not take is found");
	ok(ready[1], "... where it is");
	shared_wait_close(&w);
	end(pids, say);
	close_ends();
}

int
main(void)
{
	struct shared_wait w;
	int i, n;

	(void)alarm(120);
	(void)signal(SIGUSR1, on_signal);
	make_ends();
	open_wait(&w);
	n = w.one;
	wait_alone(&w, "waiting as this system can");
	shared_wait_close(&w);
	is_int(w.one, -1, "closed");
	wait_alone(&w, "waiting as all systems can");
	close_ends();
	is_int(woken_by(0), PROCESSES, "all are woken for the first");
	if (n != -1) {
		/* one that was not asleep yet may see it as well */
		for (i = 0; i < ROUNDS && (n = woken_by(1)) != 1; i++)
			;
		is_int(n, 1, "one is woken for another");
	}
	wait_beside_stopped();
	return (done());
}
