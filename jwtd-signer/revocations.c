/*
 * The process that keeps the table of what was revoked up to date.  It asks the
 * store all the time, and at once when that hints at news; whether the workers
 * go on without it is theirs to decide, by the time of its last answer.
 */
#include "revocations.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "signals.h"

#define LOOK_FILE_MS	100	/* at the file */
#define LOOK_MS		250	/* at a server that may give no hint */
#define RETRY_MS	500	/* when there was no answer */
#define PAUSE_MS	20	/* between two hints */

static volatile sig_atomic_t terminated;

static void
on_terminate(int sig)
{
	(void)sig;
	terminated = 1;
}

/*
 * Wait for so many ms, or for a hint from that descriptor.  Signals arrive here
 * and nowhere else.  Returns false when it is time to end.
 */
static bool
wait_for(const struct revocations *r, int hint, int ms, const sigset_t *mask)
{
	struct timespec ts;
	struct pollfd pfd[2];

	pfd[0].fd = r->life;
	pfd[1].fd = hint;
	pfd[0].events = pfd[1].events = POLLIN;
	pfd[0].revents = 0;
	ts.tv_sec = 0;
	ts.tv_nsec = ms * 1000000L;
	if (ppoll(pfd, hint == -1 ? 1 : 2, &ts, mask) == -1 && errno != EINTR)
		fatal("ppoll");
	return (!terminated && pfd[0].revents == 0);
}

/* What is seen of the store: said when it changes, and not each time. */
struct seen {
	bool	down;
	bool	full;
};

static void
say_news(const struct revocations *r, struct seen *seen, const char *why)
{
	bool full;
	size_t n;

	if (why != NULL && !seen->down)
		log_warnx("%s: the last known ones stay in force, %s", why,
		    r->conf->refuse ? "and in a while no token of ours is accepted" :
		    "and new ones are not seen");
	else if (why == NULL && seen->down)
		log_info("seen again");
	seen->down = why != NULL;
	full = revoked_overflow(r->table, &n);
	if (full && !seen->full)
		log_warnx("more than %u: no token of ours is "
		    "accepted until there are less, or a larger limit", r->conf->limit);
	else if (!full && seen->full)
		log_info("no more than the limit again");
	seen->full = full;
}

void
revocations_run(const struct revocations *r)
{
	static const int heard[] = { SIGTERM, 0 };
	struct seen seen;
	const char *why;
	sigset_t mask;
	int ms;

	signals_hear(heard, on_terminate, &mask);
	memset(&seen, 0, sizeof(seen));
	revoked_claim(r->table);
	do {
		why = store_revoked(r->store, r->table);
		if (why == NULL)
			revoked_confirm(r->table, clock_ms());
		say_news(r, &seen, why);
		ms = why != NULL ? RETRY_MS :
		    r->conf->file != NULL ? LOOK_FILE_MS : LOOK_MS;
	} while (wait_for(r, -1, PAUSE_MS, &mask) &&
	    wait_for(r, store_hint(r->store), ms, &mask));
}
