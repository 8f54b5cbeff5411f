/*
 * jwtd: the command line, the checks before anything runs, and the way into the
 * background.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "hint.h"
#include "libraries.h"
#include "log.h"
#include "metrics.h"
#include "parent.h"
#include "passed.h"
#include "paths.h"
#include "priv.h"
#include "tlskey.h"
#include "trustd.h"
#include "worker.h"

static void __attribute__((noreturn))
usage(void)
{
	fprintf(stderr, "usage: jwtd [-dnv] [-f file]\n");
	exit(2);
}

/*
 * This program's own path, to run it again as another process.  It was started
 * by its path, or found in PATH by its name.
 */
static void
find_self(const char *argv0, char path[PATH_MAX])
{
	char name[PATH_MAX];
	const char *dir;
	size_t len;

	if (strchr(argv0, '/') != NULL) {
		if (realpath(argv0, path) == NULL)
			fatal("%s", argv0);
		return;
	}
	for (dir = getenv("PATH"); dir != NULL && *dir != '\0';
	    dir += len + (dir[len] == ':')) {
		len = strcspn(dir, ":");
		if (*dir == '/' && (size_t)snprintf(name, sizeof(name),
		    "%.*s/%s", (int)len, dir, argv0) < sizeof(name) &&
		    access(name, X_OK) == 0 && realpath(name, path) != NULL)
			return;
	}
	fatalx("%s: not in PATH", argv0);
}

/*
 * Where the child processes' programs are.  A build tree's jwtd runs the
 * jwtd-signer beside it; an installed one the path it was built with.
 */
static void
find_programs(const char *argv0, struct parent_options *options)
{
	char self[PATH_MAX], path[PATH_MAX];

	find_self(argv0, self);
	(void)strlcpy(path, path_signer, sizeof(path));
	if (path_signer[0] != '/') {
		(void)strlcpy(path, self, sizeof(path));
		strrchr(path, '/')[1] = '\0';
		if (strlcat(path, path_signer, sizeof(path)) >= sizeof(path))
			fatalx("%s: too long", argv0);
	}
	if ((options->self = strdup(self)) == NULL ||
	    (options->signer = strdup(path)) == NULL)
		fatal("strdup");
}

static bool
check_user(const char *name)
{
	if (priv_user_exists(name))
		return (true);
	log_warnx("no such user \"%s\"", name);
	return (false);
}

static bool
check_users(const struct conf *conf)
{
	return (check_user(WORKER_USER) &&
	    (conf->signer == NULL || check_user(SIGNER_USER)) &&
	    (conf->ntrusts == 0 || check_user(TRUST_USER)) &&
	    (!conf_tls(conf) || check_user(TLSKEY_USER)));
}

/*
 * Go into the background, but let the caller's jwtd end only when the daemon is
 * ready, or with its failure.  Returns the descriptor to say so on.
 */
static int
background(void)
{
	int fds[2], status;
	char byte;
	pid_t pid;

	if (pipe(fds) == -1)
		fatal("pipe");
	switch (pid = fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fds[0]);
		if (setsid() == -1)
			fatal("setsid");
		return (fds[1]);
	default:
		close(fds[1]);
		if (read(fds[0], &byte, 1) == 1)
			_exit(0);
		status = 0;
		(void)waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ?
		    WEXITSTATUS(status) : 1);
	}
}

static void
on_started(void *arg)
{
	int *fd;

	fd = arg;
	if (*fd == -1)
		return;
	log_detach();
	if (write(*fd, "", 1) == -1)
		log_warn("the caller is gone");
	close(*fd);
}

int
main(int argc, char *argv[])
{
	struct parent_options options;
	static const char *argv0;
	const char *file, *errstr;
	struct conf *conf;
	unsigned int place;
	long long slot;
	int ch, check, notify, status, tlskey, trust;

	memset(&options, 0, sizeof(options));
	argv0 = strdup(argv[0]);
	file = path_conf;
	check = tlskey = trust = 0;
	slot = -1;
	place = 0;
	errstr = NULL;
	while ((ch = getopt(argc, argv, "df:g:KnTvW:")) != -1)
		switch (ch) {
		case 'd':
			options.foreground = 1;
			break;
		case 'f':
			file = optarg;
			break;
		case 'g':
			place = (unsigned int)strtonum(optarg, 0,
			    METRICS_GENERATIONS - 1, &errstr);
			break;
		case 'K':
			tlskey = 1;
			break;
		case 'n':
			check = 1;
			break;
		case 'T':
			trust = 1;
			break;
		case 'v':
			options.verbose = 1;
			break;
		case 'W':
			slot = strtonum(optarg, 0, CONF_MAX_WORKERS - 1,
			    &errstr);
			break;
		default:
			usage();
		}
	if (argc != optind || errstr != NULL || argv0 == NULL)
		usage();
	libraries_init();
	/* a file that may not grow is an error; those that we start have it */
	(void)signal(SIGXFSZ, SIG_IGN);
	if (tlskey)
		tlskey_main(options.foreground, options.verbose);
	if (slot != -1)
		worker_main((unsigned int)slot, place, options.foreground,
		    options.verbose);
	if (trust)
		trustd_main(options.foreground, options.verbose);
	closefrom(PASSED_FIRST + passed_init());
	if ((conf = conf_load(file, NULL)) == NULL) {
		if (access(file, F_OK) == -1)
			hint(file);
		return (1);
	}
	if (check) {
		if (options.verbose)
			conf_print(conf, stdout);
		printf("configuration OK\n");
		conf_free(conf);
		return (0);
	}
	if (!check_users(conf)) {
		hint(file);
		return (1);
	}
	/* setproctitle(3) writes where the arguments are */
	if ((options.file = strdup(file)) == NULL)
		fatal("strdup");
	find_programs(argv0, &options);
	notify = options.foreground ? -1 : background();
	log_init("jwtd", options.foreground, options.verbose);
	setproctitle("parent");
	if ((status = parent_run(conf, &options, on_started, &notify)) != 0)
		hint(file);
	return (status);
}
