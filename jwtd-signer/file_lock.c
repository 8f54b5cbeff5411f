/*
 * The lock of a file that is replaced whole.  It touches the lock alone, which
 * is a file of its own beside it.
 */
#include "file_lock.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

#define LOCK_TRY_MS	10

/*
 * Open the lock or make it.  The directory may belong to somebody whom root
 * does not trust: only what was made here is given away, no link is followed.
 */
static int
open_lock(const char *name, const struct stat *dir)
{
	int fd;

	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST)
		return (open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
	if (fd != -1 && geteuid() == 0 &&
	    fchown(fd, dir->st_uid, dir->st_gid) == -1)
		log_warn("%s", name);
	return (fd);
}

/* Returns -1 with errno, EWOULDBLOCK when somebody else has it too long. */
static int
lock_within(int fd, int wait)
{
	static const struct timespec pause = { 0, LOCK_TRY_MS * 1000000L };

	while (flock(fd, wait == -1 ? LOCK_EX : LOCK_EX | LOCK_NB) == -1) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || wait <= 0)
			return (-1);
		wait = wait > LOCK_TRY_MS ? wait - LOCK_TRY_MS : 0;
		(void)nanosleep(&pause, NULL);
	}
	return (0);
}

/*
 * The file's lock is a file of its own, because the file itself is replaced.
 * It belongs to whom the directory belongs to, so that each may take it.
 */
static int
take_lock(const char *path, const struct stat *dir, int wait)
{
	char name[PATH_MAX];
	int fd, n;

	n = snprintf(name, sizeof(name), "%s.lock", path);
	if (n < 0 || (size_t)n >= sizeof(name)) {
		log_warnx("%s: the path is too long", path);
		return (-1);
	}
	if ((fd = open_lock(name, dir)) == -1) {
		log_warn("%s", name);
		return (-1);
	}
	if (lock_within(fd, wait) == -1) {
		log_warn("%s", name);
		close(fd);
		return (-1);
	}
	return (fd);
}

static int
directory_of(const char *path, struct stat *st)
{
	const char *base;
	char *dir;
	int rc;

	if ((dir = file_directory(path, &base)) == NULL ||
	    stat(dir, st) == -1) {
		log_warn("%s", dir != NULL ? dir : path);
		free(dir);
		return (-1);
	}
	rc = S_ISDIR(st->st_mode) && *base != '\0' ? 0 : -1;
	if (rc == -1)
		log_warnx("%s: not a file's path", path);
	free(dir);
	return (rc);
}

int
file_lock(const char *path, int wait, struct stat *dir)
{
	if (directory_of(path, dir) == -1)
		return (-1);
	return (take_lock(path, dir, wait));
}
