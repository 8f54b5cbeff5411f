/*
 * Edits of the users file.  It touches the file, its lock and, for a moment, a
 * temporary file, all in one directory; it logs no hash.
 */
#include "users_edit.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "file_lock.h"
#include "log.h"
#include "users_find.h"
#include "users_rewrite.h"
#include "users_table.h"

#define REHASH_WAIT_MS	1000	/* of a signer, which serves others too */

struct users_edit {
	char			*path;
	int			 lock;
	int			 fd;		/* of the old file, or -1 */
	struct stat		 st;		/* of it */
	struct users_text	 text;
	struct users_index	*index;		/* of the text */
	struct users_line_buf	 found_buf;
	struct users_line	 found;
	struct users_line_buf	 buf;
	struct users_changes	 changes;
	uid_t			 uid;		/* for the new file */
	gid_t			 gid;
	mode_t			 mode;
};

/* What is in the old file, and whose it is.  Returns -1 after a message. */
static int
look_at_old(struct users_edit *edit)
{
	if (fstat(edit->fd, &edit->st) == -1) {
		log_warn("%s", edit->path);
		return (-1);
	}
	if (!S_ISREG(edit->st.st_mode) ||
	    (uintmax_t)edit->st.st_size > USERS_FILE_MAX) {
		log_warnx("%s: %s", edit->path, S_ISREG(edit->st.st_mode) ?
		    "too large" : "not a regular file");
		return (-1);
	}
	edit->uid = edit->st.st_uid;
	edit->gid = edit->st.st_gid;
	edit->mode = edit->st.st_mode & 0666;
	edit->text.fd = edit->fd;
	edit->text.len = (size_t)edit->st.st_size;
	return (0);
}

/* A file that is not there yet: only root can give one away. */
static void
start_new(struct users_edit *edit, const struct stat *dir)
{
	edit->uid = geteuid() == 0 ? dir->st_uid : (uid_t)-1;
	edit->gid = geteuid() == 0 ? dir->st_gid : (gid_t)-1;
	edit->mode = 0600;
	edit->text.mem = "";
}

/* Open the file under the lock. */
static int
open_users(struct users_edit *edit, const struct stat *dir)
{
	edit->fd = open(edit->path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (edit->fd != -1) {
		if (look_at_old(edit) == -1)
			return (-1);
	} else if (errno == ENOENT)
		start_new(edit, dir);
	else {
		/* rename would put a file in the place of the link */
		if (errno == ELOOP || errno == EMLINK)
			log_warnx("%s: is a symbolic link", edit->path);
		else
			log_warn("%s", edit->path);
		return (-1);
	}
	if ((edit->index = users_find_index(&edit->text)) == NULL) {
		log_warn("%s", edit->path);
		return (-1);
	}
	return (0);
}

struct users_edit *
users_edit_open(const char *path, int wait)
{
	struct users_edit *edit;
	struct stat dir;

	if ((edit = calloc(1, sizeof(*edit))) == NULL ||
	    (edit->path = strdup(path)) == NULL) {
		log_warn("%s", path);
		free(edit);
		return (NULL);
	}
	edit->lock = edit->fd = -1;
	if ((edit->lock = file_lock(path, wait, &dir)) == -1 ||
	    open_users(edit, &dir) == -1) {
		users_edit_close(edit);
		return (NULL);
	}
	return (edit);
}

void
users_edit_close(struct users_edit *edit)
{
	if (edit == NULL)
		return;
	users_changes_clear(&edit->changes);
	users_index_free(edit->index);
	if (edit->fd != -1)
		close(edit->fd);
	if (edit->lock != -1)
		close(edit->lock);
	free(edit->path);
	freezero(edit, sizeof(*edit));
}

const struct users_line *
users_edit_find(struct users_edit *edit, const char *name, size_t len)
{
	size_t at;

	users_line_wipe(&edit->found_buf);
	return (users_find(edit->index, &edit->text, name, len,
	    &edit->found_buf, &edit->found, &at) == USERS_FOUND ?
	    &edit->found : NULL);
}

/* Where is the line that counts?  It is looked at in a buffer of its own. */
static bool
find_place(struct users_edit *edit, const char *name, size_t len,
    struct users_change *place)
{
	struct users_line user;
	const char *end;
	bool found;

	memset(place, 0, sizeof(*place));
	found = users_find(edit->index, &edit->text, name, len, &edit->buf,
	    &user, &place->at) == USERS_FOUND;
	if (found) {
		end = memchr(edit->buf.text, '\n', edit->buf.len);
		place->end = end == NULL ? edit->text.len :
		    place->at + (size_t)(end - edit->buf.text) + 1;
	}
	users_line_wipe(&edit->buf);
	return (found);
}

bool
users_edit_has(struct users_edit *edit, const char *name, size_t len)
{
	struct users_change place;

	return (find_place(edit, name, len, &place));
}

/*
 * The text of a line, its newline and a NUL.  What was made is read again:
 * a name that begins with '#', say, would not be one.
 */
static char *
format_line(const struct users_line *user, size_t *len, const char **why)
{
	struct users_line check;
	size_t size;
	char *text;
	bool grants;
	int n;

	/* htpasswd(1) knows no third field: no empty one, then */
	grants = !(user->grants.len == 2 &&
	    memcmp(user->grants.p, "{}", 2) == 0);
	size = user->name.len + user->hash.len + user->grants.len + 5;
	if (size > INT_MAX || (text = malloc(size)) == NULL) {
		*why = "out of memory";
		return (NULL);
	}
	n = snprintf(text, size, "%.*s:%s%.*s%s%.*s\n",
	    (int)user->name.len, user->name.p, user->disabled ? "!" : "",
	    (int)user->hash.len, user->hash.p, grants ? ":" : "",
	    grants ? (int)user->grants.len : 0, user->grants.p);
	if (n < 0 || (size_t)n >= size ||
	    memchr(text, '\n', (size_t)n) != text + n - 1)
		*why = "the line has a newline";
	else {
		*len = (size_t)n;
		*why = "a line cannot begin with this name";
		if (users_parse_line(text, *len - 1, &check, why) ==
		    USERS_LINE)
			return (text);
	}
	freezero(text, size);
	return (NULL);
}

int
users_edit_put(struct users_edit *edit, const struct users_line *user,
    const char **why)
{
	struct users_change change;
	size_t len;
	char *text;
	int rc;

	if ((text = format_line(user, &len, why)) == NULL)
		return (-1);
	if (find_place(edit, user->name.p, user->name.len, &change)) {
		change.text = text;
		change.len = len;
		if ((rc = users_changes_line(&edit->changes, &change)) == 0)
			return (0);
	} else
		rc = users_changes_add(&edit->changes, text, len);
	if (rc == -1)
		*why = "out of memory";
	freezero(text, len);
	return (rc);
}

/* Delete every valid line of that name. */
static int
delete_lines(struct users_edit *edit, struct users_lines *lines,
    const char *name, size_t len)
{
	struct users_change change;
	struct users_line user;
	struct span line, other;
	const char *why;

	memset(&change, 0, sizeof(change));
	while (users_lines_next(lines, &line, &change.at)) {
		change.end = lines->at;
		if (users_lines_name(line, &other) && other.len == len &&
		    memcmp(other.p, name, len) == 0 &&
		    users_parse_line(line.p, line.len, &user, &why) ==
		    USERS_LINE &&
		    users_changes_line(&edit->changes, &change) == -1)
			return (-1);
	}
	return (lines->failed ? -1 : 0);
}

int
users_edit_delete(struct users_edit *edit, const char *name, size_t len)
{
	struct users_lines lines;
	int rc;

	if ((rc = users_lines_begin(&lines, &edit->text, 0, 0)) == 0) {
		rc = delete_lines(edit, &lines, name, len);
		users_lines_end(&lines);
	}
	if (rc == -1)
		log_warn("%s", edit->path);
	return (rc);
}

/* An editor that takes no lock must not lose what it has just written. */
static bool
is_unchanged(const struct users_edit *edit)
{
	struct stat now;

	if (edit->fd == -1)
		return (lstat(edit->path, &now) == -1 && errno == ENOENT);
	return (lstat(edit->path, &now) == 0 &&
	    file_same_version(&now, &edit->st));
}

static int
write_new(int fd, void *arg)
{
	struct users_edit *edit;

	edit = arg;
	if (users_rewrite(fd, &edit->text, &edit->changes) == -1)
		return (-1);
	if (is_unchanged(edit))
		return (0);
	errno = EBUSY;
	return (-1);
}

int
users_edit_commit(struct users_edit *edit)
{
	if (users_rewrite_size(&edit->text, &edit->changes) >=
	    USERS_FILE_MAX) {
		log_warnx("%s: would become too large", edit->path);
		return (-1);
	}
	if (file_write_by(edit->path, write_new, edit, edit->mode, edit->uid,
	    edit->gid, true) == 0)
		return (0);
	if (errno == EBUSY)
		log_warnx("%s: was changed by somebody else meanwhile",
		    edit->path);
	else
		log_warn("%s: cannot write it", edit->path);
	return (-1);
}

int
users_rehash(const char *path, const char *name, const char *old,
    const char *new)
{
	const struct users_line *found;
	struct users_edit *edit;
	struct users_line user;
	const char *why;
	int rc;

	if ((edit = users_edit_open(path, REHASH_WAIT_MS)) == NULL)
		return (-1);
	rc = 0;
	found = users_edit_find(edit, name, strlen(name));
	if (found != NULL && found->hash.len == strlen(old) &&
	    memcmp(found->hash.p, old, found->hash.len) == 0) {
		user = *found;
		user.hash.p = new;
		user.hash.len = strlen(new);
		if ((rc = users_edit_put(edit, &user, &why)) == -1)
			log_warnx("user \"%s\": %s", name, why);
		else
			rc = users_edit_commit(edit);
	}
	users_edit_close(edit);
	return (rc);
}
