/*
 * The table of what was revoked, in the parent.  What a generation knows goes
 * on in the next one, whether or not the store can be asked just then; no byte
 * of it means anything here.
 */
#include "revoked_parent.h"

#include <string.h>
#include <unistd.h>

#include "generation.h"
#include "log.h"
#include "revoked.h"

/* Is what the other one knows true of this one too? */
static bool
same_source(const struct conf_signer *a, const struct conf_signer *b)
{
	return (a->store == b->store && (a->revocations.file != NULL ?
	    strcmp(a->revocations.file, b->revocations.file) == 0 :
	    strcmp(a->store_arg, b->store_arg) == 0));
}

static int
make_table(struct generation *gen, const struct generation *before)
{
	const struct conf_signer *signer;
	struct revoked *old;
	int rc;

	signer = gen->conf->signer;
	old = NULL;
	if (before != NULL && before->revoked_ro != -1 &&
	    same_source(signer, before->conf->signer))
		old = revoked_map(before->revoked_ro,
		    before->conf->signer->revocations.limit, false);
	rc = revoked_create(signer->revocations.limit, old,
	    &gen->revoked_rw, &gen->revoked_ro);
	revoked_unmap(old);
	return (rc);
}

int
revoked_init(struct generation *gen, const struct generation *before)
{
	gen->revoked_rw = gen->revoked_ro = -1;
	if (gen->conf->signer == NULL || !gen->conf->signer->revocations.on ||
	    make_table(gen, before) == 0)
		return (0);
	log_warn("revocations");
	return (-1);
}

void
revoked_free(struct generation *gen)
{
	if (gen->revoked_rw == -1)
		return;
	close(gen->revoked_rw);
	close(gen->revoked_ro);
}
