/*
 * The parent: opens the listeners, starts those that hold keys and the workers,
 * starts again what dies, and ends them all.  It is root and stays root, and it
 * reads no byte from a client, another server, a database or a key file.
 */
#include "parent.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certificates_parent.h"
#include "children.h"
#include "clock.h"
#include "control.h"
#include "keys.h"
#include "listen.h"
#include "log.h"
#include "sandbox.h"
#include "system.h"
#include "watch.h"

#define STOP_GRACE	5000	/* ms, besides the timeout of a request */
#define OWED_WAIT	100	/* ms, until a worker may have room */

static volatile sig_atomic_t asked_to_stop, asked_to_reload;

static void
on_signal(int sig)
{
	if (sig == SIGTERM || sig == SIGINT)
		asked_to_stop++;
	else if (sig == SIGHUP)
		asked_to_reload = 1;
}

/* Signals are delivered in ppoll(2) alone. */
static void
setup_signals(struct parent *parent)
{
	static const int heard[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	struct sigaction action;
	sigset_t all;
	size_t i;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &parent->wait_mask) == -1)
		fatal("sigprocmask");
	for (i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		sigdelset(&parent->wait_mask, heard[i]);
		if (sigaction(heard[i], &action, NULL) == -1)
			fatal("sigaction");
	}
	(void)signal(SIGPIPE, SIG_IGN);
}

static int
sooner(int a, int b)
{
	return (a == -1 || (b != -1 && b < a) ? b : a);
}

/* Start what is due.  Returns the ms until the next is, or -1. */
static int
start_due(struct parent *parent)
{
	struct child *child;
	size_t i;
	int wait, next;

	next = -1;
	for (i = 0; i < parent->nchildren; i++) {
		child = &parent->children[i];
		if (child >= parent->workers && (!keys_complete(parent) ||
		    !certificates_complete(parent)))
			break;
		/* what is wrong with a file is said by the first worker, once */
		if (child > parent->workers && !parent->started &&
		    !parent->workers[0].ready)
			break;
		if (child->pid != 0)
			continue;
		wait = restart_wait(&child->restart, clock_ms());
		if (wait > 0)
			next = sooner(next, wait);
		else
			child->start(parent, child);
	}
	return (next);
}

/* Key sets for which a worker had no room.  As start_due(). */
static int
pay_owed(struct parent *parent)
{
	struct child *worker;
	unsigned int i;
	int next;

	next = -1;
	for (i = 0; i < parent->conf->prefork; i++) {
		worker = &parent->workers[i];
		if (worker->pid != 0 && worker->control != -1 &&
		    !keys_give(parent, worker))
			next = OWED_WAIT;
	}
	return (next);
}

static void
end_child(struct child *child, int sig)
{
	if (child->pid == 0)
		return;
	/* a root without CAP_KILL, as in a container: they end as if we had */
	if (kill(child->pid, sig) == -1 && errno == EPERM &&
	    child->control != -1)
		(void)shutdown(child->control, SHUT_RDWR);
}

static void
hear_child(struct parent *parent, struct child *child)
{
	struct control control;
	int result;

	result = control_recv(child->control, &control, NULL);
	if (result == -1)
		return;
	if (result == 0) {
		/* SIGCHLD says the rest */
		close(child->control);
		child->control = -1;
		return;
	}
	if (control.type == CONTROL_READY && !child->ready) {
		child->ready = true;
		if (child->ready_hook != NULL)
			child->ready_hook(parent);
	} else if (child->hear != NULL)
		child->hear(parent, &control);
}

static void
child_ended(struct parent *parent, struct child *child, int status)
{
	bool ended;

	child->pid = 0;
	metrics_ended(parent->metrics, child->kind);
	children_close_ends(child);
	if (parent->stopping || child->replaced) {
		restart_reset(&child->restart);
		return;
	}
	ended = child->may_end && child->ready && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0;
	/* one that could not start has said why */
	if (WIFSIGNALED(status))
		log_warnx("%s %u was ended by signal %d%s", child->what,
		    child->slot, WTERMSIG(status),
		    sandbox_death(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == 127)
		log_warnx("%s cannot be executed", child->program);
	else if (!ended && (parent->started || child->ready ||
	    WEXITSTATUS(status) != 1))
		log_warnx("%s %u ended with status %d", child->what,
		    child->slot, WEXITSTATUS(status));
	restart_ended(&child->restart, clock_ms());
	metrics_add(&parent->metrics->processes[child->kind].restarts, 1);
	/* what does not even start would only fail again */
	if (!parent->started && !child->ready)
		parent->failed = true;
}

static void
reap(struct parent *parent)
{
	size_t i;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < parent->nchildren; i++)
			if (parent->children[i].pid == pid)
				child_ended(parent, &parent->children[i],
				    status);
}

/* How many of them run: the workers, or all? */
static size_t
running(const struct parent *parent, const struct child *from)
{
	const struct child *child;
	size_t n;

	n = 0;
	for (child = from; child < parent->children + parent->nchildren;
	    child++)
		n += child->pid != 0;
	return (n);
}

static bool
all_ready(struct parent *parent)
{
	size_t i;

	for (i = 0; i < parent->nchildren; i++)
		if (!parent->children[i].ready)
			return (false);
	return (true);
}

/* Workers first: what they have asked, those with the keys still answer. */
static void
stop(struct parent *parent)
{
	struct child *child;
	int sig;

	sig = asked_to_stop > 1 || clock_ms() >= parent->stop_by ? SIGKILL :
	    SIGTERM;
	if (!parent->stopping) {
		parent->stopping = true;
		parent->stop_by = clock_ms() + STOP_GRACE +
		    (uint64_t)parent->conf->timeout_request * 1000;
		sig = SIGTERM;
	} else if (sig == SIGTERM && running(parent, parent->workers) > 0)
		return;
	for (child = parent->children + parent->nchildren;
	    child-- > parent->children;)
		if (child >= parent->workers ||
		    running(parent, parent->workers) == 0)
			end_child(child, sig);
}

/* Wait for a child to speak, a signal, or wait ms (-1: no limit). */
static void
wait_for_something(struct parent *parent, int wait)
{
	struct pollfd pfd[MAX_CHILDREN];
	struct child *who[MAX_CHILDREN];
	struct timespec ts;
	struct child *child;
	size_t i, n;

	for (i = n = 0; i < parent->nchildren; i++) {
		child = &parent->children[i];
		if (child->pid == 0 || child->control == -1)
			continue;
		pfd[n].fd = child->control;
		pfd[n].events = POLLIN;
		pfd[n].revents = 0;
		who[n++] = child;
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
			hear_child(parent, who[i]);
}

static void
run(struct parent *parent, void (*started)(void *), void *arg)
{
	int wait;

	while (!parent->failed) {
		wait = parent->stopping ? STOP_GRACE :
		    sooner(sooner(start_due(parent), pay_owed(parent)),
		    watch_look(parent));
		wait_for_something(parent, wait);
		reap(parent);
		if (asked_to_stop)
			stop(parent);
		if (parent->stopping &&
		    running(parent, parent->children) == 0)
			return;
		if (asked_to_reload) {
			asked_to_reload = 0;
			log_warnx("reload is not available in this version");
		}
		if (!parent->started && !parent->stopping &&
		    all_ready(parent)) {
			parent->started = true;
			log_info("ready");
			started(arg);
		}
	}
}

int
parent_run(const struct conf *conf, const struct parent_options *options,
    void (*started)(void *), void *arg)
{
	struct parent *parent;
	const char *empty;
	bool failed;

	if ((parent = calloc(1, sizeof(*parent))) == NULL)
		fatal("parent");
	parent->conf = conf;
	parent->options = options;
	parent->metrics_fd = metrics_file();
	parent->metrics = metrics_map(dup(parent->metrics_fd));
	metrics_set(&parent->metrics->started, (uint64_t)time(NULL));
	children_init(parent);
	keys_init(parent);
	certificates_init(parent);
	watch_init(parent);
	empty = system_empty_directory();
	if (geteuid() == 0 && mkdir(empty, 0755) == -1 && errno != EEXIST)
		fatal("%s", empty);
	if (listen_open(conf, parent->listeners) == -1)
		exit(1);
	parent->conf_fd = children_conf_file(conf);
	setup_signals(parent);
	sandbox(SANDBOX_PARENT);
	run(parent, started, arg);
	listen_close(conf, parent->listeners);
	failed = parent->failed;
	/* the children's ends of the control sockets close with this process */
	log_info("%s", failed ? "could not start" : "stopped");
	free(parent);
	return (failed ? 1 : 0);
}
