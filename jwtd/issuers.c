/* Whose tokens this worker accepts; see issuers.h. */
#include "issuers.h"

#include <stdlib.h>

#include "control.h"
#include "file.h"
#include "log.h"
#include "trust.h"

#define JWKS_MAX	(1024 * 1024)

static void
load_own(struct worker *worker, struct jwt_issuer *issuer)
{
	const char *why;

	issuer->name = worker->conf->signer->issuer;
	worker->jwks = file_read_fd(FD_KEYS, JWKS_MAX, &worker->jwks_len, &why);
	if (worker->jwks == NULL || jwkset_parse(worker->jwks,
	    worker->jwks_len, &issuer->set, log_warnx, &why) == -1)
		fatalx("public keys: %s", why);
	etag_make(worker->jwks_etag, worker->jwks, worker->jwks_len);
}

void
issuers_load(struct worker *worker)
{
	const struct conf_trust *trust;
	size_t n;

	n = worker->conf->signer != NULL ? 1 : 0;
	TAILQ_FOREACH(trust, &worker->conf->trusts, entry)
		n++;
	if ((worker->issuers = calloc(n + 1, sizeof(*worker->issuers))) == NULL)
		fatal("issuers");
	if (worker->conf->signer != NULL)
		load_own(worker, &worker->issuers[worker->nissuers++]);
	TAILQ_FOREACH(trust, &worker->conf->trusts, entry)
		if (trust_load(trust,
		    &worker->issuers[worker->nissuers++]) == -1)
			exit(1);
}
