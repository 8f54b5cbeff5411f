/*
 * Waiting for what others wait for as well; see shared_wait.h.  It reads
 * nothing.
 */
#include "shared_wait.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "system.h"

void
shared_wait_open(struct shared_wait *w, const int *fds, size_t n)
{
	if (n > SHARED_WAIT_MAX)
		fatalx("too many sockets to wait for");
	memcpy(w->fds, fds, n * sizeof(*fds));
	w->n = n;
	w->one = system_wait_open(fds, n);
}

void
shared_wait_close(struct shared_wait *w)
{
	if (w->one != -1)
		close(w->one);
	w->one = -1;
}

static bool
all_wanted(const struct shared_wait *w, const bool *wanted)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (!wanted[i])
			return (false);
	return (true);
}

/* As all systems can. */
static int
wait_for_each(const struct shared_wait *w, const bool *wanted, bool *ready,
    int ms, const sigset_t *mask)
{
	struct pollfd pfd[SHARED_WAIT_MAX];
	struct timespec ts;
	size_t i;
	int came;

	memset(ready, 0, w->n * sizeof(*ready));
	for (i = 0; i < w->n; i++) {
		/* one that is negative is passed over */
		pfd[i].fd = wanted[i] ? w->fds[i] : -1;
		pfd[i].events = POLLIN;
		pfd[i].revents = 0;
	}
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000L;
	came = ppoll(pfd, (nfds_t)w->n, &ts, mask);
	for (i = 0; came > 0 && i < w->n; i++)
		ready[i] = pfd[i].revents != 0;
	return (came);
}

int
shared_wait(const struct shared_wait *w, const bool *wanted, bool *ready,
    int ms, const sigset_t *mask)
{
	int came;

	/* some of them alone are not what that descriptor was made for */
	if (w->one != -1 && ms > 0 && all_wanted(w, wanted)) {
		came = system_wait(w->one, ready, w->n, ms, mask);
		if (came != 0)
			return (came);
		/* who was woken may have been stopped, or may have ended */
		ms = 0;
	}
	return (wait_for_each(w, wanted, ready, ms, mask));
}
