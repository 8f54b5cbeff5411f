/*
 * The file store: the users file, read again whenever it changed.  After
 * store_file_open() it knows the directory as a descriptor only, and touches no
 * path outside of it, because it goes on behind chroot.
 */
#include "store_file_internal.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "users_edit.h"
#include "users_table.h"

#define READ_TRIES	3
#define BAD_LINES_MAX	100	/* in the log, per version of the file */
/*
 * A file that changed this shortly before it was read may change again without
 * a new time stamp, since the clocks of file systems are coarse.
 */
#define RACY_NS		100000000LL

/* A hash of what was folded so far and of this. */
static void
fold(uint8_t hash[crypto_shorthash_BYTES], const void *data, size_t len)
{
	uint8_t key[crypto_shorthash_KEYBYTES] = { 0 };

	memcpy(key, hash, crypto_shorthash_BYTES);
	(void)crypto_shorthash(hash, data, len, key);
}

/* The lines of one version of the file that are skipped, and why. */
struct bad_lines {
	struct {
		unsigned int	 line;
		const char	*why;		/* static */
	}		 first[BAD_LINES_MAX];
	size_t		 n;
	uint8_t		 hash[crypto_shorthash_BYTES];	/* of them all */
	const char	*buf;
	size_t		 len;
	size_t		 pos;		/* in buf, after line at */
	unsigned int	 at;
};

/* They come in order.  Other lines may change without a new hash. */
static void
note_bad_line(void *arg, unsigned int line, const char *why)
{
	struct bad_lines *bad;
	struct span text;

	bad = arg;
	text.p = NULL;
	text.len = 0;
	while (bad->at < line &&
	    users_next_line(bad->buf, bad->len, &bad->pos, &text))
		bad->at++;
	if (bad->n < BAD_LINES_MAX) {
		bad->first[bad->n].line = line;
		bad->first[bad->n].why = why;
	}
	bad->n++;
	fold(bad->hash, &line, sizeof(line));
	fold(bad->hash, text.p, text.len);
}

/* The first of all signers that sees these says so. */
static void
log_bad_lines(struct store_file *sf, const struct bad_lines *bad)
{
	unsigned long fingerprint;
	size_t i;

	memcpy(&fingerprint, bad->hash, sizeof(fingerprint));
	if (__atomic_exchange_n(&sf->shared->bad_lines, fingerprint,
	    __ATOMIC_RELAXED) == fingerprint)
		return;
	for (i = 0; i < bad->n && i < BAD_LINES_MAX; i++)
		log_warnx("%s:%u: %s", sf->path, bad->first[i].line,
		    bad->first[i].why);
	if (bad->n > BAD_LINES_MAX)
		log_warnx("%s: %zu more bad lines", sf->path,
		    bad->n - BAD_LINES_MAX);
}

/* Nothing is known from here on. */
static void
unavailable(struct store_file *sf, const char *why)
{
	users_table_free(sf->table);
	sf->table = NULL;
	store_note_down(sf->shared, sf->path, why);
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return (a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec);
}

bool
store_file_same(const struct stat *a, const struct stat *b)
{
	return (a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    a->st_size == b->st_size && same_time(&a->st_mtim, &b->st_mtim) &&
	    same_time(&a->st_ctim, &b->st_ctim));
}

static bool
is_near(const struct timespec *a, const struct timespec *b)
{
	long long ns;

	if (a->tv_sec > b->tv_sec + 1 || a->tv_sec < b->tv_sec - 1)
		return (false);
	ns = (long long)(a->tv_sec - b->tv_sec) * 1000000000LL +
	    (a->tv_nsec - b->tv_nsec);
	return (ns < RACY_NS && ns > -RACY_NS);
}

bool
store_file_racy(const struct stat *st, const struct timespec *now)
{
	return (is_near(&st->st_mtim, now) || is_near(&st->st_ctim, now));
}

/*
 * The file's bytes and the version that they are.  A writer that does not
 * rename may be at work, so it must look the same before and after.
 */
char *
store_file_read(const struct store_file *sf, const char *name, size_t max,
    size_t *len, struct stat *st, const char **why)
{
	struct stat after;
	char *buf;
	int fd, tries;

	fd = openat(sf->dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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
		if ((buf = file_read_fd(fd, max, len, why)) == NULL)
			break;
		if (fstat(fd, &after) == 0 && store_file_same(st, &after))
			break;
		freezero(buf, *len);
		buf = NULL;
		*why = "changes while it is read";
	}
	close(fd);
	return (buf);
}

static bool
load(struct store_file *sf)
{
	struct users_table *table;
	struct bad_lines bad;
	struct timespec now;
	struct stat st;
	const char *why;
	size_t len;
	char *buf;

	/* before the file is read, so that it errs on the side of reading */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	buf = store_file_read(sf, sf->base, USERS_FILE_MAX, &len, &st, &why);
	if (buf == NULL) {
		unavailable(sf, why);
		return (false);
	}
	memset(&bad, 0, sizeof(bad));
	bad.buf = buf;
	bad.len = len;
	table = users_table_new(buf, len, note_bad_line, &bad);
	if (table == NULL) {
		unavailable(sf, "out of memory");
		return (false);
	}
	log_bad_lines(sf, &bad);
	users_table_free(sf->table);
	sf->table = table;
	sf->st = st;
	sf->racy = store_file_racy(&st, &now);
	return (true);
}

/* Make table the file as it is now. */
static bool
refresh(struct store_file *sf)
{
	struct stat st;

	if (fstatat(sf->dirfd, sf->base, &st, 0) == -1) {
		unavailable(sf, strerror(errno));
		return (false);
	}
	if ((sf->table == NULL || sf->racy || !store_file_same(&st, &sf->st)) &&
	    !load(sf))
		return (false);
	store_note_up(sf->shared, sf->path);
	return (true);
}

static enum store_result
lookup(struct store *store, const char *name, struct user *user)
{
	const struct users_entry *entry;
	const struct users_line *line;
	struct store_file *sf;

	sf = (struct store_file *)store;
	if (!refresh(sf))
		return (STORE_UNAVAILABLE);
	entry = users_table_find(sf->table, name, strlen(name));
	if (entry == NULL)
		return (STORE_NOT_FOUND);
	line = &entry->user;
	if ((user->grants = malloc(line->grants.len + 1)) == NULL)
		return (STORE_UNAVAILABLE);
	memcpy(user->grants, line->grants.p, line->grants.len);
	user->grants[line->grants.len] = '\0';
	user->grants_len = line->grants.len;
	/* users_parse_line() saw to the hash's length */
	memcpy(user->hash, line->hash.p, line->hash.len);
	user->hash[line->hash.len] = '\0';
	user->disabled = line->disabled;
	return (STORE_FOUND);
}

static void
close_store(struct store *store)
{
	struct store_file *sf;

	sf = (struct store_file *)store;
	users_table_free(sf->table);
	if (sf->dirfd != -1)
		close(sf->dirfd);
	free(sf->path);
	free(sf->dir);
	freezero(sf, sizeof(*sf));
}

bool
store_file_path(const struct store_file *sf, const char *name,
    char path[PATH_MAX])
{
	int n;

	n = snprintf(path, PATH_MAX, "%s/%s", sf->confined ? "" : sf->dir,
	    name);
	return (n >= 0 && n < PATH_MAX);
}

static void
rehash(struct store *store, const char *name, const char *old,
    const char *new)
{
	char path[PATH_MAX];
	struct store_file *sf;
	const char *why;

	sf = (struct store_file *)store;
	why = NULL;
	if (!store_file_path(sf, sf->base, path))
		why = "the path is too long";
	else if (faccessat(sf->dirfd, ".", W_OK, 0) == -1)
		why = strerror(errno);
	else if (users_rehash(path, name, old, new) == -1)
		why = "the file cannot be written";
	store_note_rehash(sf->shared, sf->path, why);
}

static void
needs(struct store *store, struct sandbox_needs *out)
{
	const struct store_file *sf;

	sf = (const struct store_file *)store;
	out->directories[out->ndirectories++] = sf->dir;
	out->write = true;
}

static const struct store_ops ops = {
	lookup, rehash, needs, store_file_revoke, store_file_revoked,
	store_file_hint, close_store
};

struct store *
store_file_open(const char *path, bool confined, struct store_shared *shared)
{
	struct store_file *sf;
	struct stat st;

	if ((sf = calloc(1, sizeof(*sf))) == NULL) {
		log_warn("%s", path);
		return (NULL);
	}
	sf->store.ops = &ops;
	sf->shared = shared;
	sf->confined = confined;
	sf->dirfd = -1;
	if ((sf->path = strdup(path)) == NULL ||
	    (sf->dir = file_directory(sf->path, &sf->base)) == NULL) {
		log_warn("%s", path);
		goto fail;
	}
	if (*sf->base == '\0') {
		log_warnx("%s: not a file's path", path);
		goto fail;
	}
	sf->dirfd = open(sf->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sf->dirfd == -1) {
		log_warn("%s: directory of the users file", sf->dir);
		goto fail;
	}
	if (fstatat(sf->dirfd, sf->base, &st, 0) == 0 &&
	    (st.st_mode & S_IROTH) != 0)
		log_warnx("%s: password hashes are readable by others "
		    "(mode %04o)", path, (unsigned int)st.st_mode & 07777);
	return (&sf->store);
fail:
	close_store(&sf->store);
	return (NULL);
}
