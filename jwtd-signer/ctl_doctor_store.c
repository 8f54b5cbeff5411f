/*
 * jwtctl doctor, the users file: who can read and write it, and what its lines
 * are worth.  No hash is written, and no password is tried.
 */
#include "ctl_doctor.h"

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "file.h"
#include "json.h"
#include "password.h"
#include "store.h"
#include "users_table.h"

#define BAD_LINES_MAX	20
#define KINDS_MAX	16

struct users_check {
	struct doctor	*d;
	const char	*path;
	size_t		 bad;
	struct {
		const char	*name;
		size_t		 n;
	}		 kinds[KINDS_MAX];	/* of weak hashes */
	size_t		 nkinds, weak, enabled;
};

/* whose rights count: the signer has its own group and no other */
struct who {
	uid_t		 uid;
	gid_t		 gid;
	const char	*name;
};

/* May that user do all of this ("rwx" as bits)? */
static bool
may(const struct who *who, const struct stat *st, unsigned int bits)
{
	unsigned int mode;

	mode = (unsigned int)st->st_mode;
	if (st->st_uid == who->uid)
		mode >>= 6;
	else if (st->st_gid == who->gid)
		mode >>= 3;
	return ((mode & bits) == bits);
}

static bool
get_who(struct who *who)
{
	const struct passwd *pw;

	who->uid = geteuid();
	who->gid = getegid();
	who->name = "this user";
	if (who->uid != 0)
		return (true);
	if ((pw = getpwnam(DOCTOR_SIGNER)) == NULL)
		return (false);		/* it has been said */
	who->uid = pw->pw_uid;
	who->gid = pw->pw_gid;
	who->name = DOCTOR_SIGNER;
	return (true);
}

/* What is wrong with the rights on the folder or the file, if anything is. */
static bool
check_rights(struct doctor *d, const struct who *who, const char *path,
    const struct stat *st, bool folder)
{
	unsigned int mode;

	mode = (unsigned int)st->st_mode & 07777;
	if (st->st_uid != who->uid && st->st_uid != 0)
		doctor_say(d, DOCTOR_WARNING, "%s: owned neither by %s nor by "
		    "root", path, who->name);
	if (!may(who, st, folder ? 1 : 4))
		doctor_say(d, DOCTOR_ERROR, "%s: %s cannot %s it (mode %04o)",
		    path, who->name, folder ? "enter" : "read", mode);
	else if ((mode & S_IWOTH) != 0)
		doctor_say(d, DOCTOR_ERROR, "%s: writable by others "
		    "(mode %04o)", path, mode);
	else if (!folder && (mode & S_IROTH) != 0)
		doctor_say(d, DOCTOR_ERROR, "%s: password hashes are readable "
		    "by others (mode %04o)", path, mode);
	else if ((mode & S_IWGRP) != 0)
		doctor_say(d, DOCTOR_WARNING, "%s: writable by its group "
		    "(mode %04o)", path, mode);
	else if (folder && !may(who, st, 3))
		doctor_say(d, DOCTOR_WARNING, "%s: %s cannot write there, so "
		    "no hash is made stronger (mode %04o)", path, who->name,
		    mode);
	else
		return (true);
	return (false);
}

/* Returns false if there is no file to read. */
static bool
check_files(struct doctor *d, const char *path)
{
	struct stat folder, file;
	struct who who;
	const char *base;
	char *dir;
	bool there;

	if ((dir = file_directory(path, &base)) == NULL)
		return (false);
	there = false;
	if (stat(dir, &folder) == -1) {
		doctor_say(d, DOCTOR_ERROR, "%s: %s", dir, strerror(errno));
		goto out;
	}
	if (!S_ISDIR(folder.st_mode)) {
		doctor_say(d, DOCTOR_ERROR, "%s: not a folder", dir);
		goto out;
	}
	if (stat(path, &file) == -1) {
		doctor_say(d, DOCTOR_ERROR, "%s: %s", path, strerror(errno));
		goto out;
	}
	there = true;
	if (get_who(&who) && check_rights(d, &who, dir, &folder, true) &&
	    check_rights(d, &who, path, &file, false))
		doctor_say(d, DOCTOR_OK, "%s: for %s, mode %04o", path,
		    who.name, (unsigned int)file.st_mode & 07777);
out:
	free(dir);
	return (there);
}

static void
note_bad(void *arg, unsigned int line, const char *why)
{
	struct users_check *check;

	check = arg;
	if (++check->bad <= BAD_LINES_MAX)
		doctor_say(check->d, DOCTOR_ERROR, "%s:%u: %s", check->path,
		    line, why);
}

static void
check_access(struct users_check *check, const struct users_entry *entry)
{
	json_t *grants, *access;
	const char *why;

	grants = json_object_parse(entry->user.grants.p,
	    entry->user.grants.len, &why);
	access = access_intersect(json_object_get(grants, "access"), "", &why);
	if (access == NULL)
		doctor_say(check->d, DOCTOR_ERROR, "%s:%u: %s", check->path,
		    entry->line, why);
	json_decref(access);
	json_decref(grants);
}

static void
check_hash(struct users_check *check, const struct users_line *user)
{
	char hash[USER_HASH_MAX + 1];
	const char *kind;
	size_t i;

	/* users_parse_line() saw to its length */
	memcpy(hash, user->hash.p, user->hash.len);
	hash[user->hash.len] = '\0';
	kind = password_needs_rehash(hash) ? password_hash_kind(hash) : NULL;
	explicit_bzero(hash, sizeof(hash));
	if (kind == NULL)
		return;
	check->weak++;
	for (i = 0; i < check->nkinds; i++)
		if (strcmp(check->kinds[i].name, kind) == 0)
			break;
	if (i == KINDS_MAX)
		return;
	if (i == check->nkinds) {
		check->kinds[i].name = kind;
		check->nkinds++;
	}
	check->kinds[i].n++;
}

static void
say_weak(const struct users_check *check)
{
	char text[512];
	size_t i, n;

	if (check->weak == 0)
		return;
	text[0] = '\0';
	for (i = n = 0; i < check->nkinds && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%zu of %s%s", i > 0 ? ", " : "", check->kinds[i].n,
		    strcmp(check->kinds[i].name, "argon2id") == 0 ? "cheap " :
		    "", check->kinds[i].name);
	doctor_say(check->d, DOCTOR_WARNING, "%s: hashes that a login will "
	    "make stronger: %s", check->path, text);
}

static void
check_lines(struct doctor *d, const char *path)
{
	const struct users_entry *entry;
	struct users_check check;
	struct users_table *table;
	const char *why;
	size_t i, len, n;
	char *buf;

	if ((buf = file_read(path, USERS_FILE_MAX, &len, &why)) == NULL) {
		doctor_say(d, DOCTOR_ERROR, "%s: %s", path, why);
		return;
	}
	memset(&check, 0, sizeof(check));
	check.d = d;
	check.path = path;
	if ((table = users_table_new(buf, len, note_bad, &check)) == NULL) {
		doctor_say(d, DOCTOR_ERROR, "%s: out of memory", path);
		return;
	}
	if (check.bad > BAD_LINES_MAX)
		doctor_say(d, DOCTOR_ERROR, "%s: %zu more bad lines", path,
		    check.bad - BAD_LINES_MAX);
	for (i = n = 0; i < table->nentries; i++) {
		entry = &table->entries[i];
		if (entry->duplicate)
			continue;
		n++;
		check.enabled += !entry->user.disabled;
		check_access(&check, entry);
		check_hash(&check, &entry->user);
	}
	say_weak(&check);
	doctor_say(d, check.enabled == 0 ? DOCTOR_WARNING : DOCTOR_OK,
	    "%s: %zu user%s, %zu disabled%s", path, n, n == 1 ? "" : "s",
	    n - check.enabled, check.enabled == 0 ? ": nobody can log in" :
	    "");
	users_table_free(table);
}

void
doctor_store(struct doctor *d)
{
	const struct conf_signer *signer;

	if ((signer = d->conf->signer) == NULL)
		return;
	if (signer->store == CONF_STORE_POSTGRES)
		doctor_postgres(d, signer->store_arg);
	else if (check_files(d, signer->store_arg))
		check_lines(d, signer->store_arg);
}
