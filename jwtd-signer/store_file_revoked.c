/*
 * What was revoked, when the users are in a file: in a file as well, in the
 * same directory, read again whenever it changed.
 */
#include "store_file_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "revoked.h"
#include "revoked_edit.h"
#include "revoked_lines.h"
#include "users_table.h"

#define LOCK_WAIT_MS	1000	/* of a signer, which serves others too */
#define AGAIN_MS	60000	/* so that what is over leaves the table */
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

/* No file is one with no line: it comes with the first. */
static const char *
load(struct store_file *sf, struct revoked *table, const struct stat *st)
{
	struct store_file_revoked *r;
	struct timespec now;
	struct stat read;
	const char *why;
	size_t len;
	char *buf;

	r = &sf->revoked;
	buf = NULL;
	len = 0;
	/* before the file is read, so that it errs on the side of reading */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (st != NULL) {
		buf = store_file_read(sf, name_of(sf), REVOKED_FILE_MAX, &len,
		    &read, &why);
		if (buf == NULL)
			return (why);
	}
	r->same_bad = r->loaded && st != NULL && !r->missing &&
	    store_file_same(&read, &r->st);
	fill(sf, table, buf, len, (int64_t)now.tv_sec);
	free(buf);
	r->loaded = true;
	r->missing = st == NULL;
	r->again = clock_ms() + AGAIN_MS;
	r->racy = false;
	if (st != NULL) {
		r->st = read;
		r->racy = store_file_racy(&read, &now);
	}
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
	    store_file_same(&st, &r->st))
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
