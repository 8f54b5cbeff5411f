/*
 * Certificates on their way, in the parent: a file without a name that tlskey
 * writes, and that workers find open when they start.  What is in it is compared
 * and never parsed.
 */
#include "certificates_parent.h"

#include <sys/types.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "children.h"
#include "file.h"
#include "log.h"
#include "system.h"

#define CERTIFICATES_MAX	((size_t)16 * 1024 * 1024)

void
certificates_init(struct parent *parent)
{
	parent->certificates = parent->new_certificates = -1;
}

int
certificates_next(struct parent *parent)
{
	if (parent->new_certificates != -1)
		close(parent->new_certificates);
	parent->new_certificates = system_anonymous_file("certificates");
	if (parent->new_certificates == -1)
		fatal("certificates");
	return (parent->new_certificates);
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

void
certificates_written(struct parent *parent)
{
	struct child *worker;
	unsigned int i;
	bool changed;

	/* else one worker could change what the others read */
	if (system_seal(parent->new_certificates) == -1) {
		log_warn("certificates that can still be changed");
		if (parent->certificates == -1)
			parent->failed = true;
		return;
	}
	changed = parent->certificates != -1 &&
	    !same_content(parent->certificates, parent->new_certificates);
	if (parent->certificates != -1)
		close(parent->certificates);
	parent->certificates = parent->new_certificates;
	parent->new_certificates = -1;
	if (!changed)
		return;
	log_info("the certificates have changed: replacing the workers");
	for (i = 0; i < parent->conf->prefork; i++) {
		worker = &parent->workers[i];
		if (worker->pid == 0)
			continue;
		worker->replaced = true;
		(void)kill(worker->pid, SIGTERM);
	}
}

bool
certificates_complete(const struct parent *parent)
{
	return (parent->tlskey == NULL || parent->certificates != -1);
}
