/*
 * jwtctl user: edits of the users, in whichever store they are.  Passwords and
 * hashes pass through here and are wiped; none is printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"
#include "password.h"
#include "store.h"
#include "users_admin.h"

static struct span
span_of(const char *text)
{
	struct span s;

	s.p = text;
	s.len = strlen(text);
	return (s);
}

struct users_admin *
ctl_users(struct ctl *ctl, bool edit)
{
	const struct conf_signer *signer;

	if (ctl->conninfo != NULL)
		return (users_admin_postgres(ctl->conninfo, edit));
	if ((signer = ctl_signer(ctl)) == NULL)
		return (NULL);
	if (signer->store == CONF_STORE_FILE)
		return (users_admin_file(signer->store_arg, edit));
	log_warnx("%s: the store is PostgreSQL: give -d conninfo",
	    ctl->conf_path);
	return (NULL);
}

/*
 * Open the store for an edit of that name, which must be there or must not.
 * Fills user with what it has.  NULL after a message.
 */
static struct users_admin *
open_for(struct ctl *ctl, const char *name, bool exists,
    struct users_line *user)
{
	struct users_admin *users;
	const char *why;
	int found;

	if (!users_name_valid(name, strlen(name), &why)) {
		log_warnx("invalid name \"%.300s\": %s", name, why);
		return (NULL);
	}
	if ((users = ctl_users(ctl, true)) == NULL)
		return (NULL);
	found = users_admin_find(users, name, user);
	if (found == (exists ? 1 : 0))
		return (users);
	if (found == 0)
		log_warnx("no such user \"%s\"", name);
	else if (found == 1)
		log_warnx("user \"%s\" exists already", name);
	users_admin_close(users);
	return (NULL);
}

/* what became of the one user that was put */
struct one {
	const struct users_line	*user;
	bool			 good;
};

static void
did_one(void *arg, size_t i, enum users_put put, const char *why)
{
	struct one *one;

	(void)i;
	one = arg;
	one->good = false;
	if (put == USERS_REFUSED)
		log_warnx("user \"%.*s\": %s", (int)one->user->name.len,
		    one->user->name.p, why);
	else if (put == USERS_EXISTS)
		log_warnx("user \"%.*s\" exists already",
		    (int)one->user->name.len, one->user->name.p);
	else
		one->good = true;
}

/* Put the user, commit, close.  Returns an exit status after a message. */
static int
put_and_close(struct users_admin *users, const struct users_line *user,
    bool replace)
{
	struct one one = { user, false };
	const struct users_batch batch = { &user, 1, replace, did_one, &one };
	int status;

	status = CTL_FAILED;
	if (users_admin_put(users, &batch) == 0 && one.good &&
	    users_admin_commit(users) == 0)
		status = CTL_OK;
	users_admin_close(users);
	return (status);
}

/*
 * The grants as they go into the store: as given, but without newlines.  The
 * caller frees them.  NULL after a message.
 */
static char *
one_line(const char *json)
{
	const char *why;
	char *text;

	if (!users_grants_valid(json, strlen(json), &why)) {
		log_warnx("invalid grants \"%.300s\": %s", json, why);
		return (NULL);
	}
	if ((text = strdup(json)) == NULL) {
		log_warn("grants");
		return (NULL);
	}
	text[users_grants_one_line(text, strlen(text))] = '\0';
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
 * store is looked at before the question, and not locked during it.
 */
static int
set_password(struct ctl *ctl, const char *name, bool exists,
    const char *grants)
{
	char hash[PASSWORD_HASH_SIZE];
	struct users_line user;
	struct users_admin *users;
	int status;

	if ((users = open_for(ctl, name, exists, &user)) == NULL)
		return (CTL_FAILED);
	users_admin_close(users);
	if (ask_hash(name, hash) == -1)
		return (CTL_FAILED);
	status = CTL_FAILED;
	memset(&user, 0, sizeof(user));
	if ((users = open_for(ctl, name, exists, &user)) != NULL) {
		user.name = span_of(name);
		user.hash = span_of(hash);
		if (!exists)
			user.grants = span_of(grants);
		status = put_and_close(users, &user, exists);
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
	struct users_admin *users;
	char *grants;
	int status;

	if (getopt(argc, argv, "+") != -1 || argc - optind != 2)
		return (CTL_USAGE);
	if ((grants = one_line(argv[optind + 1])) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	if ((users = open_for(ctl, argv[optind], true, &user)) != NULL) {
		user.grants = span_of(grants);
		status = put_and_close(users, &user, true);
	}
	free(grants);
	return (status);
}

static int
set_disabled(struct ctl *ctl, int argc, char **argv, bool disabled)
{
	struct users_line user;
	struct users_admin *users;

	if (getopt(argc, argv, "+") != -1 || argc - optind != 1)
		return (CTL_USAGE);
	if ((users = open_for(ctl, argv[optind], true, &user)) == NULL)
		return (CTL_FAILED);
	user.disabled = disabled;
	if (put_and_close(users, &user, true) != CTL_OK)
		return (CTL_FAILED);
	/* after it, so that no token is made meanwhile */
	return (disabled ? ctl_revoke_gone(ctl, argv[optind]) : CTL_OK);
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
	struct users_admin *users;
	int status;

	if (getopt(argc, argv, "+") != -1 || argc - optind != 1)
		return (CTL_USAGE);
	if ((users = open_for(ctl, argv[optind], true, &user)) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	if (users_admin_delete(users, argv[optind]) == 0 &&
	    users_admin_commit(users) == 0)
		status = CTL_OK;
	users_admin_close(users);
	return (status == CTL_OK ? ctl_revoke_gone(ctl, argv[optind]) :
	    status);
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
	struct users_admin *users;
	long bad;

	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	if ((users = ctl_users(ctl, false)) == NULL)
		return (CTL_FAILED);
	bad = users_admin_list(users, print_user);
	users_admin_close(users);
	return (bad == 0 ? CTL_OK : CTL_FAILED);
}
