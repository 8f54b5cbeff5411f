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
#include <time.h>
#include <unistd.h>

#include "certificates_parent.h"
#include "clock.h"
#include "generation.h"
#include "keywatch.h"
#include "log.h"
#include "notify.h"
#include "sandbox.h"
#include "signals.h"
#include "status_file.h"
#include "system.h"

/* one that serves, one that starts, and those that drain */
#define MAX_GENERATIONS	METRICS_GENERATIONS

struct parent {
	const struct parent_options *options;
	struct generations	 all;		/* the oldest first */
	size_t			 n;
	struct generation	*current;	/* serves; or NULL */
	struct generation	*next;		/* starts; or NULL */
	bool			 other_keys;	/* reload for these */
	struct metrics		*metrics;
	int			 metrics_fd;
	struct status_end	 status;
	bool			 stopping;
	bool			 failed;
	sigset_t		 wait_mask;
};

static volatile sig_atomic_t asked_to_stop, asked_to_reload, asked_for_status;

static void
on_signal(int sig)
{
	if (sig == SIGTERM || sig == SIGINT)
		asked_to_stop++;
	else if (sig == SIGHUP)
		asked_to_reload = 1;
	else if (sig == STATUS_ASK)
		asked_for_status = 1;
}

/* What the parent knows of itself; tell() says so when it has changed. */
static struct metrics_parent *
own(struct parent *parent)
{
	return (&parent->status.status.parent);
}

static void
tell(struct parent *parent)
{
	own(parent)->generations = parent->n;
	metrics_publish(parent->metrics, own(parent));
	status_changed(&parent->status);
}

static bool
has_place(const struct parent *parent, unsigned int place)
{
	const struct generation *gen;

	TAILQ_FOREACH(gen, &parent->all, entry)
		if (gen->counts.place == place)
			return (true);
	return (false);
}

/*
 * Start a generation with that configuration, beside the others.  Returns -1
 * after a message, without having kept it.
 */
static int
add(struct parent *parent, struct conf *conf)
{
	struct generation_counts counts;
	struct generation *gen;

	counts.metrics = parent->metrics;
	counts.fd = parent->metrics_fd;
	for (counts.place = 0; has_place(parent, counts.place);
	    counts.place++)
		;
	gen = generation_new(conf, parent->options, &counts, parent->current);
	if (gen == NULL)
		return (-1);
	TAILQ_INSERT_TAIL(&parent->all, gen, entry);
	parent->n++;
	parent->next = gen;
	tell(parent);
	return (0);
}

/* Without processes for other certificates, the workers alone are replaced. */
static void
not_reloaded(struct parent *parent, bool renews)
{
	static const char text[] =
	    "not reloaded: the configuration stays as it was";

	if (renews)
		certificates_replace(parent->current);
	else
		log_warnx("%s", text);
	notify_ready(text);
	own(parent)->last_refused = (uint64_t)time(NULL);
	own(parent)->refused++;
	tell(parent);
}

/* The next one will not be: what it opened is closed, and the old one stays. */
static void
give_up_next(struct parent *parent)
{
	generation_close(parent->next, parent->current);
	generation_stop(parent->next);
	parent->next = NULL;
}

static void
check_status_path(const struct parent *parent, const struct conf *conf)
{
	const char *path;

	path = status_path(conf, parent->options->file);
	if (parent->status.path != NULL && (path == NULL ||
	    strcmp(path, parent->status.path) != 0))
		log_warnx("the status file stays \"%s\" until the next start",
		    parent->status.path);
}

/*
 * Start a generation with that configuration, which is its own then.  Whatever
 * is wrong, the one that serves is not touched.
 */
static void
start_next(struct parent *parent, struct conf *conf, bool renews)
{
	own(parent)->begun++;
	tell(parent);
	notify_reloading();
	if (conf != NULL && add(parent, conf) == 0) {
		parent->next->renews = renews;
		return;
	}
	conf_free(conf);
	not_reloaded(parent, renews);
}

static void
reload(struct parent *parent)
{
	struct conf *conf;

	conf = conf_load(parent->options->file, NULL);
	if (conf != NULL)
		check_status_path(parent, conf);
	start_next(parent, conf, false);
}

/* One after another, and not when too many old ones still drain. */
static void
look_for_reload(struct parent *parent)
{
	struct generation *gen;
	bool certificates;

	if (parent->next != NULL || parent->stopping)
		return;
	if (parent->current != NULL && keywatch_changed(parent->current))
		parent->other_keys = true;
	certificates = parent->current != NULL && parent->current->renew;
	if (!asked_to_reload && !parent->other_keys && !certificates)
		return;
	if (parent->n == MAX_GENERATIONS) {
		/* not the one that serves: those that failed come after it */
		TAILQ_FOREACH(gen, &parent->all, entry)
			if (gen != parent->current) {
				generation_stop(gen);
				break;
			}
		return;
	}
	/*
	 * Any of them reads keys and certificates again.  The configuration is
	 * only read when somebody asks, and says by that that it is finished.
	 */
	if (asked_to_reload || parent->current == NULL) {
		asked_to_reload = 0;
		reload(parent);
		/* one that is refused has not looked at the keys */
		if (parent->next == NULL)
			return;
	} else {
		parent->current->renew = false;
		start_next(parent, conf_copy(parent->current->conf),
		    certificates);
	}
	parent->other_keys = false;
}

/* The next one is ready: it serves, and the one before drains. */
static void
take_over(struct parent *parent)
{
	struct generation *old;

	old = parent->current;
	parent->current = parent->next;
	parent->next = NULL;
	own(parent)->serving = parent->current->counts.place;
	own(parent)->loaded = (uint64_t)time(NULL);
	own(parent)->reloads += old != NULL;
	generation_serve(parent->current);
	tell(parent);
	if (old == NULL)
		return;
	log_info("%s", parent->current->renews ? "the workers are replaced" :
	    "configuration reloaded");
	notify_ready("configuration reloaded");
	generation_close(old, parent->current);
	generation_drain(old);
}

/* The next one has failed. */
static void
give_up(struct parent *parent)
{
	bool renews;

	renews = parent->next->renews;
	give_up_next(parent);
	not_reloaded(parent, renews);
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
	else if (next->failed)
		give_up(parent);
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
		tell(parent);
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
		if (asked_for_status) {
			asked_for_status = 0;
			status_answer(&parent->status, parent->metrics);
		}
		if (look_at_next(parent)) {
			log_info("ready");
			notify_ready("ready");
			started(arg);
		}
		sweep(parent);
		look_for_reload(parent);
	}
}

/* Where nobody asked for it, it need not be. */
static void
make_status_file(struct parent *parent, const struct conf *conf)
{
	int result;

	result = status_begin(&parent->status, status_path(conf,
	    parent->options->file));
	if (result == -2 || (result == -1 && conf->status != NULL))
		exit(1);
}

int
parent_run(struct conf *conf, const struct parent_options *options,
    void (*started)(void *), void *arg)
{
	static const int heard[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD,
	    STATUS_ASK, 0 };
	struct generation *gen;
	struct parent parent;
	const char *empty;

	memset(&parent, 0, sizeof(parent));
	TAILQ_INIT(&parent.all);
	parent.options = options;
	parent.metrics_fd = metrics_file();
	parent.metrics = metrics_map(dup(parent.metrics_fd));
	notify_open();
	empty = system_empty_directory();
	if (geteuid() == 0 && mkdir(empty, 0755) == -1 && errno != EEXIST)
		fatal("%s", empty);
	/* from now on somebody may ask */
	signals_hear(heard, on_signal, &parent.wait_mask);
	make_status_file(&parent, conf);
	own(&parent)->started = (uint64_t)time(NULL);
	if (add(&parent, conf) == -1) {
		status_end(&parent.status);
		exit(1);
	}
	sandbox(SANDBOX_PARENT);
	run(&parent, started, arg);
	/* the children's ends of the control sockets close with this process */
	TAILQ_FOREACH(gen, &parent.all, entry)
		generation_close(gen, NULL);
	status_end(&parent.status);
	log_info("%s", parent.failed ? "could not start" : "stopped");
	return (parent.failed ? 1 : 0);
}
