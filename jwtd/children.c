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
	/* else one child could change what the next ones read */
	if (fclose(f) == 0 && system_seal(fd) == 0)
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
    const char *slot, char place[16], char *argv[8])
{
	size_t n;

	n = 0;
	argv[n++] = (char *)(uintptr_t)name;
	if (option != NULL)
		argv[n++] = (char *)(uintptr_t)option;
	if (slot != NULL)
		argv[n++] = (char *)(uintptr_t)slot;
	(void)snprintf(place, 16, "%u", gen->counts.place);
	argv[n++] = (char *)(uintptr_t)"-g";
	argv[n++] = place;
	if (gen->options->foreground)
		argv[n++] = (char *)(uintptr_t)"-d";
	if (gen->options->verbose)
		argv[n++] = (char *)(uintptr_t)"-v";
	argv[n] = NULL;
}

/* what root's environment holds is not for who reads from a peer */
static void
child_env(char text[2][64], char *env[4])
{
	static const char *const kept[] = { "TZ", "JOURNAL_STREAM" };
	size_t i, n;

	env[0] = (char *)(uintptr_t)"PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	n = 1;
	for (i = 0; i < 2; i++)
		if (getenv(kept[i]) != NULL && (size_t)snprintf(text[i], 64,
		    "%s=%s", kept[i], getenv(kept[i])) < 64)
			env[n++] = text[i];
	env[n] = NULL;
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

/*
 * Fork and exec it.  fds begins with its end of its control socket and that of
 * the configuration, which is filled in; the first is closed here.
 */
static void
start_child(const struct generation *gen, struct child *child,
    const char *option, const char *slot, int *fds, size_t nfds)
{
	char kept[2][64], place[16], *argv[8], *env[4];
	struct spawn s;

	fds[FD_CONF - 3] = gen->conf_fd;
	child_argv(gen, child == gen->signer ? "jwtd-signer" : "jwtd", option,
	    slot, place, argv);
	child_env(kept, env);
	s.path = child->program;
	s.argv = argv;
	/* libpq has variables of its own */
	s.env = child == gen->signer ? NULL : env;
	s.fds = fds;
	s.nfds = nfds;
	if ((child->pid = spawn(&s)) == -1)
		cannot_start(child);
	else
		metrics_started(gen->metrics, child->kind);
	close(fds[FD_CONTROL - 3]);
}

/* Give a worker's end to who holds keys for it, if that runs. */
static void
give_worker(const struct generation *gen, const struct child *holder,
    const struct child *worker)
{
	struct control control;
	int end;

	if (holder == NULL || holder->pid == 0)
		return;
	end = holder == gen->signer ? worker->signer_end : worker->tlskey_end;
	if (end == -1)
		return;
	control.type = CONTROL_WORKER;
	control.slot = worker->slot;
	if (control_send(holder->control, &control, end) == -1)
		log_warn("%s does not hear of worker %u", holder->what,
		    worker->slot);
}

/*
 * One with keys, and the file that it publishes the other halves in, or -1.
 * The signer counts and revokes, tlskey does neither.
 */
static void
start_holder(const struct generation *gen, struct child *holder,
    const char *option, int file)
{
	unsigned int i;
	int fds[FD_REVOKE - 3 + 1];

	fds[FD_CONTROL - 3] = prepare(holder);
	fds[FD_PUBLISH - 3] = file;
	fds[FD_SIGNER_METRICS - 3] = gen->counts.fd;
	fds[FD_REVOKE - 3] = gen->revoked_rw;
	if (file == -1 || fds[FD_CONTROL - 3] == -1) {
		cannot_start(holder);
		if (fds[FD_CONTROL - 3] != -1)
			close(fds[FD_CONTROL - 3]);
		return;
	}
	start_child(gen, holder, option, NULL, fds,
	    holder == gen->signer ? FD_REVOKE - 2 : FD_PUBLISH - 2);
	/* what workers sent while there was none still waits in these */
	for (i = 0; i < gen->conf->prefork; i++)
		give_worker(gen, holder, &gen->workers[i]);
}

static void
start_signer(struct generation *gen, struct child *signer)
{
	start_holder(gen, signer, NULL, keys_next(gen, 0));
}

static void
start_tlskey(struct generation *gen, struct child *tlskey)
{
	start_holder(gen, tlskey, "-K", certificates_next(gen));
}

static void
start_trust(struct generation *gen, struct child *trust)
{
	bool told;
	int fds[2];

	if ((fds[FD_CONTROL - 3] = prepare(trust)) == -1) {
		cannot_start(trust);
		return;
	}
	/* it finds all this there when it starts */
	told = keys_brief_trust(gen);
	if (watch_all(gen) == -1 || !told)
		log_warn("trust does not hear of all issuers at once");
	start_child(gen, trust, "-T", NULL, fds, 2);
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
	char slot[16];

	if (worker_sockets(gen, worker, fds) == -1) {
		cannot_start(worker);
		return;
	}
	/* it finds these there before its first connection */
	keys_owe_all(gen, worker);
	worker->accept_owed = gen->serving;
	(void)children_give(gen, worker);
	fds[FD_CERTIFICATES - 3] = gen->certificates;
	fds[FD_METRICS - 3] = gen->counts.fd;
	fds[FD_REVOKED - 3] = gen->revoked_ro;
	memcpy(&fds[FD_LISTEN - 3], gen->listeners,
	    gen->conf->nlisteners * sizeof(int));
	(void)snprintf(slot, sizeof(slot), "%u", worker->slot);
	start_child(gen, worker, "-W", slot, fds,
	    FD_LISTEN - 3 + gen->conf->nlisteners);
	if (fds[FD_SIGNER - 3] != -1)
		close(fds[FD_SIGNER - 3]);
	if (fds[FD_TLSKEY - 3] != -1)
		close(fds[FD_TLSKEY - 3]);
	give_worker(gen, gen->signer, worker);
	give_worker(gen, gen->tlskey, worker);
}

static void
add(struct generation *gen, const struct child *child)
{
	gen->children[gen->nchildren] = *child;
	gen->children[gen->nchildren].control = -1;
	gen->children[gen->nchildren].signer_end = -1;
	gen->children[gen->nchildren].tlskey_end = -1;
	metrics_add(&gen->metrics->processes[child->kind].configured, 1);
	gen->nchildren++;
}

void
children_init(struct generation *gen)
{
	const struct child signer = { .what = "jwtd-signer",
	    .kind = METRICS_MASTER,
	    .program = gen->options->signer,
	    .start = start_signer, .ready_hook = keys_signer_ready };
	const struct child tlskey = { .what = "tlskey",
	    .kind = METRICS_TLSKEY,
	    .program = gen->options->self,
	    .start = start_tlskey,
	    .ready_hook = certificates_written };
	const struct child trust = { .what = "trust",
	    .kind = METRICS_TRUST,
	    .program = gen->options->self, .may_end = true,
	    .start = start_trust, .hear = keys_hear_trust,
	    .ready_hook = keys_trust_ready };
	struct child worker = { .what = "worker",
	    .kind = METRICS_WORKER,
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
