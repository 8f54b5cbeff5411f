/*
 * Public keys on their way, in the parent.  Each set is a file without a name
 * that is written once, then sealed, then handed on: by descriptor alone.  This
 * file must never read one.
 */
#include "keys.h"

#include <unistd.h>

#include "children.h"
#include "control.h"
#include "log.h"
#include "system.h"

/* the number of the first trust block's issuer, see control.h */
static size_t
first_trust(const struct parent *parent)
{
	return (parent->conf->signer != NULL ? 1 : 0);
}

void
keys_init(struct parent *parent)
{
	size_t i;

	parent->nkeys = first_trust(parent) + parent->conf->ntrusts;
	for (i = 0; i < parent->nkeys; i++)
		parent->keys[i].fd = parent->keys[i].next = -1;
}

int
keys_next(struct parent *parent, size_t issuer)
{
	struct keys *keys;

	keys = &parent->keys[issuer];
	if (keys->next != -1)
		close(keys->next);
	if ((keys->next = system_anonymous_file("keys")) == -1)
		fatal("public keys");
	return (keys->next);
}

void
keys_owe_all(const struct parent *parent, struct child *worker)
{
	size_t i;

	worker->owed = 0;
	for (i = 0; i < parent->nkeys; i++)
		if (parent->keys[i].fd != -1)
			worker->owed |= UINT64_C(1) << i;
}

bool
keys_give(const struct parent *parent, struct child *worker)
{
	struct control control;
	uint64_t bit;
	uint32_t i;

	control.type = CONTROL_KEYS;
	for (i = 0; worker->owed != 0 && i < parent->nkeys; i++) {
		bit = UINT64_C(1) << i;
		if ((worker->owed & bit) == 0)
			continue;
		control.slot = i;
		if (control_send(worker->control, &control,
		    parent->keys[i].fd) == -1)
			return (false);
		worker->owed &= ~bit;
	}
	return (true);
}

void
keys_written(struct parent *parent, size_t issuer)
{
	struct child *worker;
	struct keys *keys;
	unsigned int i;

	keys = &parent->keys[issuer];
	if (keys->next == -1)
		return;
	/* else one worker could change what the others read */
	if (system_seal(keys->next) == -1) {
		log_warn("public keys that can still be changed");
		close(keys->next);
		keys->next = -1;
		if (keys->fd == -1 && !parent->started)
			parent->failed = true;
		return;
	}
	if (keys->fd != -1)
		close(keys->fd);
	keys->fd = keys->next;
	keys->next = -1;
	for (i = 0; i < parent->conf->prefork; i++) {
		worker = &parent->workers[i];
		if (worker->pid == 0 || worker->control == -1)
			continue;
		worker->owed |= UINT64_C(1) << issuer;
		(void)keys_give(parent, worker);
	}
}

/* An empty file for that issuer, to the trust process. */
static int
give_next(struct parent *parent, int to, size_t issuer)
{
	struct control control;

	control.type = CONTROL_KEYS;
	control.slot = (uint32_t)issuer;
	return (control_send(to, &control, keys_next(parent, issuer)));
}

int
keys_brief_trust(struct parent *parent, int to)
{
	struct control control;
	size_t i;

	for (i = first_trust(parent); i < parent->nkeys; i++) {
		if (give_next(parent, to, i) == -1)
			return (-1);
		control.type = CONTROL_DOWN;
		control.slot = (uint32_t)i;
		if (parent->keys[i].down &&
		    control_send(to, &control, -1) == -1)
			return (-1);
	}
	return (0);
}

void
keys_hear_trust(struct parent *parent, const struct control *control)
{
	if (control->slot < first_trust(parent) ||
	    control->slot >= parent->nkeys)
		return;
	switch (control->type) {
	case CONTROL_KEYS:
		keys_written(parent, control->slot);
		if (give_next(parent, parent->trust->control,
		    control->slot) == -1)
			log_warn("trust %u gets no file", control->slot);
		break;
	case CONTROL_DOWN:
		parent->keys[control->slot].down = true;
		break;
	case CONTROL_UP:
		parent->keys[control->slot].down = false;
		break;
	}
}

void
keys_hear_worker(struct parent *parent, const struct control *control)
{
	if (control->type != CONTROL_UNKNOWN || parent->trust == NULL ||
	    parent->trust->pid == 0 || parent->trust->control == -1 ||
	    control->slot < first_trust(parent) ||
	    control->slot >= parent->nkeys)
		return;
	if (control_send(parent->trust->control, control, -1) == -1)
		log_debug("trust is busy");
}

void
keys_signer_ready(struct parent *parent)
{
	keys_written(parent, 0);
}

/* What is wrong with a file was said by then. */
void
keys_trust_ready(struct parent *parent)
{
	const struct conf_trust *trust;
	size_t i;

	i = first_trust(parent);
	TAILQ_FOREACH(trust, &parent->conf->trusts, entry) {
		if (trust->source != CONF_TRUST_HTTPS &&
		    parent->keys[i].fd == -1 && !parent->started)
			parent->failed = true;
		i++;
	}
}

/*
 * Our own keys; and of the others, as soon as each was tried once, those there
 * are.
 */
bool
keys_complete(const struct parent *parent)
{
	if (parent->signer != NULL && parent->keys[0].fd == -1)
		return (false);
	return (parent->trust == NULL || parent->started ||
	    parent->trust->ready);
}
