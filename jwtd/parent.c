/*
 * The parent: has a generation of processes serve, starts another one beside it
 * when it is told to reload, and ends them all.  It is root and stays root, and
 * it reads no byte from a client, another server, a database or a key file.
 */
#include "parent.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "generation.h"
#include "log.h"
#include "notify.h"
#include "sandbox.h"
#include "signals.h"
#include "system.h"

/* one that serves, one that starts, and those that drain */
#define MAX_GENERATIONS	4

struct parent {
	const struct parent_options *options;
	struct generations	 all;		/* the oldest first */
	size_t			 n;
	struct generation	*current;	/* serves; or NULL */
	struct generation	*next;		/* starts; or NULL */
	bool			 stopping;
	bool			 failed;
	sigset_t		 wait_mask;
};

static volatile sig_atomic_t asked_to_stop, asked_to_reload;

static void
on_signal(int sig)
{
	if (sig == SIGTERM || sig == SIGINT)
		asked_to_stop++;
	else if (sig == SIGHUP)
		asked_to_reload = 1;
}

static void
add(struct parent *parent, struct generation *gen)
{
	TAILQ_INSERT_TAIL(&parent->all, gen, entry);
	parent->n++;
	parent->next = gen;
}

static void
not_reloaded(void)
{
	static const char text[] =
	    "not reloaded: the configuration stays as it was";

	log_warnx("%s", text);
	notify_ready(text);
}

/* The next one will not be: what it opened is closed, and the old one stays. */
static void
give_up_next(struct parent *parent)
{
	generation_close(parent->next, parent->current);
	generation_stop(parent->next);
	parent->next = NULL;
}

/*
 * Read the configuration again and start a generation with it.  Whatever is
 * wrong, the one that serves is not touched.
 */
static void
reload(struct parent *parent)
{
	struct generation *gen;
	struct conf *conf;

	notify_reloading();
	gen = NULL;
	if ((conf = conf_load(parent->options->file, NULL)) != NULL &&
	    conf_say_laters(conf) == 0)
		gen = generation_new(conf, parent->options, parent->current);
	if (gen == NULL) {
		conf_free(conf);
		not_reloaded();
		return;
	}
	add(parent, gen);
}

/* One after another, and not when too many old ones still drain. */
static void
look_for_reload(struct parent *parent)
{
	if (!asked_to_reload || parent->next != NULL || parent->stopping)
		return;
	if (parent->n == MAX_GENERATIONS) {
		generation_stop(TAILQ_FIRST(&parent->all));
		return;
	}
	asked_to_reload = 0;
	reload(parent);
}

/* The next one is ready: it serves, and the one before drains. */
static void
take_over(struct parent *parent)
{
	struct generation *old;

	old = parent->current;
	parent->current = parent->next;
	parent->next = NULL;
	generation_serve(parent->current);
	if (old == NULL)
		return;
	log_info("configuration reloaded");
	notify_ready("configuration reloaded");
	generation_close(old, parent->current);
	generation_drain(old);
}

/*
 * What has become of the next one?  Returns true if it is the first to serve.
 */
static bool
look_at_next(struct parent *parent)
{
	struct generation *next;
	bool first;

	if ((next = parent->next) == NULL || parent->stopping)
		return (false);
	first = parent->current == NULL;
	if (!next->failed && generation_ready(next)) {
		take_over(parent);
		return (first);
	}
	if (!first && !next->failed && clock_ms() >= next->ready_by) {
		log_warnx("the new processes are not ready in time");
		next->failed = true;
	}
	if (next->failed && first)
		parent->failed = true;
	else if (next->failed) {
		not_reloaded();
		give_up_next(parent);
	}
	return (false);
}

/* Told to end.  A second time: at once. */
static void
stop(struct parent *parent)
{
	struct generation *gen;

	if (!parent->stopping)
		notify_stopping();
	if (!parent->stopping && parent->next != NULL &&
	    parent->current != NULL)
		give_up_next(parent);
	parent->stopping = true;
	TAILQ_FOREACH(gen, &parent->all, entry) {
		generation_stop(gen);
		if (asked_to_stop > 1)
			generation_kill(gen);
	}
}

/* Those that have ended are forgotten. */
static void
sweep(struct parent *parent)
{
	struct generation *gen, *next;

	TAILQ_FOREACH_SAFE(gen, &parent->all, entry, next) {
		if (!gen->stopping || !generation_gone(gen))
			continue;
		if (gen == parent->current)
			parent->current = NULL;
		if (gen == parent->next)
			parent->next = NULL;
		TAILQ_REMOVE(&parent->all, gen, entry);
		parent->n--;
		generation_close(gen, NULL);
		generation_free(gen);
	}
}

static void
reap(struct parent *parent)
{
	struct generation *gen;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		TAILQ_FOREACH(gen, &parent->all, entry)
			if (generation_ended(gen, pid, status))
				break;
}

/* Wait for a child to speak, a signal, or wait ms (-1: no limit). */
static void
wait_for_something(struct parent *parent, int wait)
{
	struct pollfd pfd[MAX_GENERATIONS * MAX_CHILDREN];
	struct {
		struct generation	*gen;
		struct child		*child;
	} who[MAX_GENERATIONS * MAX_CHILDREN];
	struct generation *gen;
	struct timespec ts;
	size_t i, n;

	n = 0;
	TAILQ_FOREACH(gen, &parent->all, entry)
		for (i = 0; i < gen->nchildren; i++) {
			if (gen->children[i].pid == 0 ||
			    gen->children[i].control == -1)
				continue;
			pfd[n].fd = gen->children[i].control;
			pfd[n].events = POLLIN;
			pfd[n].revents = 0;
			who[n].gen = gen;
			who[n++].child = &gen->children[i];
		}
	ts.tv_sec = wait / 1000;
	ts.tv_nsec = (long)(wait % 1000) * 1000000;
	if (ppoll(pfd, n, wait == -1 ? NULL : &ts, &parent->wait_mask) == -1) {
		if (errno != EINTR)
			fatal("ppoll");
		return;
	}
	for (i = 0; i < n; i++)
		if (pfd[i].revents != 0)
			generation_hear(who[i].gen, who[i].child);
}

static void
run(struct parent *parent, void (*started)(void *), void *arg)
{
	struct generation *gen;
	int wait, due;

	while (!parent->failed && !TAILQ_EMPTY(&parent->all)) {
		wait = notify_watchdog();
		TAILQ_FOREACH(gen, &parent->all, entry) {
			due = generation_work(gen);
			if (wait == -1 || (due != -1 && due < wait))
				wait = due;
		}
		wait_for_something(parent, wait);
		reap(parent);
		if (asked_to_stop)
			stop(parent);
		if (look_at_next(parent)) {
			log_info("ready");
			notify_ready("ready");
			started(arg);
		}
		sweep(parent);
		look_for_reload(parent);
	}
}

int
parent_run(struct conf *conf, const struct parent_options *options,
    void (*started)(void *), void *arg)
{
	static const int heard[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0 };
	struct generation *gen;
	struct parent parent;
	const char *empty;

	memset(&parent, 0, sizeof(parent));
	TAILQ_INIT(&parent.all);
	parent.options = options;
	notify_open();
	empty = system_empty_directory();
	if (geteuid() == 0 && mkdir(empty, 0755) == -1 && errno != EEXIST)
		fatal("%s", empty);
	if ((gen = generation_new(conf, options, NULL)) == NULL)
		exit(1);
	add(&parent, gen);
	signals_hear(heard, on_signal, &parent.wait_mask);
	sandbox(SANDBOX_PARENT);
	run(&parent, started, arg);
	/* the children's ends of the control sockets close with this process */
	TAILQ_FOREACH(gen, &parent.all, entry)
		generation_close(gen, NULL);
	log_info("%s", parent.failed ? "could not start" : "stopped");
	return (parent.failed ? 1 : 0);
}
