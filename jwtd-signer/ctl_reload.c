/*
 * jwtctl reload: have the daemon read its configuration again, and say what
 * came of it.  The daemon looks at it itself; this only looks first.
 */
#include <signal.h>

#include "clock.h"
#include "ctl.h"
#include "ctl_daemon.h"
#include "log.h"

/* the daemon's own limit, and another reload that it may be at */
#define PATIENCE	150000	/* ms */

static uint64_t
ended(const struct metrics_parent *parent)
{
	return (parent->reloads + parent->refused);
}

/* The first reload that begins from now on was asked for by us, or may be. */
static int
reload(struct daemon *daemon)
{
	struct metrics_parent before;
	uint64_t until;

	before = daemon->file->status.parent;
	until = clock_ms() + PATIENCE;
	if (!daemon_signal(daemon, SIGHUP))
		return (CTL_FAILED);
	do {
		daemon_pause();
		if (!daemon_read(daemon, false))
			return (CTL_FAILED);
		if (ended(&daemon->file->status.parent) > before.begun)
			break;
		if (!daemon_runs(daemon)) {
			log_warnx("jwtd has ended: see the log");
			return (CTL_FAILED);
		}
	} while (clock_ms() < until);
	if (ended(&daemon->file->status.parent) <= before.begun) {
		log_warnx("no answer from jwtd, pid %ld: see the log",
		    (long)daemon->pid);
		return (CTL_FAILED);
	}
	if (daemon->file->status.parent.refused > before.refused) {
		log_warnx("not reloaded: the configuration stays as it was: "
		    "see the log");
		return (CTL_FAILED);
	}
	printf("configuration reloaded\n");
	return (CTL_OK);
}

int
ctl_reload(struct ctl *ctl, int argc, char **argv)
{
	const struct conf *conf;
	struct daemon daemon;
	const char *path;
	int status;

	(void)argv;
	if (argc != 1)
		return (CTL_USAGE);
	if ((conf = ctl_conf(ctl)) == NULL) {
		log_warnx("not reloaded: the configuration stays as it was");
		return (CTL_FAILED);
	}
	if ((path = status_path(conf, ctl->conf_path)) == NULL) {
		log_warnx("%s: there is no \"status\"", ctl->conf_path);
		return (CTL_FAILED);
	}
	if (!daemon_find(&daemon, path))
		return (CTL_FAILED);
	status = reload(&daemon);
	daemon_close(&daemon);
	return (status);
}
