/*
 * The daemon that runs: who has the lock of its status file.  The kernel says
 * who that is, so no file can make this signal a stranger.
 */
#include "ctl_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define PAUSE	20000000L	/* nanoseconds */

static bool
find_holder(struct daemon *daemon)
{
	daemon->pid = status_holder(daemon->fd);
	if (daemon->pid > 0)
		return (true);
	if (daemon->pid == 0)
		log_warnx("jwtd is not running");
	else if (daemon->pid == -2)
		log_warnx("%s: jwtd runs where it cannot be seen from here",
		    daemon->path);
	else
		log_warn("%s", daemon->path);
	return (false);
}

bool
daemon_find(struct daemon *daemon, const char *path)
{
	daemon->path = path;
	daemon->file = NULL;
	daemon->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (daemon->fd == -1) {
		if (errno == ENOENT)
			log_warnx("jwtd is not running");
		else
			log_warn("%s", path);
		return (false);
	}
	if ((daemon->file = calloc(1, sizeof(*daemon->file))) == NULL)
		fatal("calloc");
	if (find_holder(daemon) && daemon_read(daemon, false))
		return (true);
	daemon_close(daemon);
	return (false);
}

void
daemon_close(struct daemon *daemon)
{
	if (daemon->fd != -1)
		close(daemon->fd);
	daemon->fd = -1;
	free(daemon->file);
	daemon->file = NULL;
}

bool
daemon_runs(const struct daemon *daemon)
{
	return (status_holder(daemon->fd) == daemon->pid);
}

bool
daemon_read(struct daemon *daemon, bool all)
{
	size_t len, done;
	ssize_t n;

	len = all ? sizeof(*daemon->file) : sizeof(daemon->file->status);
	for (done = 0; done < len; done += (size_t)n) {
		n = pread(daemon->fd, (char *)daemon->file + done, len - done,
		    (off_t)done);
		if (n == -1) {
			log_warn("%s", daemon->path);
			return (false);
		}
		if (n == 0)
			break;
	}
	if (done == len && daemon->file->status.magic == STATUS_MAGIC)
		return (true);
	log_warnx("%s: not the status of a jwtd of this version",
	    daemon->path);
	return (false);
}

bool
daemon_signal(const struct daemon *daemon, int sig)
{
	if (kill(daemon->pid, sig) == 0)
		return (true);
	log_warn("jwtd, pid %ld", (long)daemon->pid);
	return (false);
}

void
daemon_pause(void)
{
	static const struct timespec ts = { 0, PAUSE };

	(void)nanosleep(&ts, NULL);
}
