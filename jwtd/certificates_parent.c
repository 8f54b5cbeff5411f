/*
 * Certificates on their way, in the parent: a file without a name that tlskey
 * writes, and that workers find open when they start.  What is in it is
 * compared and never parsed.
 */
#include "certificates_parent.h"

#include <sys/types.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certificates.h"
#include "control.h"
#include "file.h"
#include "generation.h"
#include "log.h"
#include "system.h"

void
certificates_init(struct generation *gen)
{
	gen->certificates = gen->new_certificates = -1;
}

void
certificates_free(struct generation *gen)
{
	if (gen->certificates != -1)
		close(gen->certificates);
	if (gen->new_certificates != -1)
		close(gen->new_certificates);
}

int
certificates_next(struct generation *gen)
{
	if (gen->new_certificates != -1)
		close(gen->new_certificates);
	gen->new_certificates = system_anonymous_file("certificates");
	return (gen->new_certificates);
}

static bool
same_content(int a, int b)
{
	const char *why;
	size_t a_len, b_len;
	char *pa, *pb;
	bool same;

	pa = file_read_fd(a, CERTIFICATES_MAX, &a_len, &why);
	pb = file_read_fd(b, CERTIFICATES_MAX, &b_len, &why);
	same = pa != NULL && pb != NULL && a_len == b_len &&
	    memcmp(pa, pb, a_len) == 0;
	free(pa);
	free(pb);
	return (same);
}

/* One that does not hear it fails in handshakes, until it is replaced. */
static void
hold_workers(const struct generation *gen)
{
	static const struct control hold = { CONTROL_HOLD, 0 };
	unsigned int i;

	for (i = 0; i < gen->conf->prefork; i++)
		if (gen->workers[i].control != -1)
			(void)control_send(gen->workers[i].control, &hold, -1);
}

void
certificates_replace(struct generation *gen)
{
	struct child *worker;
	unsigned int i;

	log_warnx("no new processes beside the old ones: the workers end "
	    "first");
	for (i = 0; i < gen->conf->prefork; i++) {
		worker = &gen->workers[i];
		if (worker->pid == 0)
			continue;
		worker->replaced = true;
		(void)kill(worker->pid, SIGTERM);
	}
}

void
certificates_written(struct generation *gen)
{
	bool changed;

	/* else one worker could change what the others read */
	if (system_seal(gen->new_certificates) == -1) {
		log_warn("certificates that can still be changed");
		if (gen->certificates == -1)
			gen->failed = true;
		return;
	}
	changed = gen->certificates != -1 &&
	    !same_content(gen->certificates, gen->new_certificates);
	if (gen->certificates != -1)
		close(gen->certificates);
	gen->certificates = gen->new_certificates;
	gen->new_certificates = -1;
	if (!changed)
		return;
	log_info("the certificates have changed: replacing the workers");
	hold_workers(gen);
	gen->renew = true;
}

bool
certificates_complete(const struct generation *gen)
{
	return (gen->tlskey == NULL || gen->certificates != -1);
}
