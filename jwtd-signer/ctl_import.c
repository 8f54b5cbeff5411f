/*
 * jwtctl user import: users from a file into the store, all at once or none.
 * Passwords and hashes pass through here and are wiped; none is printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl.h"
#include "file.h"
#include "log.h"
#include "password.h"
#include "users_admin.h"
#include "users_csv.h"
#include "users_table.h"

struct import {
	const char		 *name;		/* of the file */
	bool			  csv;
	bool			  replace;
	struct users_table	 *table;
	bool			  passwords;	/* the table has these */
	char			(*hashes)[PASSWORD_HASH_SIZE];	/* of these */
	const struct users_line	**users;	/* without duplicates */
	const struct users_entry **entries;	/* of the users */
	enum users_put		 *puts;		/* what became of the users */
	size_t			  nusers;
	size_t			  bad;
	struct progress		  progress;
};

static void
report_bad(void *arg, unsigned int line, const char *why)
{
	struct import *im;

	im = arg;
	progress_clear(&im->progress);
	log_warnx("%s:%u: %s", im->name, line, why);
	im->bad++;
}

/* Read the file, or standard input for "-".  Returns -1 after a message. */
static int
read_file(struct import *im, const char *path)
{
	const char *why;
	size_t len;
	char *buf;
	int fd;

	im->name = path;
	fd = STDIN_FILENO;
	if (strcmp(path, "-") == 0)
		im->name = "stdin";
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		log_warn("%s", path);
		return (-1);
	}
	buf = file_read_stream(fd, USERS_FILE_MAX, &len, &why);
	if (fd != STDIN_FILENO)
		close(fd);
	if (buf == NULL) {
		log_warnx("%s: %s", im->name, why);
		return (-1);
	}
	if (im->csv)
		im->table = users_csv_table(buf, len, &im->passwords,
		    report_bad, im);
	else if ((im->table = users_table_new(buf, len, report_bad,
	    im)) == NULL)
		log_warnx("%s: out of memory", im->name);
	return (im->table != NULL ? 0 : -1);
}

/* The users of the table but for those whose name an earlier line has. */
static int
choose_users(struct import *im)
{
	struct users_entry *entry;
	size_t i, n;

	n = im->table->nentries + 1;
	im->users = calloc(n, sizeof(*im->users));
	im->entries = calloc(n, sizeof(*im->entries));
	im->puts = calloc(n, sizeof(*im->puts));
	if (im->users == NULL || im->entries == NULL || im->puts == NULL) {
		log_warn("%s", im->name);
		return (-1);
	}
	for (i = 0; i < im->table->nentries; i++) {
		entry = &im->table->entries[i];
		if (entry->duplicate)
			continue;
		im->entries[im->nusers] = entry;
		im->users[im->nusers] = &entry->user;
		im->nusers++;
	}
	return (0);
}

/* Hash a password and put the hash in its place. */
static int
hash_one(struct span *secret, char hash[PASSWORD_HASH_SIZE])
{
	char password[PASSWORD_MAX + 1];
	int rc;

	memcpy(password, secret->p, secret->len);
	password[secret->len] = '\0';
	rc = password_hash(password, hash);
	explicit_bzero(password, sizeof(password));
	secret->p = hash;
	secret->len = strlen(hash);
	return (rc);
}

/* This takes long, and so it comes before anything is locked. */
static int
hash_passwords(struct import *im)
{
	struct users_entry *entry;
	size_t done, i;

	im->hashes = calloc(im->nusers + 1, sizeof(*im->hashes));
	if (im->hashes == NULL) {
		log_warn("%s", im->name);
		return (-1);
	}
	progress_start(&im->progress, im->name, im->nusers);
	for (done = i = 0; i < im->table->nentries; i++) {
		entry = &im->table->entries[i];
		if (entry->duplicate)
			continue;
		if (hash_one(&entry->user.hash, im->hashes[done]) == -1) {
			progress_clear(&im->progress);
			log_warnx("out of memory: a password hash takes "
			    "64 MB");
			return (-1);
		}
		progress_show(&im->progress, ++done);
	}
	progress_clear(&im->progress);
	return (0);
}

static void
did(void *arg, size_t i, enum users_put put, const char *why)
{
	struct import *im;

	im = arg;
	im->puts[i] = put;
	if (put == USERS_REFUSED)
		report_bad(im, im->entries[i]->line, why);
	else if (put == USERS_EXISTS) {
		progress_clear(&im->progress);
		log_warnx("%s:%u: user \"%.*s\" exists already", im->name,
		    im->entries[i]->line, (int)im->users[i]->name.len,
		    im->users[i]->name.p);
		im->bad++;
	}
	progress_show(&im->progress, i + 1);
}

/* What was done is said only once it is done. */
static void
print_done(const struct import *im)
{
	size_t i;

	for (i = 0; i < im->nusers; i++)
		if (im->puts[i] == USERS_ADDED ||
		    im->puts[i] == USERS_REPLACED)
			printf("%s:%u: %s \"%.*s\"\n", im->name,
			    im->entries[i]->line, im->puts[i] == USERS_ADDED ?
			    "added" : "replaced", (int)im->users[i]->name.len,
			    im->users[i]->name.p);
}

static int
put_users(struct ctl *ctl, struct import *im)
{
	const struct users_batch batch = {
		im->users, im->nusers, im->replace, did, im
	};
	struct users_admin *users;
	int status;

	if ((users = ctl_users(ctl, true)) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	progress_start(&im->progress, im->name, im->nusers);
	if (users_admin_put(users, &batch) == 0 &&
	    users_admin_commit(users) == 0)
		status = CTL_OK;
	progress_clear(&im->progress);
	users_admin_close(users);
	if (status == CTL_OK)
		print_done(im);
	return (im->bad == 0 ? status : CTL_FAILED);
}

static int
import(struct ctl *ctl, struct import *im, const char *path)
{
	struct users_admin *users;
	int status;

	/* before passwords are hashed for nothing */
	if ((users = ctl_users(ctl, true)) == NULL)
		return (CTL_FAILED);
	users_admin_close(users);
	status = CTL_FAILED;
	if (read_file(im, path) == 0 && choose_users(im) == 0 &&
	    (!im->passwords || hash_passwords(im) == 0))
		status = put_users(ctl, im);
	if (im->hashes != NULL)
		freezero(im->hashes, im->nusers * sizeof(*im->hashes));
	users_table_free(im->table);
	free(im->users);
	free(im->entries);
	free(im->puts);
	return (status);
}

static bool
ends_in_csv(const char *path)
{
	size_t len;

	len = strlen(path);
	return (len >= 4 && strcasecmp(path + len - 4, ".csv") == 0);
}

int
ctl_user_import(struct ctl *ctl, int argc, char **argv)
{
	struct import im;
	int ch;

	memset(&im, 0, sizeof(im));
	while ((ch = getopt(argc, argv, "+cr")) != -1) {
		switch (ch) {
		case 'c':
			im.csv = true;
			break;
		case 'r':
			im.replace = true;
			break;
		default:
			return (CTL_USAGE);
		}
	}
	if (argc - optind != 1)
		return (CTL_USAGE);
	im.csv = im.csv || ends_in_csv(argv[optind]);
	return (import(ctl, &im, argv[optind]));
}
