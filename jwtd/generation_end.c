/*
 * The end of a generation.  Workers first: what they have asked, those with the
 * keys still answer.  Who does not end in time is killed.
 */
#include "generation.h"

#include <sys/socket.h>

#include <errno.h>
#include <signal.h>

#include "clock.h"
#include "log.h"

#define IDLE_GRACE	5000	/* ms, for a next request on a connection */
#define STOP_GRACE	5000	/* ms, besides the timeout of a request */

static void
end_child(const struct child *child, int sig)
{
	if (child->pid == 0)
		return;
	/* a root without CAP_KILL, as in a container: they end as if we had */
	if (kill(child->pid, sig) == -1 && errno == EPERM &&
	    child->control != -1)
		(void)shutdown(child->control, SHUT_RDWR);
}

/* How many run, of these and those after them? */
static unsigned int
running(const struct generation *gen, const struct child *child)
{
	unsigned int n;

	n = 0;
	for (; child < gen->children + gen->nchildren; child++)
		n += child->pid != 0;
	return (n);
}

bool
generation_gone(const struct generation *gen)
{
	return (running(gen, gen->children) == 0);
}

static uint64_t
grace(const struct generation *gen)
{
	return (STOP_GRACE + (uint64_t)gen->conf->timeout_request * 1000);
}

void
generation_drain(struct generation *gen)
{
	static const struct control drain = { CONTROL_DRAIN, 0 };
	struct child *worker;
	unsigned int i;

	gen->stopping = true;
	gen->term_by = clock_ms() + IDLE_GRACE;
	gen->kill_by = gen->term_by + grace(gen);
	for (i = 0; i < gen->conf->prefork; i++) {
		worker = &gen->workers[i];
		/* one that does not read what it is told is told otherwise */
		if (worker->pid != 0 && (worker->control == -1 ||
		    control_send(worker->control, &drain, -1) == -1))
			end_child(worker, SIGTERM);
	}
}

void
generation_stop(struct generation *gen)
{
	struct child *child;

	if (gen->told_workers)
		return;
	gen->stopping = gen->told_workers = true;
	gen->kill_by = clock_ms() + grace(gen);
	for (child = gen->children + gen->nchildren; child-- > gen->workers;)
		end_child(child, SIGTERM);
}

void
generation_kill(struct generation *gen)
{
	struct child *child;

	generation_stop(gen);
	gen->killed = true;
	for (child = gen->children + gen->nchildren; child-- > gen->children;)
		end_child(child, SIGKILL);
}

/* Those with the keys, when nobody is left to ask them. */
static void
stop_holders(struct generation *gen)
{
	struct child *child;

	gen->told_workers = gen->told_holders = true;
	gen->kill_by = clock_ms() + grace(gen);
	for (child = gen->children; child < gen->workers; child++)
		end_child(child, SIGTERM);
}

int
generation_end(struct generation *gen)
{
	uint64_t now, due;

	if (gen->killed)
		return (-1);
	if (!gen->told_holders && running(gen, gen->workers) == 0)
		stop_holders(gen);
	now = clock_ms();
	if (!gen->told_workers && now >= gen->term_by)
		generation_stop(gen);
	if (now >= gen->kill_by && !generation_gone(gen)) {
		log_warnx("%u processes do not end: they are killed",
		    running(gen, gen->children));
		generation_kill(gen);
		return (-1);
	}
	due = gen->told_workers ? gen->kill_by : gen->term_by;
	return (due > now ? (int)(due - now) : 0);
}
