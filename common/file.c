/*
 * Whole small files.  Reading goes through read(2) and pread(2) alone, because
 * stdio would keep a copy of a secret; this file must never touch a FILE.
 */
#include "file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAM_STEP	16384
#define READ_TRIES	3

/*
 * Fill buf as far as the file goes, from its beginning.  Returns the bytes
 * read, or -1.  The offset is left alone: other processes may share it.
 */
static ssize_t
read_full(int fd, char *buf, size_t size)
{
	ssize_t n;
	size_t done;

	for (done = 0; done < size; done += (size_t)n) {
		n = pread(fd, buf + done, size - done, (off_t)done);
		if (n == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n == -1)
			return (-1);
		if (n == 0)
			break;
	}
	return ((ssize_t)done);
}

char *
file_read_fd(int fd, size_t max, size_t *len, const char **why)
{
	struct stat st;
	ssize_t n;
	size_t size;
	char *buf;
	int tries;

	for (tries = 0; tries < READ_TRIES; tries++) {
		if (fstat(fd, &st) == -1) {
			*why = strerror(errno);
			return (NULL);
		}
		if (!S_ISREG(st.st_mode)) {
			*why = "not a regular file";
			return (NULL);
		}
		if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
			*why = "too large";
			return (NULL);
		}
		size = (size_t)st.st_size;
		if ((buf = malloc(size + 1)) == NULL) {
			*why = strerror(errno);
			return (NULL);
		}
		n = read_full(fd, buf, size + 1);
		if (n == -1) {
			*why = strerror(errno);
			freezero(buf, size + 1);
			return (NULL);
		}
		if ((size_t)n <= size) {
			buf[n] = '\0';
			*len = (size_t)n;
			return (buf);
		}
		/* it grew after the fstat */
		freezero(buf, size + 1);
	}
	*why = "changes while it is read";
	return (NULL);
}

char *
file_read(const char *path, size_t max, size_t *len, const char **why)
{
	char *buf;
	int fd;

	/* O_NONBLOCK, so that a FIFO is refused instead of waited for */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1) {
		*why = strerror(errno);
		return (NULL);
	}
	buf = file_read_fd(fd, max, len, why);
	close(fd);
	return (buf);
}

/* A larger copy of a buffer; realloc would leave the old one behind. */
static char *
grow(char *buf, size_t used, size_t *size)
{
	size_t larger;
	char *copy;

	larger = *size * 2 + STREAM_STEP;
	if ((copy = malloc(larger)) != NULL) {
		if (used > 0)
			memcpy(copy, buf, used);
		freezero(buf, *size);
		*size = larger;
	}
	return (copy);
}

char *
file_read_stream(int fd, size_t max, size_t *len, const char **why)
{
	ssize_t n;
	size_t size, used;
	char *buf, *larger;

	buf = NULL;
	size = used = 0;
	for (;;) {
		if (used == size) {
			if ((larger = grow(buf, used, &size)) == NULL)
				break;
			buf = larger;
		}
		n = read(fd, buf + used, size - used);
		if (n == 0) {
			buf[used] = '\0';
			*len = used;
			return (buf);
		}
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		used += (size_t)n;
		if (used > max) {
			errno = EFBIG;
			break;
		}
	}
	*why = errno == EFBIG ? "too large" : strerror(errno);
	freezero(buf, size);
	return (NULL);
}

const char *
file_secret_check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (strerror(errno));
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return ("owned by another user");
	if ((st.st_mode & (S_IRGRP | S_IROTH)) != 0)
		return ("readable by group or others");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return ("writable by group or others");
	return (NULL);
}

char *
file_directory(const char *path, const char **base)
{
	const char *slash;

	if ((slash = strrchr(path, '/')) == NULL) {
		*base = path;
		return (strdup("."));
	}
	*base = slash + 1;
	if (slash == path)
		slash++;
	return (strndup(path, (size_t)(slash - path)));
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return (a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec);
}

bool
file_same_version(const struct stat *a, const struct stat *b)
{
	return (a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    a->st_size == b->st_size && same_time(&a->st_mtim, &b->st_mtim) &&
	    same_time(&a->st_ctim, &b->st_ctim));
}

int
file_write_fd(int fd, const void *buf, size_t len)
{
	const char *p;
	ssize_t n;

	for (p = buf; len > 0; len -= (size_t)n) {
		n = write(fd, p, len);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1)
			return (-1);
		p += n;
	}
	return (0);
}

/* Fill the temporary file and close it. */
static int
write_temporary(int fd, int (*fill)(int, void *), void *arg, mode_t mode,
    uid_t uid, gid_t gid)
{
	int rc, saved;

	rc = -1;
	if (fill(fd, arg) == -1)
		goto out;
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
	    fchown(fd, uid, gid) == -1) {
		/* only root can give away; then no group may read it either */
		if (errno != EPERM || geteuid() == 0)
			goto out;
		mode &= 0700;
	}
	/* after fchown, which clears bits */
	if (fchmod(fd, mode) == -1 || fsync(fd) == -1)
		goto out;
	rc = 0;
out:
	saved = errno;
	if (close(fd) == -1 && rc == 0)
		return (-1);
	errno = saved;
	return (rc);
}

/* Make the new name itself last through a power cut. */
static int
sync_directory(const char *dir)
{
	int fd, rc, saved;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (-1);
	rc = fsync(fd);
	saved = errno;
	close(fd);
	if (rc == -1 && saved == EINVAL)
		return (0);	/* this file system has no such thing */
	errno = saved;
	return (rc);
}

static int
put_in_place(const char *temporary, const char *path, bool replace)
{
	if (replace)
		return (rename(temporary, path));
	if (link(temporary, path) == -1)
		return (-1);
	return (unlink(temporary));
}

int
file_write_by(const char *path, int (*fill)(int, void *), void *arg,
    mode_t mode, uid_t uid, gid_t gid, bool replace)
{
	char temporary[PATH_MAX], *dir;
	const char *base;
	int fd, n, rc, saved;

	if ((dir = file_directory(path, &base)) == NULL)
		return (-1);
	rc = -1;
	n = snprintf(temporary, sizeof(temporary), "%s/.%s.XXXXXXXXXX", dir,
	    base);
	if (n < 0 || (size_t)n >= sizeof(temporary)) {
		errno = ENAMETOOLONG;
		goto out;
	}
	/* 0600 until it is complete */
	if ((fd = mkostemp(temporary, O_CLOEXEC)) == -1)
		goto out;
	if (write_temporary(fd, fill, arg, mode, uid, gid) == -1 ||
	    put_in_place(temporary, path, replace) == -1) {
		saved = errno;
		(void)unlink(temporary);
		errno = saved;
		goto out;
	}
	rc = sync_directory(dir);
out:
	saved = errno;
	free(dir);
	errno = saved;
	return (rc);
}

struct bytes {
	const void	*p;
	size_t		 len;
};

static int
fill_bytes(int fd, void *arg)
{
	const struct bytes *bytes;

	bytes = arg;
	return (file_write_fd(fd, bytes->p, bytes->len));
}

int
file_write(const char *path, const void *buf, size_t len, mode_t mode,
    uid_t uid, gid_t gid, bool replace)
{
	struct bytes bytes = { buf, len };

	return (file_write_by(path, fill_bytes, &bytes, mode, uid, gid,
	    replace));
}
