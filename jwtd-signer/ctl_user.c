/*
 * jwtctl user: edits of the configured users file.  Passwords and hashes pass
 * through here and are wiped; none is printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "file.h"
#include "json.h"
#include "log.h"
#include "password.h"
#include "store.h"
#include "users_edit.h"
#include "users_table.h"

/* The users file, or NULL after a message. */
static const char *
users_path(struct ctl *ctl)
{
	const struct conf_signer *signer;

	if ((signer = ctl_signer(ctl)) == NULL)
		return (NULL);
	if (signer->store != CONF_STORE_FILE) {
		log_warnx("%s: the store is not a file, and others are not "
		    "available in this version", ctl->conf_path);
		return (NULL);
	}
	return (signer->store_arg);
}

static struct span
span_of(const char *text)
{
	struct span s;

	s.p = text;
	s.len = strlen(text);
	return (s);
}

/*
 * Open the file for an edit of that name, which must be there or must not.
 * Fills user with the line that it has.  NULL after a message.
 */
static struct users_edit *
open_for(struct ctl *ctl, const char *name, bool exists,
    struct users_line *user)
{
	const struct users_line *found;
	struct users_edit *edit;
	const char *path, *why;

	if (!users_name_valid(name, strlen(name), &why)) {
		log_warnx("invalid name \"%.300s\": %s", name, why);
		return (NULL);
	}
	if ((path = users_path(ctl)) == NULL ||
	    (edit = users_edit_open(path)) == NULL)
		return (NULL);
	found = users_edit_find(edit, name, strlen(name));
	if (found != NULL)
		*user = *found;
	if ((found != NULL) == exists)
		return (edit);
	if (exists)
		log_warnx("no such user \"%s\"", name);
	else
		log_warnx("user \"%s\" exists already", name);
	users_edit_close(edit);
	return (NULL);
}

/* Put the line, write, close.  Returns an exit status after a message. */
static int
put_and_close(struct users_edit *edit, const struct users_line *user)
{
	const char *why;
	int status;

	status = CTL_FAILED;
	if (users_edit_put(edit, user, &why) == -1)
		log_warnx("user \"%.*s\": %s", (int)user->name.len,
		    user->name.p, why);
	else if (users_edit_commit(edit) == 0)
		status = CTL_OK;
	users_edit_close(edit);
	return (status);
}

/*
 * The grants as they go into a line: as given, but without newlines.  The
 * caller frees them.  NULL after a message.
 */
static char *
one_line(const char *json)
{
	const char *why;
	ssize_t n;
	char *text;

	if (!users_grants_valid(json, strlen(json), &why)) {
		log_warnx("invalid grants \"%.300s\": %s", json, why);
		return (NULL);
	}
	if ((text = strdup(json)) == NULL) {
		log_warn("grants");
		return (NULL);
	}
	if (strpbrk(json, "\r\n") != NULL) {
		/* it gets no longer; numbers stay as they are written */
		n = json_compact(text, strlen(json), span_of(json), false);
		text[n > 0 ? n : 0] = '\0';
	}
	return (text);
}

/* Ask for a password and hash it.  Returns 0, or -1 after a message. */
static int
ask_hash(const char *name, char hash[PASSWORD_HASH_SIZE])
{
	char password[PASSWORD_MAX + 1];
	int rc;

	if (prompt_password(name, password) == -1)
		return (-1);
	if ((rc = password_hash(password, hash)) == -1)
		log_warnx("out of memory: a password hash takes 64 MB");
	explicit_bzero(password, sizeof(password));
	return (rc);
}

/*
 * Give the user a password that is asked for, and a new user the grants.  The
 * file is looked at before the question, and not locked during it.
 */
static int
set_password(struct ctl *ctl, const char *name, bool exists,
    const char *grants)
{
	char hash[PASSWORD_HASH_SIZE];
	struct users_line user;
	struct users_edit *edit;
	int status;

	if ((edit = open_for(ctl, name, exists, &user)) == NULL)
		return (CTL_FAILED);
	users_edit_close(edit);
	if (ask_hash(name, hash) == -1)
		return (CTL_FAILED);
	status = CTL_FAILED;
	memset(&user, 0, sizeof(user));
	if ((edit = open_for(ctl, name, exists, &user)) != NULL) {
		user.name = span_of(name);
		user.hash = span_of(hash);
		if (!exists)
			user.grants = span_of(grants);
		status = put_and_close(edit, &user);
	}
	explicit_bzero(hash, sizeof(hash));
	return (status);
}

int
ctl_user_add(struct ctl *ctl, int argc, char **argv)
{
	char *grants;
	int status;

	if (getopt(argc, argv, "+") != -1)
		return (CTL_USAGE);
	argc -= optind;
	argv += optind;
	if (argc != 1 && argc != 2)
		return (CTL_USAGE);
	if ((grants = one_line(argc == 2 ? argv[1] : "{}")) == NULL)
		return (CTL_FAILED);
	status = set_password(ctl, argv[0], false, grants);
	free(grants);
	return (status);
}

int
ctl_user_password(struct ctl *ctl, int argc, char **argv)
{
	if (getopt(argc, argv, "+") != -1 || argc - optind != 1)
		return (CTL_USAGE);
	return (set_password(ctl, argv[optind], true, NULL));
}

int
ctl_user_grant(struct ctl *ctl, int argc, char **argv)
{
	struct users_line user;
	struct users_edit *edit;
	char *grants;
	int status;

	if (getopt(argc, argv, "+") != -1 || argc - optind != 2)
		return (CTL_USAGE);
	if ((grants = one_line(argv[optind + 1])) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	if ((edit = open_for(ctl, argv[optind], true, &user)) != NULL) {
		user.grants = span_of(grants);
		status = put_and_close(edit, &user);
	}
	free(grants);
	return (status);
}

static int
set_disabled(struct ctl *ctl, int argc, char **argv, bool disabled)
{
	struct users_line user;
	struct users_edit *edit;

	if (getopt(argc, argv, "+") != -1 || argc - optind != 1)
		return (CTL_USAGE);
	if ((edit = open_for(ctl, argv[optind], true, &user)) == NULL)
		return (CTL_FAILED);
	user.disabled = disabled;
	return (put_and_close(edit, &user));
}

int
ctl_user_disable(struct ctl *ctl, int argc, char **argv)
{
	return (set_disabled(ctl, argc, argv, true));
}

int
ctl_user_enable(struct ctl *ctl, int argc, char **argv)
{
	return (set_disabled(ctl, argc, argv, false));
}

int
ctl_user_delete(struct ctl *ctl, int argc, char **argv)
{
	struct users_line user;
	struct users_edit *edit;
	int rc;

	if (getopt(argc, argv, "+") != -1 || argc - optind != 1)
		return (CTL_USAGE);
	if ((edit = open_for(ctl, argv[optind], true, &user)) == NULL)
		return (CTL_FAILED);
	users_edit_delete(edit, argv[optind], strlen(argv[optind]));
	rc = users_edit_commit(edit);
	users_edit_close(edit);
	return (rc == 0 ? CTL_OK : CTL_FAILED);
}

/* where the lines come from, and how many were bad */
struct source {
	const char	*name;
	size_t		 bad;
};

static void
report_bad(void *arg, unsigned int line, const char *why)
{
	struct source *source;

	source = arg;
	log_warnx("%s:%u: %s", source->name, line, why);
	source->bad++;
}

/* Read a file in the syntax of the users file, or with "-" standard input. */
static struct users_table *
read_table(const char *path, struct source *source)
{
	struct users_table *table;
	const char *why;
	size_t len;
	char *buf;
	int fd;

	source->name = path;
	source->bad = 0;
	fd = STDIN_FILENO;
	if (strcmp(path, "-") == 0)
		source->name = "stdin";
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		log_warn("%s", path);
		return (NULL);
	}
	buf = file_read_stream(fd, USERS_FILE_MAX, &len, &why);
	if (fd != STDIN_FILENO)
		close(fd);
	if (buf == NULL) {
		log_warnx("%s: %s", source->name, why);
		return (NULL);
	}
	table = users_table_new(buf, len, report_bad, source);
	if (table == NULL)
		log_warnx("%s: out of memory", source->name);
	return (table);
}

static void
print_user(const struct users_line *user)
{
	char hash[USER_HASH_MAX + 1];
	const char *kind;

	memcpy(hash, user->hash.p, user->hash.len);
	hash[user->hash.len] = '\0';
	kind = password_hash_kind(hash);
	explicit_bzero(hash, sizeof(hash));
	printf("%.*s\t%s\t%s\t%.*s\n", (int)user->name.len, user->name.p,
	    user->disabled ? "disabled" : "enabled", kind,
	    (int)user->grants.len, user->grants.p);
}

int
ctl_user_list(struct ctl *ctl, int argc, char **argv)
{
	struct users_table *table;
	struct source source;
	const char *path;
	size_t i;

	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	if ((path = users_path(ctl)) == NULL ||
	    (table = read_table(path, &source)) == NULL)
		return (CTL_FAILED);
	for (i = 0; i < table->nentries; i++)
		if (!table->entries[i].duplicate)
			print_user(&table->entries[i].user);
	users_table_free(table);
	return (source.bad == 0 ? CTL_OK : CTL_FAILED);
}

/* Take over one line; false after a message. */
static bool
import_one(struct users_edit *edit, const struct users_entry *entry,
    bool replace, struct source *source)
{
	const struct users_line *user;
	const char *why;

	user = &entry->user;
	if (!replace && users_edit_find(edit, user->name.p,
	    user->name.len) != NULL) {
		log_warnx("%s:%u: user \"%.*s\" exists already", source->name,
		    entry->line, (int)user->name.len, user->name.p);
		source->bad++;
		return (false);
	}
	if (users_edit_put(edit, user, &why) == -1) {
		report_bad(source, entry->line, why);
		return (false);
	}
	return (true);
}

/* What was done is said only once it is done. */
static int
import_all(struct users_edit *edit, const struct users_table *table,
    bool replace, struct source *source)
{
	const struct users_entry *entry;
	bool *taken;
	size_t i;

	if ((taken = calloc(table->nentries + 1, sizeof(*taken))) == NULL) {
		log_warn("%s", source->name);
		return (CTL_FAILED);
	}
	for (i = 0; i < table->nentries; i++)
		if (!table->entries[i].duplicate)
			taken[i] = import_one(edit, &table->entries[i],
			    replace, source);
	if (users_edit_commit(edit) == -1) {
		free(taken);
		return (CTL_FAILED);
	}
	for (i = 0; i < table->nentries; i++) {
		entry = &table->entries[i];
		if (taken[i])
			printf("%s:%u: %s \"%.*s\"\n", source->name,
			    entry->line, users_edit_find(edit,
			    entry->user.name.p, entry->user.name.len) != NULL ?
			    "replaced" : "added", (int)entry->user.name.len,
			    entry->user.name.p);
	}
	free(taken);
	return (source->bad == 0 ? CTL_OK : CTL_FAILED);
}

int
ctl_user_import(struct ctl *ctl, int argc, char **argv)
{
	struct users_table *table;
	struct users_edit *edit;
	struct source source;
	const char *path;
	bool replace;
	int ch, status;

	replace = false;
	while ((ch = getopt(argc, argv, "+r")) != -1) {
		if (ch != 'r')
			return (CTL_USAGE);
		replace = true;
	}
	if (argc - optind != 1)
		return (CTL_USAGE);
	if ((path = users_path(ctl)) == NULL ||
	    (table = read_table(argv[optind], &source)) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	if ((edit = users_edit_open(path)) != NULL) {
		status = import_all(edit, table, replace, &source);
		users_edit_close(edit);
	}
	users_table_free(table);
	return (status);
}
