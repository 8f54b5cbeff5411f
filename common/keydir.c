/*
 * The directory of signing keys; see keydir.h.  This file reads names and must
 * never open a key.
 */
#include "keydir.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jwk.h"
#include "log.h"

int
keydir_read(const char *path, struct rotation *all,
    void (*odd)(const char *, const char *), const char **why)
{
	struct rotation_key key;
	struct dirent *entry;
	DIR *dir;
	int rc;

	all->n = 0;
	if ((dir = opendir(path)) == NULL) {
		*why = strerror(errno);
		return (-1);
	}
	rc = 0;
	while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
		if (!rotation_parse(entry->d_name, &key)) {
			if (odd != NULL && rotation_almost(entry->d_name))
				odd(path, entry->d_name);
		} else if (!rotation_add(all, &key)) {
			*why = "too many keys";
			rc = -1;
		}
	}
	if (rc == 0 && errno != 0) {
		*why = strerror(errno);
		rc = -1;
	}
	closedir(dir);
	rotation_sort(all);
	return (rc);
}

const char *
keydir_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return (strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return ("not a directory");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return ("owned by another user");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return ("writable by group or others");
	return (NULL);
}

void
keydir_log_odd(const char *path, const char *name)
{
	log_warnx("%s/%s: ignored: no name such as "
	    "\"20261124T130000Z-NAME.pem\"", path, name);
}

char *
keydir_path(const char *path, const char *name)
{
	char *full;

	if (asprintf(&full, "%s/%s", path, name) == -1)
		fatal("%s", path);
	return (full);
}

static void
add(struct conf_signer *signer, const struct rotation_key *from,
    enum rotation_state state)
{
	struct conf_key *key;

	if ((key = calloc(1, sizeof(*key))) == NULL)
		fatal("key");
	key->path = keydir_path(signer->directory, from->name);
	key->alg = signer->directory_alg;
	key->retired = state != ROTATION_ACTIVE;
	key->found = true;
	key->next = state == ROTATION_NEXT;
	key->since = from->since;
	TAILQ_INSERT_TAIL(&signer->keys, key, entry);
}

int
keydir_fill(struct conf_signer *signer, int64_t now)
{
	enum rotation_state state;
	struct rotation *all;
	const char *why;
	size_t i, n;

	if (signer->directory == NULL)
		return (0);
	if ((all = calloc(1, sizeof(*all))) == NULL)
		fatal("keys");
	n = 0;
	if ((why = keydir_check(signer->directory)) == NULL &&
	    keydir_read(signer->directory, all, keydir_log_odd, &why) == 0) {
		for (i = 0; i < all->n; i++) {
			state = rotation_state(all, i, now, signer->lifetime);
			if (state == ROTATION_EXPIRED)
				continue;
			add(signer, &all->keys[i], state);
			n++;
		}
		if (n == 0)
			why = "there is no key: make one with "
			    "\"jwtctl key rotate\"";
		else if (n > JWK_SET_MAX)
			why = "too many keys";
	}
	free(all);
	if (why == NULL)
		return (0);
	log_warnx("%s: %s", signer->directory, why);
	return (-1);
}
