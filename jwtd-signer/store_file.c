/*
 * The file store: the users file, read again whenever it changed.  After
 * store_file_open() it knows the directory as a descriptor only, and touches no
 * path outside of it, because it goes on behind chroot.
 */
#include "store.h"

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

struct store_file {
	struct store		 store;		/* first: it is cast */
	char			*path;		/* as configured, for the log */
	char			*dir;
	const char		*base;		/* points into path */
	int			 dirfd;
	struct store_shared	*shared;
	struct users_table	*table;		/* NULL: nothing is loaded */
	struct stat		 st;		/* of the file in table */
	bool			 confined;	/* its directory is the root */
	bool			 racy;		/* look again next time */
	bool			 failing;
	unsigned long		 bad_lines;
};

/* Is that the first of all signers to say so?  Then it may go to the log. */
static bool
first_to_see(struct store_file *sf, const void *what, size_t len)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES];
	uint8_t hash[crypto_shorthash_BYTES];
	unsigned long fingerprint;

	(void)crypto_shorthash(hash, what, len, key);
	memcpy(&fingerprint, hash, sizeof(fingerprint));
	return (__atomic_exchange_n(&sf->shared->logged, fingerprint,
	    __ATOMIC_RELAXED) != fingerprint);
}

static void
log_bad_line(void *arg, unsigned int line, const char *why)
{
	struct store_file *sf;

	sf = arg;
	if (sf->bad_lines++ < BAD_LINES_MAX)
		log_warnx("%s:%u: %s", sf->path, line, why);
}

/* Nothing is known from here on; the administrator hears of it once. */
static void
unavailable(struct store_file *sf, const char *why)
{
	users_table_free(sf->table);
	sf->table = NULL;
	if (sf->failing)
		return;
	sf->failing = true;
	if (first_to_see(sf, why, strlen(why)))
		log_warnx("%s: %s: no user can log in", sf->path, why);
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return (a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec);
}

static bool
same_version(const struct stat *a, const struct stat *b)
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

/*
 * The file's bytes and the version that they are.  A writer that does not
 * rename may be at work, so it must look the same before and after.
 */
static char *
read_version(struct store_file *sf, size_t *len, struct stat *st,
    const char **why)
{
	struct stat after;
	char *buf;
	int fd, tries;

	fd = openat(sf->dirfd, sf->base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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
		if ((buf = file_read_fd(fd, USERS_FILE_MAX, len, why)) == NULL)
			break;
		if (fstat(fd, &after) == 0 && same_version(st, &after))
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
	struct timespec now;
	struct stat st;
	const char *why;
	size_t len;
	char *buf;
	bool report;

	/* before the file is read, so that it errs on the side of reading */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if ((buf = read_version(sf, &len, &st, &why)) == NULL) {
		unavailable(sf, why);
		return (false);
	}
	report = first_to_see(sf, buf, len);
	sf->bad_lines = 0;
	table = users_table_new(buf, len, report ? log_bad_line : NULL, sf);
	if (table == NULL) {
		unavailable(sf, "out of memory");
		return (false);
	}
	if (sf->bad_lines > BAD_LINES_MAX)
		log_warnx("%s: %lu more bad lines", sf->path,
		    sf->bad_lines - BAD_LINES_MAX);
	users_table_free(sf->table);
	sf->table = table;
	sf->st = st;
	sf->racy = is_near(&st.st_mtim, &now) || is_near(&st.st_ctim, &now);
	if (sf->failing && report)
		log_info("%s: available again", sf->path);
	sf->failing = false;
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
	if (sf->table != NULL && !sf->racy && same_version(&st, &sf->st))
		return (true);
	return (load(sf));
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

/*
 * By name, which behind chroot is in the root directory.  Only where the signer
 * may write.
 */
static void
rehash(struct store *store, const char *name, const char *old,
    const char *new)
{
	char path[PATH_MAX];
	struct store_file *sf;
	int n;

	sf = (struct store_file *)store;
	n = snprintf(path, sizeof(path), "%s/%s",
	    sf->confined ? "" : sf->dir, sf->base);
	if (__atomic_load_n(&sf->shared->rehash_failed, __ATOMIC_RELAXED) ||
	    (n > 0 && (size_t)n < sizeof(path) &&
	    users_rehash(path, name, old, new) == 0))
		return;
	if (!__atomic_exchange_n(&sf->shared->rehash_failed, true,
	    __ATOMIC_RELAXED))
		log_warnx("%s: passwords are not rehashed", sf->path);
}

static const char *
directory(struct store *store)
{
	return (((struct store_file *)store)->dir);
}

static const struct store_ops ops = { lookup, rehash, directory, close_store };

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
