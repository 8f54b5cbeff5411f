/*
 * What is missing for a first start, in the order in which it is made; see
 * EXAMPLES in jwtd(8).  It looks at what is there, and must never open or
 * change it; jwtctl(8) has the whole truth.
 */
#include "hint.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "file.h"
#include "log.h"
#include "parent.h"
#include "paths.h"
#include "priv.h"
#include "tlskey.h"
#include "trustd.h"
#include "worker.h"

static bool
missing(const char *path)
{
	struct stat st;

	return (stat(path, &st) == -1 && errno == ENOENT);
}

/* Is the directory of that path missing?  Then say so by that command. */
static bool
no_directory(const char *path, const char *command)
{
	const char *base;
	char *dir;
	bool no;

	if ((dir = file_directory(path, &base)) == NULL)
		return (false);
	if ((no = missing(dir)))
		log_warnx("next, type: %s %s", command, dir);
	free(dir);
	return (no);
}

static bool
no_user(const char *name)
{
	if (priv_user_exists(name))
		return (false);
	log_warnx("next, type: useradd -r -s /usr/sbin/nologin %s", name);
	return (true);
}

static bool
no_signer(const struct conf_signer *signer)
{
	const struct conf_key *key;

	if (signer->directory != NULL && missing(signer->directory)) {
		log_warnx("next, type: mkdir -p -m 700 %s",
		    signer->directory);
		return (true);
	}
	TAILQ_FOREACH(key, &signer->keys, entry) {
		if (no_directory(key->path, "mkdir -p"))
			return (true);
		if (!key->retired && missing(key->path)) {
			log_warnx("next, type: jwtctl key new");
			return (true);
		}
	}
	return (signer->store == CONF_STORE_FILE &&
	    no_directory(signer->store_arg, geteuid() == 0 ?
	    "install -d -o " SIGNER_USER " -g " SIGNER_USER " -m 700" :
	    "mkdir -p -m 700"));
}

static bool
no_certificate(const struct conf *conf)
{
	const struct conf_server *server;

	TAILQ_FOREACH(server, &conf->servers, entry)
		if (server->tls_certificate != NULL &&
		    missing(server->tls_certificate)) {
			if (!no_directory(server->tls_certificate, "mkdir -p"))
				log_warnx("next, type: jwtctl certificate new");
			return (true);
		}
	return (false);
}

static void
hint_conf(const struct conf *conf)
{
	if (no_user(WORKER_USER) || (conf_tls(conf) && no_user(TLSKEY_USER)) ||
	    (conf->ntrusts > 0 && no_user(TRUST_USER)))
		return;
	if (conf->signer != NULL && (no_user(SIGNER_USER) ||
	    no_signer(conf->signer)))
		return;
	if (!no_certificate(conf))
		log_warnx("to look for what is wrong, type: jwtctl doctor");
}

void
hint(const char *file)
{
	struct conf *conf;

	if (strcmp(file, path_conf) != 0)
		return;
	if (missing(file)) {
		if (path_example == NULL)
			log_warnx("this is a build tree: to try it out, type: "
			    "make run");
		else
			log_warnx("next, type: cp %s %s", path_example, file);
		return;
	}
	if ((conf = conf_load(file, NULL)) != NULL)
		hint_conf(conf);
	conf_free(conf);
}
