/*
 * The real jwtd-signer, started as the parent starts it: the same descriptors
 * at the same numbers, and a socket for each worker.  What it uses is read from
 * /proc.
 */
#include "signers.h"

#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "metrics.h"
#include "packet.h"
#include "revoked.h"
#include "spawn.h"
#include "system.h"

bool
sanitized(void)
{
	const char *san;

	san = getenv("SAN");
	return (san != NULL && *san != '\0');
}

int
patience(void)
{
	return (sanitized() ? 120 : 30);
}

void
die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

bool
readable(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return (poll(&pfd, 1, ms) == 1);
}

/* Is it the process that looks for what was revoked?  It serves no worker. */
static bool
is_other(pid_t pid)
{
	char path[64], title[64];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return (false);
	n = fread(title, 1, sizeof(title) - 1, f);
	title[n] = '\0';
	fclose(f);
	return (strstr(title, "revocations") != NULL);
}

/* The signers of a master, at most max of them. */
static int
children(pid_t pid, pid_t *out, int max)
{
	char path[64];
	FILE *f;
	int n;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)pid, (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return (0);
	for (n = 0; n < max && fscanf(f, "%d", &out[n]) == 1;)
		n += !is_other(out[n]);
	fclose(f);
	return (n);
}

static bool
has(const pid_t *pids, pid_t pid)
{
	int i;

	for (i = 0; i < SIGNERS; i++)
		if (pids[i] == pid)
			return (true);
	return (false);
}

/* Wait for a whole set of signers, none of which is one of those before. */
static void
wait_for_signers(struct signers *s)
{
	const struct timespec pause = { 0, 5000000 };
	pid_t now[SIGNERS + 1];
	uint64_t end;
	int i, fresh;

	end = clock_ms() + (uint64_t)patience() * 1000;
	while (clock_ms() < end) {
		if (children(s->master, now, SIGNERS + 1) == SIGNERS) {
			for (i = fresh = 0; i < SIGNERS; i++)
				fresh += !has(s->pids, now[i]);
			if (fresh == SIGNERS) {
				memcpy(s->pids, now, sizeof(s->pids));
				return;
			}
		}
		(void)nanosleep(&pause, NULL);
	}
	errno = ETIMEDOUT;
	die("the signers do not start");
}

static void
give(struct signers *s, unsigned int slot)
{
	struct control control;
	int pair[2];

	if (packet_pair(pair) == -1)
		die("packet_pair");
	control.type = CONTROL_WORKER;
	control.slot = slot;
	if (control_send(s->control, &control, pair[1]) == -1)
		die("control_send");
	close(pair[1]);
	s->sockets[slot] = pair[0];
}

void
signers_renew(struct signers *s, unsigned int slot)
{
	if (s->sockets[slot] != -1)
		close(s->sockets[slot]);
	give(s, slot);
	wait_for_signers(s);
}

void
signers_start(struct signers *s, const char *program, const char *conf)
{
	char name[] = "jwtd-signer", foreground[] = "-d";
	char *argv[] = { name, foreground, NULL };
	struct control control;
	int fds[5], pair[2], ro;
	struct spawn spawned;
	unsigned int i;

	memset(s, 0, sizeof(*s));
	if (control_pair(pair) == -1)
		die("control_pair");
	s->control = pair[0];
	fds[FD_CONTROL - 3] = pair[1];
	if ((fds[FD_CONF - 3] = open(conf, O_RDONLY | O_CLOEXEC)) == -1)
		die(conf);
	if ((fds[FD_KEYS - 3] = system_anonymous_file("keys")) == -1)
		die("keys");
	fds[FD_SIGNER_METRICS - 3] = metrics_file();
	if (revoked_create(REVOKED, NULL, &fds[FD_REVOKE - 3], &ro) == -1)
		die("revoked");
	close(ro);
	memset(&spawned, 0, sizeof(spawned));
	spawned.path = program;
	spawned.argv = argv;
	spawned.fds = fds;
	spawned.nfds = sizeof(fds) / sizeof(fds[0]);
	if ((s->master = spawn(&spawned)) == -1)
		die("fork");
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	if (!readable(s->control, patience() * 1000) ||
	    control_recv(s->control, &control, NULL) != 1 ||
	    control.type != CONTROL_READY)
		die("jwtd-signer is not ready");
	wait_for_signers(s);
	/* it hears of them all at once, and so its signers are new once */
	(void)kill(s->master, SIGSTOP);
	for (i = 0; i < WORKERS; i++)
		give(s, i);
	(void)kill(s->master, SIGCONT);
	wait_for_signers(s);
}

bool
signers_stop(struct signers *s)
{
	const struct timespec pause = { 0, 5000000 };
	uint64_t end;
	int status;

	if (waitpid(s->master, &status, WNOHANG) != 0)
		return (false);
	(void)kill(s->master, SIGTERM);
	end = clock_ms() + (uint64_t)patience() * 1000;
	while (clock_ms() < end) {
		if (waitpid(s->master, &status, WNOHANG) == s->master)
			return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
		(void)nanosleep(&pause, NULL);
	}
	(void)kill(s->master, SIGKILL);
	(void)waitpid(s->master, &status, 0);
	return (false);
}

bool
signers_same(const struct signers *s)
{
	pid_t now[SIGNERS + 1];
	int i;

	if (children(s->master, now, SIGNERS + 1) != SIGNERS)
		return (false);
	for (i = 0; i < SIGNERS; i++)
		if (!has(s->pids, now[i]))
			return (false);
	return (true);
}

static long
memory(pid_t pid)
{
	char path[64], line[256];
	long kib, total;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		die(path);
	total = 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kib) == 1 ||
		    sscanf(line, "VmSwap: %ld", &kib) == 1)
			total += kib;
	fclose(f);
	return (total);
}

long
signers_memory(const struct signers *s)
{
	long total;
	int i;

	total = memory(s->master);
	for (i = 0; i < SIGNERS; i++)
		total += memory(s->pids[i]);
	return (total);
}

static int
descriptors(pid_t pid)
{
	char path[64];
	DIR *dir;
	int n;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	if ((dir = opendir(path)) == NULL)
		return (-1);
	for (n = 0; readdir(dir) != NULL; n++)
		;
	closedir(dir);
	return (n);
}

int
signers_descriptors(const struct signers *s)
{
	int i, n, total;

	if ((total = descriptors(s->master)) == -1)
		return (-1);
	for (i = 0; i < SIGNERS; i++) {
		if ((n = descriptors(s->pids[i])) == -1)
			return (-1);
		total += n;
	}
	return (total);
}
