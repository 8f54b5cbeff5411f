/*
 * The parent's children: fork and exec, with the descriptors that each needs at
 * the numbers of control.h.
 */
#include "generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certificates_parent.h"
#include "clock.h"
#include "control.h"
#include "keys.h"
#include "log.h"
#include "packet.h"
#include "spawn.h"
#include "system.h"
#include "watch.h"

/* The bytes that were validated, so that a later edit changes no restart. */
int
children_conf_file(const struct conf *conf)
{
	FILE *f;
	int fd, copy;

	f = NULL;
	copy = -1;
	if ((fd = system_anonymous_file("jwtd.conf")) == -1 ||
	    (copy = dup(fd)) == -1 || (f = fdopen(copy, "w")) == NULL)
		goto fail;
	conf_print(conf, f);
	if (fclose(f) == 0)
		return (fd);
	copy = -1;
fail:
	log_warn("configuration");
	if (copy != -1)
		close(copy);
	if (fd != -1)
		close(fd);
	return (-1);
}

/* argv for a child: its name, its option and slot if any, our own options */
static void
child_argv(const struct generation *gen, const char *name, const char *option,
    const char *slot, char *argv[6])
{
	size_t n;

	n = 0;
	argv[n++] = (char *)(uintptr_t)name;
	if (option != NULL)
		argv[n++] = (char *)(uintptr_t)option;
	if (slot != NULL)
		argv[n++] = (char *)(uintptr_t)slot;
	if (gen->options->foreground)
		argv[n++] = (char *)(uintptr_t)"-d";
	if (gen->options->verbose)
		argv[n++] = (char *)(uintptr_t)"-v";
	argv[n] = NULL;
}

/* what root's environment holds is not for who reads from a peer */
static void
child_env(char zone[64], char *env[3])
{
	env[0] = (char *)(uintptr_t)"PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	env[1] = env[2] = NULL;
	if (getenv("TZ") != NULL && (size_t)snprintf(zone, 64, "TZ=%s",
	    getenv("TZ")) < 64)
		env[1] = zone;
}

void
children_close_ends(struct child *child)
{
	if (child->control != -1)
		close(child->control);
	if (child->signer_end != -1)
		close(child->signer_end);
	if (child->tlskey_end != -1)
		close(child->tlskey_end);
	child->control = child->signer_end = child->tlskey_end = -1;
}

/* It counts as one that died. */
static void
cannot_start(struct child *child)
{
	log_warn("%s cannot be started", child->what);
	child->pid = 0;
	children_close_ends(child);
	restart_ended(&child->restart, clock_ms());
}

/* Before there is a process.  Returns the child's end of its control socket. */
static int
prepare(struct child *child)
{
	int control[2];

	child->ready = false;
	child->replaced = false;
	restart_started(&child->restart, clock_ms());
	if (control_pair(control) == -1)
		return (-1);
	child->control = control[0];
	return (control[1]);
}

/* Fork it.  control is the child's end and is closed here. */
static void
start_child(struct child *child, const struct spawn *s, int control)
{
	if ((child->pid = spawn(s)) == -1)
		cannot_start(child);
	close(control);
}

/* Give a worker's end to who holds keys for it, if that runs. */
static void
give_worker(const struct child *holder, const struct child *worker, int end)
{
	struct control control;

	if (holder == NULL || holder->pid == 0 || end == -1)
		return;
	control.type = CONTROL_WORKER;
	control.slot = worker->slot;
	if (control_send(holder->control, &control, end) == -1)
		log_warn("%s does not hear of worker %u", holder->what,
		    worker->slot);
}

static void
start_signer(struct generation *gen, struct child *signer)
{
	int fds[3], control;
	char *argv[6];
	struct spawn s;
	unsigned int i;

	control = prepare(signer);
	fds[FD_KEYS - 3] = control == -1 ? -1 : keys_next(gen, 0);
	if (fds[FD_KEYS - 3] == -1) {
		cannot_start(signer);
		if (control != -1)
			close(control);
		return;
	}
	fds[FD_CONTROL - 3] = control;
	fds[FD_CONF - 3] = gen->conf_fd;
	child_argv(gen, "jwtd-signer", NULL, NULL, argv);
	s.path = signer->program;
	s.argv = argv;
	s.env = NULL;
	s.fds = fds;
	s.nfds = 3;
	start_child(signer, &s, control);
	/* what workers sent while there was no signer still waits in these */
	for (i = 0; i < gen->conf->prefork; i++)
		give_worker(signer, &gen->workers[i],
		    gen->workers[i].signer_end);
}

static void
start_tlskey(struct generation *gen, struct child *tlskey)
{
	char zone[64], *argv[6], *env[3];
	int fds[3], control;
	struct spawn s;
	unsigned int i;

	control = prepare(tlskey);
	fds[FD_PUBLISH - 3] = control == -1 ? -1 : certificates_next(gen);
	if (fds[FD_PUBLISH - 3] == -1) {
		cannot_start(tlskey);
		if (control != -1)
			close(control);
		return;
	}
	fds[FD_CONTROL - 3] = control;
	fds[FD_CONF - 3] = gen->conf_fd;
	child_argv(gen, "jwtd", "-K", NULL, argv);
	child_env(zone, env);
	s.path = tlskey->program;
	s.argv = argv;
	s.env = env;
	s.fds = fds;
	s.nfds = 3;
	start_child(tlskey, &s, control);
	for (i = 0; i < gen->conf->prefork; i++)
		give_worker(tlskey, &gen->workers[i],
		    gen->workers[i].tlskey_end);
}

static void
start_trust(struct generation *gen, struct child *trust)
{
	char zone[64], *argv[6], *env[3];
	int fds[2], control;
	struct spawn s;

	if ((control = prepare(trust)) == -1) {
		cannot_start(trust);
		return;
	}
	/* it finds all this there when it starts */
	if (keys_brief_trust(gen, trust->control) == -1 ||
	    watch_all(gen) == -1)
		log_warn("trust does not hear of all issuers");
	fds[FD_CONTROL - 3] = control;
	fds[FD_CONF - 3] = gen->conf_fd;
	child_argv(gen, "jwtd", "-T", NULL, argv);
	child_env(zone, env);
	s.path = trust->program;
	s.argv = argv;
	s.env = env;
	s.fds = fds;
	s.nfds = 2;
	start_child(trust, &s, control);
}

bool
children_give(const struct generation *gen, struct child *worker)
{
	static const struct control accept = { CONTROL_ACCEPT, 0 };

	/* in this order: no client before the keys */
	if (!keys_give(gen, worker))
		return (false);
	if (worker->accept_owed &&
	    control_send(worker->control, &accept, -1) == -1)
		return (false);
	worker->accept_owed = false;
	return (true);
}

/*
 * The ends of a worker's sockets: ours into worker, the others into fds.
 * Returns -1 with all of them closed.
 */
static int
worker_sockets(const struct generation *gen, struct child *worker, int *fds)
{
	int pair[2];

	fds[FD_SIGNER - 3] = fds[FD_TLSKEY - 3] = -1;
	if ((fds[FD_CONTROL - 3] = prepare(worker)) == -1)
		return (-1);
	if (gen->signer != NULL) {
		if (packet_pair(pair) == -1)
			goto fail;
		fds[FD_SIGNER - 3] = pair[0];
		worker->signer_end = pair[1];
	}
	if (gen->tlskey != NULL) {
		if (packet_pair(pair) == -1)
			goto fail;
		fds[FD_TLSKEY - 3] = pair[0];
		worker->tlskey_end = pair[1];
	}
	return (0);
fail:
	if (fds[FD_SIGNER - 3] != -1)
		close(fds[FD_SIGNER - 3]);
	close(fds[FD_CONTROL - 3]);
	return (-1);
}

static void
start_worker(struct generation *gen, struct child *worker)
{
	int fds[FD_LISTEN - 3 + CONF_MAX_LISTENERS];
	char slot[16], zone[64], *argv[6], *env[3];
	struct spawn s;

	if (worker_sockets(gen, worker, fds) == -1) {
		cannot_start(worker);
		return;
	}
	/* it finds these there before its first connection */
	keys_owe_all(gen, worker);
	worker->accept_owed = gen->serving;
	(void)children_give(gen, worker);
	fds[FD_CONF - 3] = gen->conf_fd;
	fds[FD_CERTIFICATES - 3] = gen->certificates;
	memcpy(&fds[FD_LISTEN - 3], gen->listeners,
	    gen->conf->nlisteners * sizeof(int));
	(void)snprintf(slot, sizeof(slot), "%u", worker->slot);
	child_argv(gen, "jwtd", "-W", slot, argv);
	child_env(zone, env);
	s.path = worker->program;
	s.argv = argv;
	s.env = env;
	s.fds = fds;
	s.nfds = FD_LISTEN - 3 + gen->conf->nlisteners;
	start_child(worker, &s, fds[FD_CONTROL - 3]);
	if (fds[FD_SIGNER - 3] != -1)
		close(fds[FD_SIGNER - 3]);
	if (fds[FD_TLSKEY - 3] != -1)
		close(fds[FD_TLSKEY - 3]);
	give_worker(gen->signer, worker, worker->signer_end);
	give_worker(gen->tlskey, worker, worker->tlskey_end);
}

static void
add(struct generation *gen, const struct child *child)
{
	gen->children[gen->nchildren] = *child;
	gen->children[gen->nchildren].control = -1;
	gen->children[gen->nchildren].signer_end = -1;
	gen->children[gen->nchildren].tlskey_end = -1;
	gen->nchildren++;
}

void
children_init(struct generation *gen)
{
	const struct child signer = { .what = "jwtd-signer",
	    .program = gen->options->signer,
	    .start = start_signer, .ready_hook = keys_signer_ready };
	const struct child tlskey = { .what = "tlskey",
	    .program = gen->options->self,
	    .start = start_tlskey,
	    .ready_hook = certificates_written };
	const struct child trust = { .what = "trust",
	    .program = gen->options->self, .may_end = true,
	    .start = start_trust, .hear = keys_hear_trust,
	    .ready_hook = keys_trust_ready };
	struct child worker = { .what = "worker",
	    .program = gen->options->self,
	    .start = start_worker, .hear = keys_hear_worker };

	if (gen->conf->signer != NULL) {
		gen->signer = &gen->children[gen->nchildren];
		add(gen, &signer);
	}
	if (conf_tls(gen->conf)) {
		gen->tlskey = &gen->children[gen->nchildren];
		add(gen, &tlskey);
	}
	if (gen->conf->ntrusts > 0) {
		gen->trust = &gen->children[gen->nchildren];
		add(gen, &trust);
	}
	gen->workers = &gen->children[gen->nchildren];
	for (; worker.slot < gen->conf->prefork; worker.slot++)
		add(gen, &worker);
}
