/*
 * The files of trust blocks.  The parent looks whether they have changed, since
 * only it can open whatever root can; it hands on the descriptor and must never
 * read a byte from it.
 */
#include "watch.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "generation.h"
#include "log.h"

#define PERIOD	1000	/* ms */

struct watched {
	const char	*path;
	uint32_t	 issuer;
	struct stat	 st;		/* as it was given */
	bool		 known;		/* it was given */
	bool		 again;		/* give it once more */
	bool		 missing;	/* which was logged */
};

struct watch {
	struct watched	*files;
	size_t		 n;
	uint64_t	 due;		/* ms */
};

void
watch_init(struct generation *gen)
{
	const struct conf_trust *trust;
	struct watched *file;
	struct watch *watch;
	uint32_t issuer;

	if ((watch = calloc(1, sizeof(*watch))) == NULL ||
	    (watch->files = calloc(gen->conf->ntrusts + 1,
	    sizeof(*watch->files))) == NULL)
		fatal("watch");
	issuer = gen->conf->signer != NULL ? 1 : 0;
	TAILQ_FOREACH(trust, &gen->conf->trusts, entry) {
		if (trust->source != CONF_TRUST_HTTPS) {
			file = &watch->files[watch->n++];
			file->path = trust->path;
			file->issuer = issuer;
		}
		issuer++;
	}
	gen->watches = watch;
}

void
watch_free(struct generation *gen)
{
	free(gen->watches->files);
	free(gen->watches);
}

/* What was there is kept; say so once. */
static void
is_missing(struct watched *file, const char *why)
{
	if (!file->missing)
		log_warnx("%s: %s", file->path, why);
	file->missing = true;
	file->known = false;
}

/* Give it to the trust process.  Returns -1 if that has no room for it. */
static int
give(struct generation *gen, struct watched *file)
{
	struct control control;
	struct stat st;
	int fd, result;

	/* O_NONBLOCK, so that a FIFO is refused instead of waited for */
	fd = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		is_missing(file, strerror(errno));
		if (fd != -1)
			close(fd);
		return (0);
	}
	if (!S_ISREG(st.st_mode)) {
		is_missing(file, "not a regular file");
		close(fd);
		return (0);
	}
	control.type = CONTROL_SOURCE;
	control.slot = file->issuer;
	result = control_send(gen->trust->control, &control, fd);
	close(fd);
	if (result == -1)
		return (-1);
	if (file->missing)
		log_info("%s: is there again", file->path);
	file->missing = false;
	file->known = true;
	file->st = st;
	return (0);
}

int
watch_all(struct generation *gen)
{
	struct watched *file;
	size_t i;
	int result;

	result = 0;
	for (i = 0; i < gen->watches->n; i++) {
		file = &gen->watches->files[i];
		file->known = false;
		file->again = true;
		if (give(gen, file) == -1)
			result = -1;
	}
	return (result);
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec);
}

/*
 * A file that has changed is given once more a little later: what is written
 * within one tick of the file system's clock looks as it did before.
 */
static void
look(struct generation *gen, struct watched *file)
{
	struct stat st;

	if (stat(file->path, &st) == -1) {
		is_missing(file, strerror(errno));
		return;
	}
	if (file->known && same(&st, &file->st) && !file->again)
		return;
	file->again = !file->known || !same(&st, &file->st);
	if (give(gen, file) == -1)
		file->known = false;
}

int
watch_look(struct generation *gen)
{
	struct watch *watch;
	uint64_t now;
	size_t i;

	watch = gen->watches;
	if (watch->n == 0)
		return (-1);
	now = clock_ms();
	if (watch->due <= now) {
		watch->due = now + PERIOD;
		/* a new one is given them all */
		if (gen->trust->pid != 0 && gen->trust->control != -1)
			for (i = 0; i < watch->n; i++)
				look(gen, &watch->files[i]);
	}
	return ((int)(watch->due - now));
}
