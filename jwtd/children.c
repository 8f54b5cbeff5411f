/*
 * The parent's children: fork and exec, with the descriptors that each needs at
 * the numbers of control.h.
 */
#include "children.h"

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

	if ((fd = system_anonymous_file("jwtd.conf")) == -1 ||
	    (copy = dup(fd)) == -1 || (f = fdopen(copy, "w")) == NULL)
		fatal("configuration");
	conf_print(conf, f);
	if (fclose(f) == EOF)
		fatal("configuration");
	return (fd);
}

/* argv for a child: its name, its option and slot if any, our own options */
static void
child_argv(const struct parent *parent, const char *name, const char *option,
    const char *slot, char *argv[6])
{
	size_t n;

	n = 0;
	argv[n++] = (char *)(uintptr_t)name;
	if (option != NULL)
		argv[n++] = (char *)(uintptr_t)option;
	if (slot != NULL)
		argv[n++] = (char *)(uintptr_t)slot;
	if (parent->options->foreground)
		argv[n++] = (char *)(uintptr_t)"-d";
	if (parent->options->verbose)
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

static void
add(struct parent *parent, const struct child *child)
{
	parent->children[parent->nchildren] = *child;
	parent->children[parent->nchildren].control = -1;
	parent->children[parent->nchildren].signer_end = -1;
	parent->children[parent->nchildren].tlskey_end = -1;
	metrics_add(&parent->metrics->processes[child->kind].configured, 1);
	parent->nchildren++;
}

void
children_init(struct parent *parent)
{
	const struct child signer = { .what = "jwtd-signer",
	    .kind = METRICS_MASTER,
	    .program = parent->options->signer,
	    .start = children_start_signer, .ready_hook = keys_signer_ready };
	const struct child tlskey = { .what = "tlskey",
	    .kind = METRICS_TLSKEY,
	    .program = parent->options->self,
	    .start = children_start_tlskey,
	    .ready_hook = certificates_written };
	const struct child trust = { .what = "trust",
	    .kind = METRICS_TRUST,
	    .program = parent->options->self, .may_end = true,
	    .start = children_start_trust, .hear = keys_hear_trust,
	    .ready_hook = keys_trust_ready };
	struct child worker = { .what = "worker",
	    .kind = METRICS_WORKER,
	    .program = parent->options->self,
	    .start = children_start_worker, .hear = keys_hear_worker };

	if (parent->conf->signer != NULL) {
		parent->signer = &parent->children[parent->nchildren];
		add(parent, &signer);
	}
	if (conf_tls(parent->conf)) {
		parent->tlskey = &parent->children[parent->nchildren];
		add(parent, &tlskey);
	}
	if (parent->conf->ntrusts > 0) {
		parent->trust = &parent->children[parent->nchildren];
		add(parent, &trust);
	}
	parent->workers = &parent->children[parent->nchildren];
	for (; worker.slot < parent->conf->prefork; worker.slot++)
		add(parent, &worker);
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

/* Fork it.  control is the child's end and is closed here. */
static void
start_child(struct parent *parent, struct child *child, const struct spawn *s,
    int control)
{
	child->ready = false;
	child->replaced = false;
	restart_started(&child->restart, clock_ms());
	if ((child->pid = spawn(s)) == -1) {
		log_warn("%s cannot be started", child->what);
		child->pid = 0;
		children_close_ends(child);
		restart_ended(&child->restart, clock_ms());
	} else
		metrics_started(parent->metrics, child->kind);
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

void
children_start_signer(struct parent *parent, struct child *signer)
{
	int fds[4], control[2];
	char *argv[6];
	struct spawn s;
	unsigned int i;

	if (control_pair(control) == -1)
		fatal("socketpair");
	signer->control = control[0];
	fds[FD_CONTROL - 3] = control[1];
	fds[FD_CONF - 3] = parent->conf_fd;
	fds[FD_KEYS - 3] = keys_next(parent, 0);
	fds[FD_SIGNER_METRICS - 3] = parent->metrics_fd;
	child_argv(parent, "jwtd-signer", NULL, NULL, argv);
	s.path = signer->program;
	s.argv = argv;
	s.env = NULL;
	s.fds = fds;
	s.nfds = 4;
	start_child(parent, signer, &s, control[1]);
	/* what workers sent while there was no signer still waits in these */
	for (i = 0; i < parent->conf->prefork; i++)
		give_worker(signer, &parent->workers[i],
		    parent->workers[i].signer_end);
}

void
children_start_tlskey(struct parent *parent, struct child *tlskey)
{
	char kept[2][64], *argv[6], *env[4];
	int fds[3], control[2];
	struct spawn s;
	unsigned int i;

	if (control_pair(control) == -1)
		fatal("socketpair");
	tlskey->control = control[0];
	fds[FD_CONTROL - 3] = control[1];
	fds[FD_CONF - 3] = parent->conf_fd;
	fds[FD_PUBLISH - 3] = certificates_next(parent);
	child_argv(parent, "jwtd", "-K", NULL, argv);
	child_env(kept, env);
	s.path = tlskey->program;
	s.argv = argv;
	s.env = env;
	s.fds = fds;
	s.nfds = 3;
	start_child(parent, tlskey, &s, control[1]);
	for (i = 0; i < parent->conf->prefork; i++)
		give_worker(tlskey, &parent->workers[i],
		    parent->workers[i].tlskey_end);
}

void
children_start_trust(struct parent *parent, struct child *trust)
{
	char kept[2][64], *argv[6], *env[4];
	int fds[2], control[2];
	struct spawn s;

	if (control_pair(control) == -1)
		fatal("socketpair");
	trust->control = control[0];
	/* it finds all this there when it starts */
	if (keys_brief_trust(parent, trust->control) == -1 ||
	    watch_all(parent) == -1)
		log_warn("trust does not hear of all issuers");
	fds[FD_CONTROL - 3] = control[1];
	fds[FD_CONF - 3] = parent->conf_fd;
	child_argv(parent, "jwtd", "-T", NULL, argv);
	child_env(kept, env);
	s.path = trust->program;
	s.argv = argv;
	s.env = env;
	s.fds = fds;
	s.nfds = 2;
	start_child(parent, trust, &s, control[1]);
}

void
children_start_worker(struct parent *parent, struct child *worker)
{
	int fds[FD_LISTEN - 3 + CONF_MAX_LISTENERS], control[2], link[2];
	int tls[2];
	char slot[16], kept[2][64], *argv[6], *env[4];
	struct spawn s;

	link[0] = link[1] = tls[0] = tls[1] = -1;
	if (control_pair(control) == -1 || (parent->conf->signer != NULL &&
	    packet_pair(link) == -1) || (conf_tls(parent->conf) &&
	    packet_pair(tls) == -1))
		fatal("socketpair");
	worker->control = control[0];
	worker->signer_end = link[1];
	/* it finds these there before its first connection */
	keys_owe_all(parent, worker);
	(void)keys_give(parent, worker);
	worker->tlskey_end = tls[1];
	fds[FD_CONTROL - 3] = control[1];
	fds[FD_CONF - 3] = parent->conf_fd;
	fds[FD_SIGNER - 3] = link[0];
	fds[FD_TLSKEY - 3] = tls[0];
	fds[FD_CERTIFICATES - 3] = parent->certificates;
	fds[FD_METRICS - 3] = parent->metrics_fd;
	memcpy(&fds[FD_LISTEN - 3], parent->listeners,
	    parent->conf->nlisteners * sizeof(int));
	(void)snprintf(slot, sizeof(slot), "%u", worker->slot);
	child_argv(parent, "jwtd", "-W", slot, argv);
	child_env(kept, env);
	s.path = worker->program;
	s.argv = argv;
	s.env = env;
	s.fds = fds;
	s.nfds = FD_LISTEN - 3 + parent->conf->nlisteners;
	start_child(parent, worker, &s, control[1]);
	if (link[0] != -1)
		close(link[0]);
	if (tls[0] != -1)
		close(tls[0]);
	give_worker(parent->signer, worker, worker->signer_end);
	give_worker(parent->tlskey, worker, worker->tlskey_end);
}
