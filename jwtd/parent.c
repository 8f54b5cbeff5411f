/*
 * The parent: opens the listeners, starts those that hold keys and the workers,
 * starts again what dies, and ends them all.  It is root and stays root, and it
 * reads no byte from a client, a database or a key file.
 */
#include "parent.h"

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "children.h"
#include "clock.h"
#include "control.h"
#include "file.h"
#include "listen.h"
#include "log.h"
#include "sandbox.h"
#include "system.h"

#define STOP_GRACE	5000	/* ms, besides the timeout of a request */
#define KEYS_MAX	(1024 * 1024)

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

/* Those that hold keys, then the workers.  NULL behind the last. */
static struct child *
child_at(struct parent *parent, unsigned int i)
{
	if (i == 0)
		return (&parent->signer);
	if (i == 1)
		return (&parent->tlskey);
	return (i - 2 < parent->conf->prefork ? &parent->workers[i - 2] : NULL);
}

/* Is it there at all, in this configuration? */
static bool
wanted(const struct parent *parent, const struct child *child)
{
	if (child == &parent->signer)
		return (parent->conf->signer != NULL);
	if (child == &parent->tlskey)
		return (conf_tls(parent->conf));
	return (true);
}

/* Workers need what is public of the keys, which their holders write first. */
static bool
can_start_workers(const struct parent *parent)
{
	return ((!wanted(parent, &parent->signer) || parent->keys_fd != -1) &&
	    (!wanted(parent, &parent->tlskey) ||
	    parent->certificates_fd != -1));
}

/* Start what is due.  Returns the ms until the next is, or -1. */
static int
start_due(struct parent *parent)
{
	struct child *child;
	unsigned int i;
	int wait, next;

	next = -1;
	for (i = 0; (child = child_at(parent, i)) != NULL; i++) {
		if (child->pid != 0 || !wanted(parent, child))
			continue;
		if (child == parent->workers && !can_start_workers(parent))
			break;
		/* what is wrong with a file is said by the first worker, once */
		if (child > parent->workers && !parent->started &&
		    !parent->workers[0].ready)
			break;
		wait = restart_wait(&child->restart, clock_ms());
		if (wait > 0)
			next = next == -1 || wait < next ? wait : next;
		else if (child == &parent->signer)
			children_start_signer(parent);
		else if (child == &parent->tlskey)
			children_start_tlskey(parent);
		else
			children_start_worker(parent, child);
	}
	return (next);
}

static bool
same_content(int a, int b)
{
	const char *why;
	size_t a_len, b_len;
	char *pa, *pb;
	bool same;

	pa = file_read_fd(a, KEYS_MAX, &a_len, &why);
	pb = file_read_fd(b, KEYS_MAX, &b_len, &why);
	same = pa != NULL && pb != NULL && a_len == b_len &&
	    memcmp(pa, pb, a_len) == 0;
	free(pa);
	free(pb);
	return (same);
}

static void
end_child(struct child *child, int sig)
{
	if (child->pid != 0)
		(void)kill(child->pid, sig);
}

/*
 * One that holds keys is ready.  If it came back with others than the workers
 * know, because the files were changed, workers with the new ones replace them.
 */
static void
take_public(struct parent *parent, int *fd, int *new, const char *what)
{
	unsigned int i;
	bool changed;

	changed = *fd != -1 && !same_content(*fd, *new);
	if (*fd != -1)
		close(*fd);
	*fd = *new;
	*new = -1;
	if (!changed)
		return;
	log_info("the %s have changed: replacing the workers", what);
	for (i = 0; i < parent->conf->prefork; i++) {
		parent->workers[i].replaced = true;
		end_child(&parent->workers[i], SIGTERM);
	}
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
	if (control.type != CONTROL_READY || child->ready)
		return;
	child->ready = true;
	if (child == &parent->signer)
		take_public(parent, &parent->keys_fd, &parent->new_keys_fd,
		    "signing keys");
	else if (child == &parent->tlskey)
		take_public(parent, &parent->certificates_fd,
		    &parent->new_certificates_fd, "certificates");
}

static void
child_ended(struct parent *parent, struct child *child, int status)
{
	bool expected;

	expected = parent->stopping || child->replaced;
	child->pid = 0;
	children_close_ends(child);
	if (expected) {
		restart_reset(&child->restart);
		return;
	}
	/* one that could not start has said why */
	if (WIFSIGNALED(status))
		log_warnx("%s %u was ended by signal %d", child->what,
		    child->slot, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		log_warnx("%s cannot be executed", child == &parent->signer ?
		    parent->options->signer : parent->options->self);
	else if (parent->started || child->ready || WEXITSTATUS(status) != 1)
		log_warnx("%s %u ended with status %d", child->what,
		    child->slot, WEXITSTATUS(status));
	restart_ended(&child->restart, clock_ms());
	/* what does not even start would only fail again */
	if (!parent->started && !child->ready)
		parent->failed = true;
}

static void
reap(struct parent *parent)
{
	struct child *child;
	unsigned int i;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; (child = child_at(parent, i)) != NULL; i++)
			if (child->pid == pid)
				child_ended(parent, child, status);
}

static unsigned int
running_workers(const struct parent *parent)
{
	unsigned int i, n;

	for (i = n = 0; i < parent->conf->prefork; i++)
		n += parent->workers[i].pid != 0;
	return (n);
}

static bool
all_ready(struct parent *parent)
{
	struct child *child;
	unsigned int i;

	for (i = 0; (child = child_at(parent, i)) != NULL; i++)
		if (wanted(parent, child) && !child->ready)
			return (false);
	return (true);
}

/* Workers first: what they have asked, those with the keys still answer. */
static void
stop(struct parent *parent)
{
	unsigned int i;
	int sig;

	sig = asked_to_stop > 1 || clock_ms() >= parent->stop_by ? SIGKILL :
	    SIGTERM;
	if (!parent->stopping) {
		parent->stopping = true;
		parent->stop_by = clock_ms() + STOP_GRACE +
		    (uint64_t)parent->conf->timeout_request * 1000;
		sig = SIGTERM;
	} else if (sig == SIGTERM && running_workers(parent) > 0)
		return;
	for (i = 0; i < parent->conf->prefork; i++)
		end_child(&parent->workers[i], sig);
	if (running_workers(parent) == 0) {
		end_child(&parent->signer, sig);
		end_child(&parent->tlskey, sig);
	}
}

/* Wait for a child to speak, a signal, or wait ms (-1: no limit). */
static void
wait_for_something(struct parent *parent, int wait)
{
	struct pollfd pfd[CONF_MAX_WORKERS + 2];
	struct child *who[CONF_MAX_WORKERS + 2];
	struct timespec ts;
	struct child *child;
	unsigned int i, n;

	n = 0;
	for (i = 0; (child = child_at(parent, i)) != NULL; i++) {
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
		wait = parent->stopping ? STOP_GRACE : start_due(parent);
		wait_for_something(parent, wait);
		reap(parent);
		if (asked_to_stop)
			stop(parent);
		if (parent->stopping && parent->signer.pid == 0 &&
		    parent->tlskey.pid == 0 && running_workers(parent) == 0)
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

static void
init(struct parent *parent)
{
	unsigned int i;

	parent->signer.what = "jwtd-signer";
	parent->signer.control = parent->signer.signer_end = -1;
	parent->signer.tlskey_end = -1;
	parent->tlskey = parent->signer;
	parent->tlskey.what = "tlskey";
	for (i = 0; i < CONF_MAX_WORKERS; i++) {
		parent->workers[i].what = "worker";
		parent->workers[i].slot = i;
		parent->workers[i].control = -1;
		parent->workers[i].signer_end = -1;
		parent->workers[i].tlskey_end = -1;
	}
	parent->keys_fd = parent->new_keys_fd = -1;
	parent->certificates_fd = parent->new_certificates_fd = -1;
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
	init(parent);
	parent->conf = conf;
	parent->options = options;
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
