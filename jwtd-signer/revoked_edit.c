/*
 * Edits of the file of what was revoked.  It touches the file, its lock and,
 * for a moment, a temporary file, all in one directory.
 */
#include "revoked_edit.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "file_lock.h"
#include "log.h"

struct old {
	char	*buf;
	size_t	 len;
	uid_t	 uid;		/* for the new file */
	gid_t	 gid;
	mode_t	 mode;
};

/* The file's bytes, and whose it is; without one, whose it is to be. */
static int
read_old(const char *path, const struct stat *dir, struct old *old)
{
	const char *why;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT) {
		old->uid = geteuid() == 0 ? dir->st_uid : (uid_t)-1;
		old->gid = geteuid() == 0 ? dir->st_gid : (gid_t)-1;
		old->mode = 0600;
		old->buf = calloc(1, 1);
		return (old->buf != NULL ? 0 : -1);
	}
	if (fd == -1 || fstat(fd, &st) == -1) {
		log_warn("%s", path);
		if (fd != -1)
			close(fd);
		return (-1);
	}
	old->uid = st.st_uid;
	old->gid = st.st_gid;
	old->mode = st.st_mode & 0666;
	old->buf = file_read_fd(fd, REVOKED_FILE_MAX, &old->len, &why);
	if (old->buf == NULL)
		log_warnx("%s: %s", path, why);
	close(fd);
	return (old->buf != NULL ? 0 : -1);
}

static int
write_new(const char *path, const struct old *old,
    const struct revoked_line *line)
{
	size_t len;
	char *text;
	int rc;

	text = revoked_lines_add(old->buf, old->len, line,
	    (int64_t)time(NULL), &len);
	if (text == NULL) {
		log_warnx("%s: out of memory", path);
		return (-1);
	}
	rc = -1;
	if (len > REVOKED_FILE_MAX)
		log_warnx("%s: would become too large", path);
	else if ((rc = file_write(path, text, len, old->mode, old->uid,
	    old->gid, true)) == -1)
		log_warn("%s: cannot write it", path);
	free(text);
	return (rc);
}

int
revoked_edit_add(const char *path, int wait, const struct revoked_line *line)
{
	struct stat dir;
	struct old old;
	int lock, rc;

	if ((lock = file_lock(path, wait, &dir)) == -1)
		return (-1);
	memset(&old, 0, sizeof(old));
	rc = read_old(path, &dir, &old);
	if (rc == 0)
		rc = write_new(path, &old, line);
	free(old.buf);
	close(lock);
	return (rc);
}
