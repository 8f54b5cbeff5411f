/*
 * Public keys on their way, in the parent.  Each set is a file without a name
 * that is written once, then sealed, then handed on: by descriptor alone.  This
 * file must never read one.
 */
#include "keys.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "generation.h"
#include "log.h"
#include "system.h"

#define ASK_PERIOD	1000	/* ms, of all workers for the same issuer */

/* the number of the first trust block's issuer, see control.h */
static size_t
first_trust(const struct generation *gen)
{
	return (gen->conf->signer != NULL ? 1 : 0);
}

/* Are the keys of one that is asked at its URL those of the other? */
static bool
same_source(const struct conf_trust *a, const struct conf_trust *b)
{
	return (a->source == CONF_TRUST_HTTPS &&
	    b->source == CONF_TRUST_HTTPS &&
	    strcmp(a->issuer, b->issuer) == 0 &&
	    strcmp(a->path, b->path) == 0 && (a->ca == NULL ? b->ca == NULL :
	    b->ca != NULL && strcmp(a->ca, b->ca) == 0));
}

static void
take_over(struct keys *keys, const struct conf_trust *trust,
    const struct generation *before)
{
	const struct conf_trust *other;
	const struct keys *old;

	old = &before->keys[first_trust(before)];
	TAILQ_FOREACH(other, &before->conf->trusts, entry) {
		if (same_source(trust, other)) {
			keys->down = old->down;
			if (old->fd != -1)
				keys->fd = fcntl(old->fd, F_DUPFD_CLOEXEC, 0);
			return;
		}
		old++;
	}
}

void
keys_init(struct generation *gen, const struct generation *before)
{
	const struct conf_trust *trust;
	size_t i;

	gen->nkeys = first_trust(gen) + gen->conf->ntrusts;
	for (i = 0; i < gen->nkeys; i++)
		gen->keys[i].fd = gen->keys[i].next = -1;
	if (before == NULL)
		return;
	i = first_trust(gen);
	TAILQ_FOREACH(trust, &gen->conf->trusts, entry)
		take_over(&gen->keys[i++], trust, before);
}

void
keys_free(struct generation *gen)
{
	size_t i;

	for (i = 0; i < gen->nkeys; i++) {
		if (gen->keys[i].fd != -1)
			close(gen->keys[i].fd);
		if (gen->keys[i].next != -1)
			close(gen->keys[i].next);
	}
}

int
keys_next(struct generation *gen, size_t issuer)
{
	struct keys *keys;

	keys = &gen->keys[issuer];
	if (keys->next != -1)
		close(keys->next);
	keys->next = system_anonymous_file("keys");
	return (keys->next);
}

void
keys_owe_all(const struct generation *gen, struct child *worker)
{
	size_t i;

	worker->owed = 0;
	for (i = 0; i < gen->nkeys; i++)
		if (gen->keys[i].fd != -1)
			worker->owed |= UINT64_C(1) << i;
}

bool
keys_give(const struct generation *gen, struct child *worker)
{
	struct control control;
	uint64_t bit;
	uint32_t i;

	control.type = CONTROL_KEYS;
	for (i = 0; worker->owed != 0 && i < gen->nkeys; i++) {
		bit = UINT64_C(1) << i;
		if ((worker->owed & bit) == 0)
			continue;
		control.slot = i;
		if (control_send(worker->control, &control,
		    gen->keys[i].fd) == -1)
			return (false);
		worker->owed &= ~bit;
	}
	return (true);
}

/* The next set of that issuer is written: all workers get it. */
static void
keys_written(struct generation *gen, size_t issuer)
{
	struct child *worker;
	struct keys *keys;
	unsigned int i;

	keys = &gen->keys[issuer];
	if (keys->next == -1)
		return;
	/* else one worker could change what the others read */
	if (system_seal(keys->next) == -1) {
		log_warn("public keys that can still be changed");
		close(keys->next);
		keys->next = -1;
		if (keys->fd == -1 && !gen->started)
			gen->failed = true;
		return;
	}
	if (keys->fd != -1)
		close(keys->fd);
	keys->fd = keys->next;
	keys->next = -1;
	for (i = 0; i < gen->conf->prefork; i++) {
		worker = &gen->workers[i];
		if (worker->pid == 0 || worker->control == -1)
			continue;
		worker->owed |= UINT64_C(1) << issuer;
		(void)keys_give(gen, worker);
	}
}

bool
keys_give_trust(struct generation *gen)
{
	struct control control;
	size_t i;

	control.type = CONTROL_KEYS;
	for (i = first_trust(gen); i < gen->nkeys; i++) {
		if (!gen->keys[i].owed)
			continue;
		control.slot = (uint32_t)i;
		if (keys_next(gen, i) == -1 ||
		    control_send(gen->trust->control, &control,
		    gen->keys[i].next) == -1)
			return (false);
		gen->keys[i].owed = false;
	}
	return (true);
}

bool
keys_brief_trust(struct generation *gen)
{
	struct control control;
	bool told;
	size_t i;

	told = true;
	control.type = CONTROL_DOWN;
	for (i = first_trust(gen); i < gen->nkeys; i++) {
		gen->keys[i].owed = true;
		control.slot = (uint32_t)i;
		if (gen->keys[i].down &&
		    control_send(gen->trust->control, &control, -1) == -1)
			told = false;
	}
	return (keys_give_trust(gen) && told);
}

void
keys_hear_trust(struct generation *gen, const struct control *control)
{
	if (control->slot < first_trust(gen) ||
	    control->slot >= gen->nkeys)
		return;
	switch (control->type) {
	case CONTROL_KEYS:
		keys_written(gen, control->slot);
		gen->keys[control->slot].owed = true;
		if (!keys_give_trust(gen))
			log_warn("trust has to wait for a file");
		break;
	case CONTROL_DOWN:
		gen->keys[control->slot].down = true;
		break;
	case CONTROL_UP:
		gen->keys[control->slot].down = false;
		break;
	}
}

void
keys_hear_worker(struct generation *gen, const struct control *control)
{
	struct keys *keys;
	uint64_t now;

	if (control->type != CONTROL_UNKNOWN || gen->trust == NULL ||
	    gen->trust->pid == 0 || gen->trust->control == -1 ||
	    control->slot < first_trust(gen) ||
	    control->slot >= gen->nkeys)
		return;
	/* a hostile worker must not fill the queue */
	keys = &gen->keys[control->slot];
	if ((now = clock_ms()) < keys->next_ask)
		return;
	keys->next_ask = now + ASK_PERIOD;
	if (control_send(gen->trust->control, control, -1) == -1)
		log_debug("trust is busy");
}

void
keys_signer_ready(struct generation *gen)
{
	keys_written(gen, 0);
}

/* What is wrong with a file was said by then. */
void
keys_trust_ready(struct generation *gen)
{
	const struct conf_trust *trust;
	size_t i;

	i = first_trust(gen);
	TAILQ_FOREACH(trust, &gen->conf->trusts, entry) {
		if (trust->source != CONF_TRUST_HTTPS &&
		    gen->keys[i].fd == -1 && !gen->started)
			gen->failed = true;
		i++;
	}
}

/*
 * Our own keys; and of the others, as soon as each was tried once, those there
 * are.
 */
bool
keys_complete(const struct generation *gen)
{
	if (gen->signer != NULL && gen->keys[0].fd == -1)
		return (false);
	return (gen->trust == NULL || gen->started ||
	    gen->trust->ready);
}
