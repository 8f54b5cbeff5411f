/*
 * The parent's end of the status file.  It is made new at each start, in a
 * directory in which nobody else can make another; nothing is read from it.
 */
#include "status_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

#define TRIES	10		/* others may be at it at the same time */

/* Nobody but root and the caller may be able to make files there. */
static int
open_directory(const char *path, const char **base)
{
	struct stat st;
	char *dir;
	int fd;

	if ((dir = file_directory(path, base)) == NULL) {
		log_warn("%s", path);
		return (-1);
	}
	/* what is in /var/run is gone after a restart of the system */
	(void)mkdir(dir, 0755);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		log_warn("%s", dir);
	else if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		log_warnx("%s: others can write there", dir);
	else {
		free(dir);
		return (fd);
	}
	free(dir);
	if (fd != -1)
		close(fd);
	return (-1);
}

static int
take_lock(int fd)
{
	struct flock lock;

	memset(&lock, 0, sizeof(lock));
	lock.l_type = F_WRLCK;
	lock.l_whence = SEEK_SET;
	return (fcntl(fd, F_SETLK, &lock));
}

static bool
is_there(int dir, const char *base, int fd)
{
	struct stat st, other;

	return (fstat(fd, &st) == 0 &&
	    fstatat(dir, base, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == other.st_dev && st.st_ino == other.st_ino);
}

/*
 * Remove what is there, while holding its lock: so of two who start at the same
 * time one does, and the other finds the file of the first.  Returns 0 if there
 * is nothing now, 1 to look again, or as status_begin().
 */
static int
remove_old(int dir, const char *base, const char *path)
{
	struct stat st;
	pid_t pid;
	int fd, result;

	fd = openat(dir, base, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return (0);
	result = -1;
	if (fd == -1 || fstat(fd, &st) == -1)
		log_warn("%s", path);
	else if (!S_ISREG(st.st_mode))
		log_warnx("%s: not a regular file", path);
	else if (take_lock(fd) == -1) {
		if ((pid = status_holder(fd)) > 0)
			log_warnx("%s: jwtd is running already, pid %ld", path,
			    (long)pid);
		else
			log_warnx("%s: jwtd is running already", path);
		result = -2;
	} else {
		result = 1;
		if (is_there(dir, base, fd) && unlinkat(dir, base, 0) == 0)
			result = 0;
	}
	if (fd != -1)
		close(fd);
	return (result);
}

/* A new file that has the lock, or as status_begin(). */
static int
make(int dir, const char *base, const char *path)
{
	int fd, i, left;

	for (i = 0; i < TRIES; i++) {
		if ((left = remove_old(dir, base, path)) < 0)
			return (left);
		if (left == 1)
			continue;
		fd = openat(dir, base, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
		if (fd == -1 && errno == EEXIST)
			continue;
		if (fd == -1) {
			log_warn("%s", path);
			return (-1);
		}
		if (take_lock(fd) == 0 && is_there(dir, base, fd))
			return (fd);
		/* another one was quicker: its lock says who */
		close(fd);
	}
	log_warnx("%s: it is there again and again", path);
	return (-1);
}

static void
write_at(struct status_end *end, off_t where, const void *p, size_t len)
{
	if (lseek(end->fd, where, SEEK_SET) == -1 ||
	    file_write_fd(end->fd, p, len) == -1)
		log_warn("%s", end->path);
}

void
status_changed(struct status_end *end)
{
	if (end->fd != -1)
		write_at(end, 0, &end->status, sizeof(end->status));
}

int
status_begin(struct status_end *end, const char *path)
{
	const char *base;
	int dir, fd;

	memset(end, 0, sizeof(*end));
	end->fd = -1;
	end->status.magic = STATUS_MAGIC;
	if (path == NULL)
		return (0);
	if ((dir = open_directory(path, &base)) == -1)
		return (-1);
	fd = make(dir, base, path);
	close(dir);
	if (fd < 0)
		return (fd);
	end->fd = fd;
	if (ftruncate(fd, (off_t)sizeof(struct status_file)) == -1 ||
	    (end->path = strdup(path)) == NULL) {
		log_warn("%s", path);
		return (-1);
	}
	status_changed(end);
	return (0);
}

void
status_answer(struct status_end *end, const struct metrics *metrics)
{
	if (end->fd == -1)
		return;
	write_at(end, (off_t)offsetof(struct status_file, metrics), metrics,
	    sizeof(*metrics));
	/* the last, so that who sees it sees all */
	end->status.answers++;
	status_changed(end);
}

void
status_end(struct status_end *end)
{
	struct stat st, other;

	if (end->path == NULL)
		return;
	if (fstat(end->fd, &st) == 0 && lstat(end->path, &other) == 0 &&
	    st.st_dev == other.st_dev && st.st_ino == other.st_ino)
		(void)unlink(end->path);
	close(end->fd);
	end->fd = -1;
	free(end->path);
	end->path = NULL;
}
