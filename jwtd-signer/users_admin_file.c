/*
 * The users file, as jwtctl(8) edits and lists it.  Edits go through
 * users_edit.c, under its lock; a list takes no lock and needs no right to
 * write.
 */
#include "users_admin.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "log.h"
#include "users_edit.h"
#include "users_table.h"

struct users_file {
	struct users_admin	 admin;		/* first: it is cast */
	struct users_edit	*edit;		/* or NULL */
	char			*path;
	long			 bad;
};

static int
find(struct users_admin *ua, const char *name, struct users_line *user)
{
	const struct users_line *found;
	struct users_file *uf;

	uf = (struct users_file *)ua;
	if ((found = users_edit_find(uf->edit, name, strlen(name))) == NULL)
		return (0);
	*user = *found;
	return (1);
}

static int
put(struct users_admin *ua, const struct users_batch *batch)
{
	const struct users_line *user;
	struct users_file *uf;
	const char *why;
	bool exists;
	size_t i;

	uf = (struct users_file *)ua;
	for (i = 0; i < batch->n; i++) {
		user = batch->users[i];
		why = NULL;
		exists = users_edit_has(uf->edit, user->name.p,
		    user->name.len);
		if (exists && !batch->replace)
			batch->did(batch->arg, i, USERS_EXISTS, why);
		else if (users_edit_put(uf->edit, user, &why) == -1)
			batch->did(batch->arg, i, USERS_REFUSED, why);
		else
			batch->did(batch->arg, i, exists ? USERS_REPLACED :
			    USERS_ADDED, why);
	}
	return (0);
}

static int
delete(struct users_admin *ua, const char *name)
{
	return (users_edit_delete(((struct users_file *)ua)->edit, name,
	    strlen(name)));
}

static void
report_bad(void *arg, unsigned int line, const char *why)
{
	struct users_file *uf;

	uf = arg;
	log_warnx("%s:%u: %s", uf->path, line, why);
	uf->bad++;
}

static long
list(struct users_admin *ua, void (*each)(const struct users_line *))
{
	struct users_table *table;
	struct users_file *uf;
	const char *why;
	size_t i, len;
	char *buf;

	uf = (struct users_file *)ua;
	uf->bad = 0;
	if ((buf = file_read(uf->path, USERS_FILE_MAX, &len, &why)) == NULL) {
		log_warnx("%s: %s", uf->path, why);
		return (-1);
	}
	if ((table = users_table_new(buf, len, report_bad, uf)) == NULL) {
		log_warnx("%s: out of memory", uf->path);
		return (-1);
	}
	for (i = 0; i < table->nentries; i++)
		if (!table->entries[i].duplicate)
			each(&table->entries[i].user);
	users_table_free(table);
	return (uf->bad);
}

static int
commit(struct users_admin *ua)
{
	return (users_edit_commit(((struct users_file *)ua)->edit));
}

static void
close_file(struct users_admin *ua)
{
	struct users_file *uf;

	uf = (struct users_file *)ua;
	users_edit_close(uf->edit);
	free(uf->path);
	free(uf);
}

static const struct users_admin_ops ops = {
	find, put, delete, list, commit, close_file
};

struct users_admin *
users_admin_file(const char *path, bool edit)
{
	struct users_file *uf;

	if ((uf = calloc(1, sizeof(*uf))) == NULL ||
	    (uf->path = strdup(path)) == NULL) {
		log_warn("%s", path);
		free(uf);
		return (NULL);
	}
	uf->admin.ops = &ops;
	if (edit && (uf->edit = users_edit_open(path, -1)) == NULL) {
		close_file(&uf->admin);
		return (NULL);
	}
	return (&uf->admin);
}
