/*
 * The file store: an index of the users file, made again whenever that changed;
 * the file itself stays where it is, and a look-up reads one line of it.  After
 * store_file_open() this knows the directory as a descriptor only, and touches
 * no path outside of it, because it goes on behind chroot.
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

#include "clock.h"
#include "file.h"
#include "log.h"
#include "users_check.h"
#include "users_edit.h"
#include "users_find.h"
#include "users_table.h"

#define READ_TRIES	3
/*
 * A file that changed this shortly before it was read may change again without
 * a new time stamp, since the clocks of file systems are coarse.
 */
#define RACY_NS		100000000LL
#define RACY_WAIT	(1 << 20)	/* bytes: reading these twice costs more */
/*
 * To replace one hash is to write the whole file, which every signer then reads
 * again.  The next one may come a ms later for each so many bytes.
 */
#define REHASH_BYTES_MS	10240

/* The first of all signers that sees these says so. */
static void
log_bad_lines(struct store_file *sf, const struct users_check *bad)
{
	size_t i;

	if (__atomic_exchange_n(&sf->shared->bad_lines, bad->hash,
	    __ATOMIC_RELAXED) == bad->hash)
		return;
	for (i = 0; i < bad->n && i < USERS_CHECK_MAX; i++)
		log_warnx("%s:%u: %s", sf->path, bad->first[i].line,
		    bad->first[i].why);
	if (bad->n > USERS_CHECK_MAX)
		log_warnx("%s: %zu more bad lines", sf->path,
		    bad->n - USERS_CHECK_MAX);
}

static void
end_check(struct store_file *sf)
{
	free(sf->check);
	sf->check = NULL;
}

/* What is loaded goes, before the next version or at the end. */
static void
unload(struct store_file *sf)
{
	end_check(sf);
	users_index_free(sf->index);
	sf->index = NULL;
	if (sf->fd != -1)
		close(sf->fd);
	sf->fd = -1;
}

/* Nothing is known from here on. */
static void
unavailable(struct store_file *sf, const char *why)
{
	unload(sf);
	store_note_down(sf->shared, sf->path, why);
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
store_file_racy(const struct stat *st)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (is_near(&st->st_mtim, &now) || is_near(&st->st_ctim, &now));
}

/*
 * Is what is open as it was?  If it is not there by that name any more, its
 * ctime has changed, but nothing that is in it.
 */
static bool
is_unwritten(const struct store_file *sf)
{
	struct stat now;

	return (fstat(sf->fd, &now) == 0 && now.st_size == sf->st.st_size &&
	    now.st_mtim.tv_sec == sf->st.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == sf->st.st_mtim.tv_nsec);
}

/* Is it the file that is there by that name? */
static bool
is_newest(const struct store_file *sf)
{
	struct stat now;

	return (fstatat(sf->dirfd, sf->base, &now, 0) == 0 &&
	    file_same_version(&now, &sf->st));
}

static struct users_text
text_of(int fd, const struct stat *st)
{
	struct users_text text;

	text.fd = fd;
	text.mem = NULL;
	text.len = (size_t)st->st_size;
	return (text);
}

/*
 * Look at some more lines, and log the bad ones after the last.  A check of
 * what has changed meanwhile ends; the next look-up begins another.
 */
static void
go_on_checking(struct store_file *sf)
{
	struct users_text text;
	int rc;

	text = text_of(sf->fd, &sf->st);
	rc = users_check_some(sf->check, sf->index, &text);
	if (rc != -1 && !is_unwritten(sf))
		rc = -1;
	if (rc == 0)
		log_bad_lines(sf, sf->check);
	if (rc != 1)
		end_check(sf);
}

/*
 * A new version is checked by the first signer that claims it.  What may yet
 * change unseen is claimed again when it cannot any more.
 */
static void
begin_check(struct store_file *sf)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES];
	uint8_t hash[crypto_shorthash_BYTES];
	const struct stat *st;
	int64_t version[8];

	st = &sf->st;
	version[0] = (int64_t)st->st_dev;
	version[1] = (int64_t)st->st_ino;
	version[2] = (int64_t)st->st_size;
	version[3] = (int64_t)st->st_mtim.tv_sec;
	version[4] = (int64_t)st->st_mtim.tv_nsec;
	version[5] = (int64_t)st->st_ctim.tv_sec;
	version[6] = (int64_t)st->st_ctim.tv_nsec;
	version[7] = sf->racy;
	(void)crypto_shorthash(hash, (const uint8_t *)version,
	    sizeof(version), key);
	memcpy(&sf->claim, hash, sizeof(sf->claim));
	if (__atomic_exchange_n(&sf->shared->checked, sf->claim,
	    __ATOMIC_RELAXED) == sf->claim ||
	    (sf->check = calloc(1, sizeof(*sf->check))) == NULL)
		return;
	go_on_checking(sf);
}

/* NULL, or why that is no users file. */
static const char *
unfit(int fd, struct stat *st)
{
	if (fstat(fd, st) == -1)
		return (strerror(errno));
	if (!S_ISREG(st->st_mode))
		return ("not a regular file");
	if (st->st_size < 0 || (uintmax_t)st->st_size > USERS_FILE_MAX)
		return ("too large");
	return (NULL);
}

/*
 * Make the index, and note the version that it is of.  A writer that does not
 * rename may be at work, so that must look the same before and after.  Returns
 * NULL, or what went wrong.
 */
static const char *
make_index(struct store_file *sf)
{
	static const struct timespec pause = { 0, RACY_NS };
	struct users_text text;
	const char *why;
	int tries;

	for (tries = 0; tries < READ_TRIES; tries++) {
		if ((why = unfit(sf->fd, &sf->st)) != NULL)
			return (why);
		/* before the file is read, to err on the side of reading */
		sf->racy = store_file_racy(&sf->st);
		if (sf->racy && sf->st.st_size >= RACY_WAIT && tries == 0) {
			(void)nanosleep(&pause, NULL);
			continue;
		}
		text = text_of(sf->fd, &sf->st);
		if ((sf->index = users_find_index(&text)) == NULL)
			return (strerror(errno));
		if (is_unwritten(sf))
			return (NULL);
		users_index_free(sf->index);
		sf->index = NULL;
	}
	return ("changes while it is read");
}

/* Make all of it anew; the old goes first, so that there is room. */
static bool
load(struct store_file *sf)
{
	const char *why;

	unload(sf);
	sf->fd = openat(sf->dirfd, sf->base,
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (sf->fd == -1) {
		unavailable(sf, strerror(errno));
		return (false);
	}
	if ((why = make_index(sf)) != NULL) {
		unavailable(sf, why);
		return (false);
	}
	begin_check(sf);
	return (true);
}

/*
 * Find the user in the file as it is now, or as it was when this opened it.
 * What was read is of the version that is indexed if nothing has changed after
 * that.
 */
static enum users_find
find(struct store_file *sf, const char *name, struct users_line *user)
{
	enum users_find found;
	struct users_text text;
	size_t at;
	bool loaded;
	int tries;

	loaded = sf->index == NULL || sf->racy;
	if (loaded && !load(sf))
		return (USERS_FAILED);
	for (tries = 0; tries < READ_TRIES; tries++) {
		text = text_of(sf->fd, &sf->st);
		found = users_find(sf->index, &text, name, strlen(name),
		    sf->line, user, &at);
		if (found == USERS_FAILED) {
			unavailable(sf, strerror(errno));
			return (USERS_FAILED);
		}
		if (loaded ? is_unwritten(sf) : is_newest(sf)) {
			store_note_up(sf->shared, sf->path);
			return (found);
		}
		loaded = true;
		if (!load(sf))
			return (USERS_FAILED);
	}
	unavailable(sf, "changes while it is read");
	return (USERS_FAILED);
}

static enum store_result
fill(const struct users_line *line, struct user *user)
{
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

static enum store_result
lookup(struct store *store, const char *name, struct user *user)
{
	enum store_result result;
	struct store_file *sf;
	struct users_line line;

	sf = (struct store_file *)store;
	if (sf->line == NULL &&
	    (sf->line = calloc(1, sizeof(*sf->line))) == NULL)
		return (STORE_UNAVAILABLE);
	result = STORE_UNAVAILABLE;
	switch (find(sf, name, &line)) {
	case USERS_FOUND:
		result = fill(&line, user);
		break;
	case USERS_NOT_FOUND:
		result = STORE_NOT_FOUND;
		break;
	case USERS_FAILED:
		break;
	}
	users_line_wipe(sf->line);
	return (result);
}

static bool
work(struct store *store)
{
	struct store_file *sf;

	sf = (struct store_file *)store;
	if (sf->check != NULL)
		go_on_checking(sf);
	return (sf->check != NULL);
}

static void
close_store(struct store *store)
{
	struct store_file *sf;

	sf = (struct store_file *)store;
	/* another signer may check it, then */
	if (sf->check != NULL)
		(void)__atomic_compare_exchange_n(&sf->shared->checked,
		    &sf->claim, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	unload(sf);
	freezero(sf->line, sizeof(*sf->line));
	if (sf->dirfd != -1)
		close(sf->dirfd);
	free(sf->path);
	free(sf->dir);
	freezero(sf, sizeof(*sf));
}

/* Not again until what this costs is a small part of the time. */
static void
pause_rehash(struct store_file *sf)
{
	uint64_t ms;

	ms = (uint64_t)sf->st.st_size / REHASH_BYTES_MS;
	if (ms > 0)
		__atomic_store_n(&sf->shared->rehash_after, clock_ms() + ms,
		    __ATOMIC_RELAXED);
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
	if (why == NULL)
		pause_rehash(sf);
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
	lookup, rehash, work, needs, store_file_revoke, store_file_revoked,
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
	sf->dirfd = sf->fd = -1;
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
