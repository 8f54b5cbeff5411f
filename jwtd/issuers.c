/*
 * Whose tokens this worker accepts.  Key sets come from the parent as files
 * that nobody can change, each checked by the process that made it; a set that
 * cannot be used here leaves the one before it.
 */
#include "issuers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "file.h"
#include "jws.h"
#include "log.h"
#include "metadata.h"
#include "trust.h"
#include "verified.h"

#define ASK_PERIOD	10000	/* ms, for the same issuer */

/* Our own keys, which are also served as they are. */
static int
take_own(struct worker *worker, char *buf, size_t len, struct jwkset *set,
    const char **why)
{
	if (jwkset_parse(buf, len, set, log_debug, why) == -1)
		return (-1);
	free(worker->jwks);
	worker->jwks = buf;
	worker->jwks_len = len;
	etag_make(worker->jwks_etag, buf, len);
	return (0);
}

static void
take_keys(struct worker *worker, size_t n, int fd)
{
	struct worker_issuer *issuer;
	struct jwkset set;
	const char *why;
	size_t i, len;
	char *buf;
	int result;

	issuer = &worker->sources[n];
	result = -1;
	buf = file_read_fd(fd, TRUST_BYTES_MAX, &len, &why);
	if (buf != NULL && issuer->trust == NULL)
		result = take_own(worker, buf, len, &set, &why);
	else if (buf != NULL)
		result = trust_parse(issuer->trust, buf, len, &set, log_debug,
		    &why);
	if (result == -1 || issuer->trust != NULL)
		free(buf);
	if (result == -1) {
		log_warnx("keys of \"%s\": %s", worker->issuers[n].name, why);
		return;
	}
	for (i = 0; i < set.nkeys; i++)
		jws_keep(&set.keys[i]);
	jwkset_clear(&worker->issuers[n].set);
	worker->issuers[n].set = set;
	verified_forget(worker->verified);
	if (issuer->trust == NULL)
		metadata_load(worker);
}

void
issuers_hear(struct worker *worker)
{
	struct control control;
	int fd, result;

	while ((result = control_recv(FD_CONTROL, &control, &fd)) == 1) {
		if (fd == -1) {
			worker_told(worker, &control);
			continue;
		}
		if (control.type == CONTROL_KEYS &&
		    control.slot < worker->nissuers)
			take_keys(worker, control.slot, fd);
		close(fd);
	}
	/* the parent's end is ours */
	if (result == 0)
		exit(0);
}

void
issuers_load(struct worker *worker)
{
	const struct conf_trust *trust;
	size_t n;

	n = worker->conf->ntrusts + 1;
	worker->issuers = calloc(n, sizeof(*worker->issuers));
	worker->sources = calloc(n, sizeof(*worker->sources));
	if (worker->issuers == NULL || worker->sources == NULL)
		fatal("issuers");
	if (worker->conf->signer != NULL) {
		worker->issuers[0].name = worker->conf->signer->issuer;
		worker->issuers[0].own = true;
		worker->nissuers = 1;
	}
	TAILQ_FOREACH(trust, &worker->conf->trusts, entry) {
		worker->sources[worker->nissuers].trust = trust;
		worker->issuers[worker->nissuers++].name = trust->issuer;
	}
	issuers_hear(worker);
	if (worker->conf->signer != NULL && worker->jwks == NULL)
		fatalx("no public keys of our own");
}

void
issuers_unknown_key(struct worker *worker, size_t n)
{
	struct worker_issuer *issuer;
	struct control control;
	uint64_t now;

	issuer = &worker->sources[n];
	now = clock_ms();
	if (issuer->trust == NULL ||
	    issuer->trust->source != CONF_TRUST_HTTPS || now < issuer->next_ask)
		return;
	issuer->next_ask = now + ASK_PERIOD;
	control.type = CONTROL_UNKNOWN;
	control.slot = (uint32_t)n;
	if (control_send(FD_CONTROL, &control, -1) == -1)
		log_debug("the parent is busy");
}
