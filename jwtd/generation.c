/*
 * A generation from its start until it is told to end: its processes are
 * started in their order, started again when they die, and heard.
 */
#include "generation.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "certificates_parent.h"
#include "clock.h"
#include "keys.h"
#include "keywatch.h"
#include "listen.h"
#include "log.h"
#include "revoked_parent.h"
#include "sandbox.h"
#include "watch.h"

#define READY_WAIT	60000	/* ms, of a reload */
#define OWED_WAIT	100	/* ms, until a child may have room */

struct generation *
generation_new(struct conf *conf, const struct parent_options *options,
    const struct generation_counts *counts, const struct generation *before)
{
	struct generation *gen;

	if ((gen = calloc(1, sizeof(*gen))) == NULL) {
		log_warn("generation");
		return (NULL);
	}
	gen->conf = conf;
	gen->options = options;
	gen->counts = *counts;
	gen->metrics = &counts->metrics->places[counts->place];
	gen->ready_by = clock_ms() + READY_WAIT;
	if ((gen->conf_fd = children_conf_file(conf)) == -1) {
		free(gen);
		return (NULL);
	}
	if (listen_open(conf, gen->listeners, before != NULL ? before->conf :
	    NULL, before != NULL ? before->listeners : NULL) == -1) {
		close(gen->conf_fd);
		free(gen);
		return (NULL);
	}
	gen->listening = true;
	metrics_begin(gen->metrics);
	if (revoked_init(gen, before) == -1) {
		generation_close(gen, before);
		close(gen->conf_fd);
		free(gen);
		return (NULL);
	}
	children_init(gen);
	keys_init(gen, before);
	certificates_init(gen);
	watch_init(gen);
	keywatch_init(gen);
	return (gen);
}

void
generation_close(struct generation *gen, const struct generation *other)
{
	if (!gen->listening)
		return;
	gen->listening = false;
	listen_close(gen->conf, gen->listeners,
	    other != NULL ? other->listeners : NULL,
	    other != NULL ? other->conf->nlisteners : 0);
}

void
generation_free(struct generation *gen)
{
	size_t i;

	for (i = 0; i < gen->nchildren; i++)
		children_close_ends(&gen->children[i]);
	keys_free(gen);
	certificates_free(gen);
	revoked_free(gen);
	watch_free(gen);
	keywatch_free(gen);
	close(gen->conf_fd);
	conf_free(gen->conf);
	free(gen);
}

static int
sooner(int a, int b)
{
	return (a == -1 || (b != -1 && b < a) ? b : a);
}

/* Start what is due.  Returns the ms until the next is, or -1. */
static int
start_due(struct generation *gen)
{
	struct child *child;
	size_t i;
	int wait, next;

	next = -1;
	for (i = 0; i < gen->nchildren && !gen->failed; i++) {
		child = &gen->children[i];
		if (child >= gen->workers && (!keys_complete(gen) ||
		    !certificates_complete(gen)))
			break;
		/*
		 * what is wrong with a file is said by the first worker, once
		 */
		if (child > gen->workers && !gen->started &&
		    !gen->workers[0].ready)
			break;
		if (child->pid != 0)
			continue;
		wait = restart_wait(&child->restart, clock_ms());
		if (wait > 0) {
			next = sooner(next, wait);
			continue;
		}
		child->start(gen, child);
		if (child->pid == 0 && !gen->started)
			gen->failed = true;
	}
	return (next);
}

static bool
can_hear(const struct child *child)
{
	return (child->pid != 0 && child->control != -1);
}

/* What a child has not been told for want of room.  As start_due(). */
static int
pay_owed(struct generation *gen)
{
	unsigned int i;
	int next;

	next = -1;
	if (gen->trust != NULL && can_hear(gen->trust) &&
	    !keys_give_trust(gen))
		next = OWED_WAIT;
	for (i = 0; i < gen->conf->prefork; i++)
		if (can_hear(&gen->workers[i]) &&
		    !children_give(gen, &gen->workers[i]))
			next = OWED_WAIT;
	return (next);
}

/* One that is not ready in time never will be; the first may take its time. */
static int
wait_ready(struct generation *gen)
{
	uint64_t now;

	if (gen->started)
		return (-1);
	now = clock_ms();
	if (now < gen->ready_by)
		return ((int)(gen->ready_by - now));
	return (-1);
}

int
generation_work(struct generation *gen)
{
	if (gen->stopping)
		return (generation_end(gen));
	return (sooner(sooner(sooner(start_due(gen), pay_owed(gen)),
	    sooner(watch_look(gen), wait_ready(gen))), keywatch_wait(gen)));
}

void
generation_hear(struct generation *gen, struct child *child)
{
	struct control control;
	int result;

	result = control_recv(child->control, &control, NULL);
	if (result == -1)
		return;
	if (result == 0) {
		/*
		 * It ends, and then a signal comes too late to be noticed; or
		 * it does as no child of ours would.  SIGCHLD says the rest.
		 */
		(void)kill(child->pid, SIGKILL);
		close(child->control);
		child->control = -1;
		return;
	}
	if (control.type == CONTROL_READY && !child->ready) {
		child->ready = true;
		if (child->ready_hook != NULL)
			child->ready_hook(gen);
	} else if (child->hear != NULL)
		child->hear(gen, &control);
}

static void
child_ended(struct generation *gen, struct child *child, int status)
{
	bool ended;

	child->pid = 0;
	metrics_ended(gen->metrics, child->kind, child->slot);
	children_close_ends(child);
	if (gen->stopping || child->replaced) {
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
	else if (!ended && (gen->started || child->ready ||
	    WEXITSTATUS(status) != 1))
		log_warnx("%s %u ended with status %d", child->what,
		    child->slot, WEXITSTATUS(status));
	restart_ended(&child->restart, clock_ms());
	/* what does not even start would only fail again */
	if (!gen->started && !child->ready)
		gen->failed = true;
	else if (!ended)
		metrics_add(&gen->metrics->processes[child->kind].restarts, 1);
}

bool
generation_ended(struct generation *gen, pid_t pid, int status)
{
	size_t i;

	for (i = 0; i < gen->nchildren; i++)
		if (gen->children[i].pid == pid) {
			child_ended(gen, &gen->children[i], status);
			return (true);
		}
	return (false);
}

bool
generation_ready(struct generation *gen)
{
	size_t i;

	for (i = 0; i < gen->nchildren && !gen->started; i++)
		if (!gen->children[i].ready)
			return (false);
	gen->started = true;
	return (true);
}

void
generation_serve(struct generation *gen)
{
	unsigned int i;

	gen->serving = true;
	for (i = 0; i < gen->conf->prefork; i++)
		gen->workers[i].accept_owed = true;
	(void)pay_owed(gen);
}
