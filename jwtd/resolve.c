/*
 * Name resolution.  It needs files and the network, and takes as long as it
 * likes: so each name has a process that is gone when it is done, or when its
 * time is over.
 */
#include "resolve.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <netdb.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "log.h"
#include "priv.h"
#include "sandbox.h"

static void
look_up(const struct url *url, struct addresses *out, bool numeric)
{
	struct addrinfo hints, *list, *ai;
	char port[6];

	memset(out, 0, sizeof(*out));
	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0);
	(void)snprintf(port, sizeof(port), "%u", (unsigned int)url->port);
	if (getaddrinfo(url->host, port, &hints, &list) != 0)
		return;
	for (ai = list; ai != NULL && out->n < RESOLVE_MAX; ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof(out->ss[0]))
			continue;
		memcpy(&out->ss[out->n], ai->ai_addr, ai->ai_addrlen);
		out->len[out->n++] = ai->ai_addrlen;
	}
	freeaddrinfo(list);
}

static void __attribute__((noreturn))
run_resolver(const struct url *url, int out, const char *user)
{
	struct addresses addresses;

	close(FD_CONTROL);
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(RESOLVE_WAIT);
	log_role("resolver");
	setproctitle("resolver");
	sandbox_early(SANDBOX_RESOLVER, NULL);
	priv_drop(user, NULL);
	sandbox(SANDBOX_RESOLVER);
	look_up(url, &addresses, false);
	/* less than PIPE_BUF: whole or not at all */
	_exit(write(out, &addresses, sizeof(addresses)) ==
	    (ssize_t)sizeof(addresses) ? 0 : 1);
}

/* Returns the pid, and in *fd where its answer comes. */
static pid_t
start_resolver(const struct url *url, int *fd, const char *user)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) == -1)
		fatal("pipe");
	switch (pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fds[0]);
		run_resolver(url, fds[1], user);
	}
	close(fds[1]);
	*fd = fds[0];
	return (pid);
}

/* The answer is one of ours, but the peer that it speaks for is anybody. */
static void
take_answer(int fd, pid_t pid, uint64_t by, struct addresses *out)
{
	struct pollfd pfd;
	uint64_t now;
	size_t i;
	ssize_t n;

	now = clock_ms();
	pfd.fd = fd;
	pfd.events = POLLIN;
	n = -1;
	if (poll(&pfd, 1, by > now ? (int)(by - now) : 0) == 1)
		n = read(fd, out, sizeof(*out));
	/* its own alarm is not to be relied on: it has heard the network */
	(void)kill(pid, SIGKILL);
	if (n != (ssize_t)sizeof(*out) || out->n > RESOLVE_MAX)
		memset(out, 0, sizeof(*out));
	for (i = 0; i < out->n; i++)
		if (out->len[i] > sizeof(out->ss[i]))
			out->n = 0;
	close(fd);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

void
resolve(const struct url *urls, size_t n, struct addresses *out,
    const char *user)
{
	uint64_t by;
	pid_t *pids;
	size_t i;
	int *fds;

	pids = calloc(n + 1, sizeof(*pids));
	fds = calloc(n + 1, sizeof(*fds));
	if (pids == NULL || fds == NULL)
		fatal("resolve");
	for (i = 0; i < n; i++)
		if (urls[i].numeric)
			look_up(&urls[i], &out[i], true);
		else
			pids[i] = start_resolver(&urls[i], &fds[i], user);
	by = clock_ms() + (uint64_t)RESOLVE_WAIT * 1000;
	for (i = 0; i < n; i++)
		if (pids[i] != 0)
			take_answer(fds[i], pids[i], by, &out[i]);
	free(pids);
	free(fds);
}
