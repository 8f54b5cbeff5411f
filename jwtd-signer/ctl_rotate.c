/*
 * jwtctl key rotate: the next key of a directory.  Its name says from when it
 * signs; that is all there is to tell anybody.  The key goes into a new file of
 * mode 0600 and to nowhere else.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_keymake.h"
#include "file.h"
#include "jwk.h"
#include "jwt.h"
#include "keydir.h"
#include "keyfile.h"
#include "log.h"

/*
 * Who verifies may have a key set for as long as the most that any jwtd keeps
 * one that it fetched, a day, after something between had it for the five
 * minutes that we allow.  The rest of an hour is for daemons that see the new
 * file late, and for clocks.
 */
#define WAIT_DEFAULT	(25 * 60 * 60)		/* seconds */
#define WAIT_MAX	(30 * 24 * 60 * 60)
#define TAG_LEN		16		/* of the kid, in a name */
#define TRIES		5

struct rotate {
	const struct conf_signer	*signer;
	struct keymake			 make;
	struct rotation			 all;
	unsigned int			 wait;		/* seconds */
	int64_t				 now;
};

/* Returns -1 after a message; one that is gone was deleted by somebody else. */
static int
delete(const char *directory, const char *name, const char *why)
{
	char *path;
	int rc;

	rc = 0;
	path = keydir_path(directory, name);
	if (unlink(path) == 0)
		printf("%s: %s, deleted\n", path, why);
	else if (errno != ENOENT) {
		log_warn("%s", path);
		rc = -1;
	}
	free(path);
	return (rc);
}

/* What runs that were interrupted have left. */
static int
delete_temporary(const char *directory)
{
	const struct dirent *entry;
	DIR *dir;
	int rc;

	if ((dir = opendir(directory)) == NULL) {
		log_warn("%s", directory);
		return (-1);
	}
	rc = 0;
	while ((entry = readdir(dir)) != NULL)
		if (rotation_temporary(entry->d_name) &&
		    delete(directory, entry->d_name, "unfinished") == -1)
			rc = -1;
	closedir(dir);
	return (rc);
}

static int
delete_expired(const struct rotate *r)
{
	size_t i;
	int rc;

	rc = 0;
	for (i = 0; i < r->all.n; i++)
		if (rotation_state(&r->all, i, r->now, r->signer->lifetime) ==
		    ROTATION_EXPIRED && delete(r->signer->directory,
		    r->all.keys[i].name, "expired") == -1)
			rc = -1;
	return (rc);
}

/*
 * The key that is to sign next, if that is no later than a new one would, by a
 * clock that may be another host's; or NULL.
 */
static const struct rotation_key *
coming(const struct rotate *r)
{
	size_t i;

	for (i = 0; i < r->all.n && r->wait > 0; i++)
		if (r->all.keys[i].since > r->now && r->all.keys[i].since <=
		    r->now + r->wait + JWT_LEEWAY)
			return (&r->all.keys[i]);
	return (NULL);
}

/* The key that signs now, as an example.  Returns -1 after a message. */
static int
choose_type(struct rotate *r)
{
	char err[512], *path;
	EVP_PKEY *pkey;

	pkey = NULL;
	if (r->all.n > 0 && r->make.type == NULL && r->make.bits == 0) {
		path = keydir_path(r->signer->directory,
		    r->all.keys[rotation_active(&r->all, r->now)].name);
		pkey = keyfile_load(path, err, sizeof(err));
		free(path);
		if (pkey == NULL) {
			log_warnx("%s", err);
			log_warnx("of which type is the next key to be?  "
			    "Say it with -t");
			return (-1);
		}
	}
	keymake_default(&r->make, pkey);
	EVP_PKEY_free(pkey);
	return (0);
}

/*
 * The file has its name when it is whole.  If another run took what is written
 * for what an interrupted one left, it is written once more.
 */
static int
write_file(const char *path, BIO *bio)
{
	char *text;
	long len;
	int i, rc;

	if ((len = BIO_get_mem_data(bio, &text)) <= 0) {
		log_warnx("out of memory");
		return (-1);
	}
	rc = -1;
	errno = ENOENT;
	for (i = 0; i < TRIES && rc == -1 && errno == ENOENT; i++)
		rc = file_write(path, text, (size_t)len, 0600, (uid_t)-1,
		    (gid_t)-1, true);
	if (rc == -1)
		log_warn("%s", path);
	explicit_bzero(text, (size_t)len);
	return (rc);
}

/* When a new one signs: not in the same second as the one that does now. */
static int64_t
turn(const struct rotate *r)
{
	int64_t since;

	/* nobody can have cached that there is no key */
	if (r->all.n == 0)
		return (r->now);
	since = r->now + r->wait;
	return (since + (since ==
	    r->all.keys[rotation_active(&r->all, r->now)].since));
}

static int
save(const struct rotate *r, EVP_PKEY *pkey, int64_t since)
{
	char kid[JWK_THUMBPRINT + 1], tag[TAG_LEN + 1], when[32], *path;
	struct rotation_key key;
	BIO *bio;
	int rc;

	if (jwk_thumbprint(pkey, kid) == -1 ||
	    (bio = keymake_text(pkey)) == NULL)
		return (-1);
	(void)strlcpy(tag, kid, sizeof(tag));
	rc = -1;
	path = NULL;
	if (!rotation_name(&key, since, tag))
		log_warnx("the clock is wrong");
	else {
		path = keydir_path(r->signer->directory, key.name);
		rc = write_file(path, bio);
	}
	if (rc == 0)
		printf("%s: %s %d, kid %s, signs %s%s\n", path,
		    keymake_name(&r->make), EVP_PKEY_bits(pkey), kid,
		    since > r->now ? "from " : "now",
		    since > r->now ? rotation_time(when, since) : "");
	free(path);
	BIO_free(bio);
	return (rc);
}

static int
rotate(struct rotate *r)
{
	const struct rotation_key *next;
	char when[ROTATION_TIME_SIZE];
	const char *directory, *why;
	EVP_PKEY *pkey;
	int rc;

	directory = r->signer->directory;
	if ((why = keydir_check(directory)) != NULL ||
	    keydir_read(directory, &r->all, keydir_log_odd, &why) == -1) {
		log_warnx("%s: %s", directory, why);
		return (-1);
	}
	rc = delete_temporary(directory) | delete_expired(r);
	if ((next = coming(r)) != NULL) {
		printf("%s/%s: signs from %s\n", directory, next->name,
		    rotation_time(when, next->since));
		return (rc);
	}
	if (choose_type(r) == -1 || (pkey = keymake_new(&r->make)) == NULL)
		return (-1);
	if (save(r, pkey, turn(r)) == -1)
		rc = -1;
	EVP_PKEY_free(pkey);
	return (rc);
}

int
ctl_key_rotate(struct ctl *ctl, int argc, char **argv)
{
	struct rotate *r;
	const char *why;
	int status;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal("keys");
	status = CTL_USAGE;
	if (keymake_options(&r->make, argc, argv, "+b:t:w:") == -1 ||
	    argc != optind)
		goto out;
	r->wait = WAIT_DEFAULT;
	if (r->make.wait != NULL && (why = conf_seconds(r->make.wait, 0,
	    WAIT_MAX, &r->wait)) != NULL) {
		log_warnx("invalid time \"%s\"%s%s", r->make.wait,
		    *why != '\0' ? ": " : "", why);
		goto out;
	}
	status = CTL_FAILED;
	if ((r->signer = ctl_signer(ctl)) == NULL)
		goto out;
	if (r->signer->directory == NULL) {
		log_warnx("%s: the signer has no \"keys\"", ctl->conf_path);
		goto out;
	}
	r->now = (int64_t)time(NULL);
	status = rotate(r) == 0 ? CTL_OK : CTL_FAILED;
out:
	free(r);
	return (status);
}
