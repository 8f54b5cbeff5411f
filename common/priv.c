/*
 * Giving up root, for good.  The order matters: chroot needs root, the groups
 * need root, and the user comes last.
 */
#include "priv.h"

#include <sys/types.h>

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

int
priv_user_exists(const char *user)
{
	return (geteuid() != 0 || getpwnam(user) != NULL);
}

/* What should now be impossible is tried, rather than believed. */
static void
prove(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) == -1 || r != uid || e != uid || s != uid)
		fatalx("the user ids did not change");
	if (getresgid(&rg, &eg, &sg) == -1 || rg != gid || eg != gid ||
	    sg != gid)
		fatalx("the group ids did not change");
	if (uid == 0)
		fatalx("still root");
	if (setuid(0) != -1 || seteuid(0) != -1)
		fatalx("root could be had back");
	if (gid != 0 && (setgid(0) != -1 || setegid(0) != -1))
		fatalx("the group of root could be had back");
}

void
priv_drop(const char *user, const char *directory)
{
	struct passwd *pw;

	if (geteuid() != 0) {
		prove(getuid(), getgid());
		return;
	}
	if ((pw = getpwnam(user)) == NULL)
		fatalx("no such user \"%s\"", user);
	if (directory != NULL && chroot(directory) == -1)
		fatal("chroot %s", directory);
	if (chdir("/") == -1)
		fatal("chdir / in %s", directory != NULL ? directory : "/");
	if (setgroups(1, &pw->pw_gid) == -1)
		fatal("setgroups");
	if (setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1)
		fatal("setresgid");
	if (setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		fatal("setresuid");
	prove(pw->pw_uid, pw->pw_gid);
}
