/*
 * The signer's directory of keys, in the parent.  A key that comes, goes or
 * expires, by the name and the clock alone, takes another generation.  This
 * file looks at names and what stat(2) says, and must never open a key.
 */
#include "keywatch.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "generation.h"
#include "keydir.h"
#include "log.h"

#define PERIOD		1000		/* ms */
/* the same keys are tried again after that, and then ever later */
#define FIRST_RETRY	(5 * 60 * 1000)		/* ms */
#define LAST_RETRY	(60 * 60 * 1000)	/* ms */

/* A file that is mended without another name is another one. */
struct seen {
	char		 name[ROTATION_NAME_SIZE];
	dev_t		 dev;
	ino_t		 ino;
	off_t		 size;
	struct timespec	 mtime;
	mode_t		 mode;
	uid_t		 uid;
};

struct look {
	struct seen	 keys[ROTATION_MAX];
	size_t		 n;
};

struct keywatch {
	struct look	 loaded;	/* by the signers of this generation */
	struct look	 tried;		/* by one that may have failed */
	struct look	 now;
	bool		 looked;	/* keywatch_changed() may */
	bool		 unreadable;	/* which was logged */
	uint64_t	 due;		/* ms */
	uint64_t	 again;		/* ms, for those once more; 0: none */
	unsigned int	 retry;		/* ms */
};

static void
see(struct seen *seen, const char *directory, const char *name)
{
	struct stat st;
	char *path;

	/* with what is between the members, so that they are compared */
	memset(seen, 0, sizeof(*seen));
	(void)strlcpy(seen->name, name, sizeof(seen->name));
	path = keydir_path(directory, name);
	if (stat(path, &st) == 0) {
		seen->dev = st.st_dev;
		seen->ino = st.st_ino;
		seen->size = st.st_size;
		seen->mtime = st.st_mtim;
		seen->mode = st.st_mode;
		seen->uid = st.st_uid;
	}
	free(path);
}

/* The keys that a signer would load.  Returns -1 with what is wrong. */
static int
look(const struct conf_signer *signer, struct look *all, const char **why)
{
	struct rotation *names;
	int64_t now;
	size_t i;
	int rc;

	if ((names = calloc(1, sizeof(*names))) == NULL)
		fatal("keys");
	all->n = 0;
	now = (int64_t)time(NULL);
	rc = keydir_read(signer->directory, names, NULL, why);
	for (i = 0; rc == 0 && i < names->n; i++)
		if (rotation_state(names, i, now, signer->lifetime) !=
		    ROTATION_EXPIRED)
			see(&all->keys[all->n++], signer->directory,
			    names->keys[i].name);
	free(names);
	return (rc);
}

static bool
same(const struct look *a, const struct look *b)
{
	return (a->n == b->n &&
	    memcmp(a->keys, b->keys, a->n * sizeof(a->keys[0])) == 0);
}

void
keywatch_init(struct generation *gen)
{
	struct keywatch *watch;
	const char *why;

	if (gen->conf->signer == NULL || gen->conf->signer->directory == NULL)
		return;
	if ((watch = calloc(1, sizeof(*watch))) == NULL)
		fatal("keywatch");
	/* what is wrong, the signer says */
	(void)look(gen->conf->signer, &watch->loaded, &why);
	watch->due = clock_ms() + PERIOD;
	gen->keywatch = watch;
}

void
keywatch_free(struct generation *gen)
{
	free(gen->keywatch);
}

int
keywatch_wait(struct generation *gen)
{
	struct keywatch *watch;
	uint64_t now;

	if ((watch = gen->keywatch) == NULL)
		return (-1);
	now = clock_ms();
	if (watch->due <= now) {
		watch->due = now + PERIOD;
		watch->looked = false;
	}
	return ((int)(watch->due - now));
}

/* Has no generation been started with these keys, or long ago? */
static bool
worth_a_try(struct keywatch *watch)
{
	uint64_t now;

	now = clock_ms();
	if (watch->again == 0 || !same(&watch->now, &watch->tried))
		watch->retry = FIRST_RETRY;
	else if (now < watch->again)
		return (false);
	else if ((watch->retry *= 2) > LAST_RETRY)
		watch->retry = LAST_RETRY;
	watch->tried = watch->now;
	watch->again = now + watch->retry;
	return (true);
}

bool
keywatch_changed(struct generation *gen)
{
	struct keywatch *watch;
	const char *directory, *why;

	if ((watch = gen->keywatch) == NULL || watch->looked)
		return (false);
	watch->looked = true;
	directory = gen->conf->signer->directory;
	if (look(gen->conf->signer, &watch->now, &why) == -1) {
		if (!watch->unreadable)
			log_warnx("%s: %s", directory, why);
		watch->unreadable = true;
		return (false);
	}
	watch->unreadable = false;
	if (same(&watch->now, &watch->loaded)) {
		watch->again = 0;
		return (false);
	}
	if (!worth_a_try(watch))
		return (false);
	log_info("keys in \"%s\" changed: reloading", directory);
	return (true);
}
