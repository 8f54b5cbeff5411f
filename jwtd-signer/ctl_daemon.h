/* The daemon that runs, for the commands that talk to it. */
#ifndef CTL_DAEMON_H
#define CTL_DAEMON_H

#include <sys/types.h>

#include <stdbool.h>

#include "status.h"

struct daemon {
	const char		*path;
	int			 fd;
	pid_t			 pid;
	struct status_file	*file;		/* as it was read last */
};

/*
 * Find the one with that status file and read what it says of itself.  Returns
 * false after a message if there is none.
 */
bool	daemon_find(struct daemon *, const char *path);
void	daemon_close(struct daemon *);

/* It still runs. */
bool	daemon_runs(const struct daemon *);

/* Read file->status, with all the metrics too.  False after a message. */
bool	daemon_read(struct daemon *, bool all);

/* Send it that signal.  False after a message. */
bool	daemon_signal(const struct daemon *, int sig);

/* Between two looks. */
void	daemon_pause(void);

#endif
