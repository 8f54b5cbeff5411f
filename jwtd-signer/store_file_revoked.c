/*
 * What was revoked, when the users are in a file: in a file as well, in the
 * same directory, read again whenever it changed.
 */
#include "store_file_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "log.h"
#include "revoked.h"
#include "revoked_edit.h"
#include "revoked_lines.h"
#include "users_table.h"

#define LOCK_WAIT_MS	1000	/* of a signer, which serves others too */
#define AGAIN_MS	60000	/* so that what is over leaves the table */
#define READ_TRIES	3
#define BAD_MAX		20	/* lines that are logged, of one version */

/* its name in the directory */
static const char *
name_of(const struct store_file *sf)
{
	const char *slash, *path;

	path = sf->store.revocations->file;
	slash = strrchr(path, '/');
	return (slash != NULL ? slash + 1 : path);
}

enum store_result
store_file_revoke(struct store *store, const char *id, int64_t expires)
{
	char path[PATH_MAX];
	struct revoked_line line;
	const struct store_file *sf;

	sf = (const struct store_file *)store;
	line.kind = REVOKED_TOKEN;
	line.id.p = id;
	line.id.len = strlen(id);
	line.time = expires;
	if (!store_file_path(sf, name_of(sf), path) ||
	    revoked_edit_add(path, LOCK_WAIT_MS, &line) == -1)
		return (STORE_UNAVAILABLE);
	return (STORE_FOUND);
}

/* A line that cannot be read revokes nothing, and somebody has to know. */
static void
say_bad(struct store_file *sf, unsigned int number, const char *why,
    unsigned int bad)
{
	if (bad <= BAD_MAX)
		log_warnx("%s:%u: %s", sf->store.revocations->file, number,
		    why);
}

static void
fill(struct store_file *sf, struct revoked *table, const char *buf,
    size_t len, int64_t now)
{
	struct revoked_line line;
	unsigned int number, bad;
	const char *why;
	struct span text;
	size_t pos;

	number = bad = 0;
	pos = 0;
	revoked_begin(table, true);
	while (users_next_line(buf, len, &pos, &text)) {
		number++;
		switch (revoked_line_parse(text.p, text.len, &line, &why)) {
		case REVOKED_LINE:
			if (!revoked_line_over(&line, now))
				revoked_add(table, line.kind, line.id.p,
				    line.id.len, line.time);
			break;
		case REVOKED_BLANK:
			break;
		case REVOKED_BAD:
			if (!sf->revoked.same_bad)
				say_bad(sf, number, why, ++bad);
			break;
		}
	}
	(void)revoked_commit(table);
}

/*
 * The file's bytes and the version that they are.  A writer that does not
 * rename may be at work, so it must look the same before and after.
 */
static char *
read_file(const struct store_file *sf, size_t *len, struct stat *st,
    const char **why)
{
	struct stat after;
	char *buf;
	int fd, tries;

	fd = openat(sf->dirfd, name_of(sf), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1) {
		*why = strerror(errno);
		return (NULL);
	}
	buf = NULL;
	for (tries = 0; tries < READ_TRIES; tries++) {
		if (fstat(fd, st) == -1) {
			*why = strerror(errno);
			break;
		}
		if ((buf = file_read_fd(fd, REVOKED_FILE_MAX, len, why)) ==
		    NULL)
			break;
		if (fstat(fd, &after) == 0 && file_same_version(st, &after))
			break;
		free(buf);
		buf = NULL;
		*why = "changes while it is read";
	}
	close(fd);
	return (buf);
}

/* No file is one with no line: it comes with the first. */
static const char *
load(struct store_file *sf, struct revoked *table, const struct stat *st)
{
	struct store_file_revoked *r;
	struct stat read;
	const char *why;
	bool racy;
	size_t len;
	char *buf;

	r = &sf->revoked;
	buf = NULL;
	len = 0;
	racy = false;
	if (st != NULL) {
		/* before the file is read, to err on the side of reading */
		racy = store_file_racy(st);
		if ((buf = read_file(sf, &len, &read, &why)) == NULL)
			return (why);
		racy |= !file_same_version(st, &read);
	}
	r->same_bad = r->loaded && st != NULL && !r->missing &&
	    file_same_version(&read, &r->st);
	fill(sf, table, buf, len, (int64_t)time(NULL));
	free(buf);
	r->loaded = true;
	r->missing = st == NULL;
	r->again = clock_ms() + AGAIN_MS;
	r->racy = racy;
	if (st != NULL)
		r->st = read;
	return (NULL);
}

const char *
store_file_revoked(struct store *store, struct revoked *table)
{
	struct store_file_revoked *r;
	struct store_file *sf;
	struct stat st;

	sf = (struct store_file *)store;
	r = &sf->revoked;
	if (fstatat(sf->dirfd, name_of(sf), &st, 0) == -1) {
		if (errno != ENOENT)
			return (strerror(errno));
		if (r->loaded && r->missing && clock_ms() < r->again)
			return (NULL);
		return (load(sf, table, NULL));
	}
	if (r->loaded && !r->missing && !r->racy && clock_ms() < r->again &&
	    file_same_version(&st, &r->st))
		return (NULL);
	return (load(sf, table, &st));
}

/* There is nothing to wait for: somebody has to look. */
int
store_file_hint(const struct store *store)
{
	(void)store;
	return (-1);
}
