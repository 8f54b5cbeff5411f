/*
 * The parent's children: fork and exec, with the descriptors that each needs at
 * the numbers of control.h.
 */
#include "children.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "log.h"
#include "message.h"
#include "spawn.h"
#include "system.h"

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

/* argv for a child: its name, its slot if it has one, and our own options */
static void
child_argv(const struct parent *parent, const char *name, const char *slot,
    char *argv[6])
{
	size_t n;

	n = 0;
	argv[n++] = (char *)(uintptr_t)name;
	if (slot != NULL) {
		argv[n++] = (char *)(uintptr_t)"-W";
		argv[n++] = (char *)(uintptr_t)slot;
	}
	if (parent->options->foreground)
		argv[n++] = (char *)(uintptr_t)"-d";
	if (parent->options->verbose)
		argv[n++] = (char *)(uintptr_t)"-v";
	argv[n] = NULL;
}

void
children_close_ends(struct child *child)
{
	if (child->control != -1)
		close(child->control);
	if (child->signer_end != -1)
		close(child->signer_end);
	child->control = child->signer_end = -1;
}

/* Fork it.  control is the child's end and is closed here. */
static void
start_child(struct child *child, const struct spawn *s, int control)
{
	child->ready = false;
	child->replaced = false;
	restart_started(&child->restart, clock_ms());
	if ((child->pid = spawn(s)) == -1) {
		log_warn("%s cannot be started", child->what);
		child->pid = 0;
		children_close_ends(child);
		restart_ended(&child->restart, clock_ms());
	}
	close(control);
}

static void
give_worker(struct parent *parent, const struct child *worker)
{
	struct control control;

	if (parent->signer.pid == 0 || worker->signer_end == -1)
		return;
	control.type = CONTROL_WORKER;
	control.slot = worker->slot;
	if (control_send(parent->signer.control, &control,
	    worker->signer_end) == -1)
		log_warn("jwtd-signer does not hear of worker %u",
		    worker->slot);
}

void
children_start_signer(struct parent *parent)
{
	int fds[3], control[2];
	char *argv[6];
	struct spawn s;
	unsigned int i;

	if (control_pair(control) == -1)
		fatal("socketpair");
	if (parent->new_keys_fd != -1)
		close(parent->new_keys_fd);
	parent->new_keys_fd = system_anonymous_file("keys");
	if (parent->new_keys_fd == -1)
		fatal("public keys");
	parent->signer.control = control[0];
	fds[FD_CONTROL - 3] = control[1];
	fds[FD_CONF - 3] = parent->conf_fd;
	fds[FD_KEYS - 3] = parent->new_keys_fd;
	child_argv(parent, "jwtd-signer", NULL, argv);
	s.path = parent->options->signer;
	s.argv = argv;
	s.env = NULL;
	s.fds = fds;
	s.nfds = 3;
	start_child(&parent->signer, &s, control[1]);
	/* what workers sent while there was no signer still waits in these */
	for (i = 0; i < parent->conf->prefork; i++)
		give_worker(parent, &parent->workers[i]);
}

void
children_start_worker(struct parent *parent, struct child *worker)
{
	int fds[FD_LISTEN - 3 + CONF_MAX_LISTENERS], control[2], link[2];
	char slot[16], zone[64], *argv[6], *env[3];
	struct spawn s;

	link[0] = link[1] = -1;
	if (control_pair(control) == -1 || (parent->conf->signer != NULL &&
	    message_pair(link) == -1))
		fatal("socketpair");
	worker->control = control[0];
	worker->signer_end = link[1];
	fds[FD_CONTROL - 3] = control[1];
	fds[FD_CONF - 3] = parent->conf_fd;
	fds[FD_KEYS - 3] = parent->keys_fd;
	fds[FD_SIGNER - 3] = link[0];
	memcpy(&fds[FD_LISTEN - 3], parent->listeners,
	    parent->conf->nlisteners * sizeof(int));
	(void)snprintf(slot, sizeof(slot), "%u", worker->slot);
	child_argv(parent, "jwtd", slot, argv);
	/* what root's environment holds is not for who reads the network */
	env[0] = (char *)(uintptr_t)"PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	env[1] = env[2] = NULL;
	if (getenv("TZ") != NULL && (size_t)snprintf(zone, sizeof(zone),
	    "TZ=%s", getenv("TZ")) < sizeof(zone))
		env[1] = zone;
	s.path = parent->options->self;
	s.argv = argv;
	s.env = env;
	s.fds = fds;
	s.nfds = FD_LISTEN - 3 + parent->conf->nlisteners;
	start_child(worker, &s, control[1]);
	if (link[0] != -1)
		close(link[0]);
	give_worker(parent, worker);
}
