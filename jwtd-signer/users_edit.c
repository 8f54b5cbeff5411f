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
#include "users_table.h"

#define REHASH_WAIT_MS	1000	/* of a signer, which serves others too */

/* what becomes of the line of an entry */
struct change {
	char	*text;		/* with its newline; NULL: stays or goes */
	size_t	 len;
	bool	 deleted;
};

struct users_edit {
	char			*path;
	int			 lock;
	struct users_table	*table;
	struct change		*changes;	/* one for each entry */
	char			*added;		/* lines for the end */
	size_t			 added_len;
	size_t			 added_size;
	uid_t			 uid;		/* for the new file */
	gid_t			 gid;
	mode_t			 mode;
};

/* The old file's bytes, and whose it is.  NULL after a message. */
static char *
read_old(struct users_edit *edit, int fd, size_t *len)
{
	struct stat st;
	const char *why;
	char *buf;

	if (fstat(fd, &st) == -1) {
		log_warn("%s", edit->path);
		return (NULL);
	}
	edit->uid = st.st_uid;
	edit->gid = st.st_gid;
	edit->mode = st.st_mode & 0666;
	if ((buf = file_read_fd(fd, USERS_FILE_MAX, len, &why)) == NULL)
		log_warnx("%s: %s", edit->path, why);
	return (buf);
}

/* A file that is not there yet: only root can give one away. */
static char *
start_new(struct users_edit *edit, const struct stat *dir, size_t *len)
{
	char *buf;

	edit->uid = geteuid() == 0 ? dir->st_uid : (uid_t)-1;
	edit->gid = geteuid() == 0 ? dir->st_gid : (gid_t)-1;
	edit->mode = 0600;
	*len = 0;
	if ((buf = calloc(1, 1)) == NULL)
		log_warn("%s", edit->path);
	return (buf);
}

/* Read the file under the lock. */
static int
read_users(struct users_edit *edit, const struct stat *dir)
{
	size_t len;
	char *buf;
	int fd;

	fd = open(edit->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd != -1) {
		buf = read_old(edit, fd, &len);
		close(fd);
	} else if (errno == ENOENT)
		buf = start_new(edit, dir, &len);
	else {
		/* rename would put a file in the place of the link */
		if (errno == ELOOP || errno == EMLINK)
			log_warnx("%s: is a symbolic link", edit->path);
		else
			log_warn("%s", edit->path);
		return (-1);
	}
	if (buf == NULL)
		return (-1);
	if ((edit->table = users_table_new(buf, len, NULL, NULL)) == NULL ||
	    (edit->changes = calloc(edit->table->nentries + 1,
	    sizeof(*edit->changes))) == NULL) {
		log_warnx("%s: out of memory", edit->path);
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
	edit->lock = -1;
	if ((edit->lock = file_lock(path, wait, &dir)) == -1 ||
	    read_users(edit, &dir) == -1) {
		users_edit_close(edit);
		return (NULL);
	}
	return (edit);
}

void
users_edit_close(struct users_edit *edit)
{
	size_t i;

	if (edit == NULL)
		return;
	if (edit->changes != NULL)
		for (i = 0; i < edit->table->nentries; i++)
			freezero(edit->changes[i].text, edit->changes[i].len);
	free(edit->changes);
	users_table_free(edit->table);
	freezero(edit->added, edit->added_size);
	if (edit->lock != -1)
		close(edit->lock);
	free(edit->path);
	freezero(edit, sizeof(*edit));
}

const struct users_line *
users_edit_find(const struct users_edit *edit, const char *name, size_t len)
{
	const struct users_entry *entry;

	entry = users_table_find(edit->table, name, len);
	return (entry != NULL ? &entry->user : NULL);
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

/* Append to the lines for the end; moved by hand so that no copy stays. */
static int
append(struct users_edit *edit, const char *text, size_t len)
{
	size_t size;
	char *bigger;

	if (len == 0)
		return (0);
	if (edit->added_size - edit->added_len < len) {
		size = edit->added_size * 2 + len;
		if ((bigger = malloc(size)) == NULL)
			return (-1);
		if (edit->added_len > 0)
			memcpy(bigger, edit->added, edit->added_len);
		freezero(edit->added, edit->added_size);
		edit->added = bigger;
		edit->added_size = size;
	}
	memcpy(edit->added + edit->added_len, text, len);
	edit->added_len += len;
	return (0);
}

int
users_edit_put(struct users_edit *edit, const struct users_line *user,
    const char **why)
{
	struct users_entry *entry;
	struct change *change;
	size_t len;
	char *text;
	int rc;

	if ((text = format_line(user, &len, why)) == NULL)
		return (-1);
	entry = users_table_find(edit->table, user->name.p, user->name.len);
	if (entry != NULL) {
		change = &edit->changes[entry - edit->table->entries];
		freezero(change->text, change->len);
		change->text = text;
		change->len = len;
		return (0);
	}
	if ((rc = append(edit, text, len)) == -1)
		*why = "out of memory";
	freezero(text, len);
	return (rc);
}

void
users_edit_delete(struct users_edit *edit, const char *name, size_t len)
{
	const struct span *other;
	size_t i;

	/* or else a later line of the same name would come alive */
	for (i = 0; i < edit->table->nentries; i++) {
		other = &edit->table->entries[i].user.name;
		if (other->len == len && memcmp(other->p, name, len) == 0)
			edit->changes[i].deleted = true;
	}
}

/* Copy the old text, with the changes in their places.  Returns its length. */
static size_t
compose(const struct users_edit *edit, char *out)
{
	const struct change *change;
	const char *from, *line, *end;
	size_t i, n;

	n = 0;
	from = edit->table->buf;
	end = from + edit->table->len;
	for (i = 0; i < edit->table->nentries; i++) {
		change = &edit->changes[i];
		if (change->text == NULL && !change->deleted)
			continue;
		line = edit->table->entries[i].user.name.p;
		memcpy(out + n, from, (size_t)(line - from));
		n += (size_t)(line - from);
		if (!change->deleted) {
			memcpy(out + n, change->text, change->len);
			n += change->len;
		}
		from = memchr(line, '\n', (size_t)(end - line));
		from = from != NULL ? from + 1 : end;
	}
	memcpy(out + n, from, (size_t)(end - from));
	n += (size_t)(end - from);
	if (edit->added_len > 0) {
		if (n > 0 && out[n - 1] != '\n')
			out[n++] = '\n';
		memcpy(out + n, edit->added, edit->added_len);
		n += edit->added_len;
	}
	return (n);
}

int
users_edit_commit(struct users_edit *edit)
{
	size_t i, len, size;
	char *out;
	int rc;

	size = edit->table->len + edit->added_len + 1;
	for (i = 0; i < edit->table->nentries; i++)
		size += edit->changes[i].len;
	if ((out = malloc(size)) == NULL) {
		log_warn("%s", edit->path);
		return (-1);
	}
	len = compose(edit, out);
	if (len > USERS_FILE_MAX) {
		log_warnx("%s: would become too large", edit->path);
		rc = -1;
	} else if ((rc = file_write(edit->path, out, len, edit->mode,
	    edit->uid, edit->gid, true)) == -1)
		log_warn("%s: cannot write it", edit->path);
	freezero(out, size);
	return (rc);
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
