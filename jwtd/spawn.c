/*
 * fork and exec.  Between the two there is nothing but system calls on what was
 * made before.
 */
#include "spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "conf.h"
#include "control.h"

#define FIRST		3
#define NFDS_MAX	(FD_LISTEN - FIRST + CONF_MAX_LISTENERS)

/*
 * A descriptor may already stand where another belongs, so all go above the
 * range first.
 */
static int
place_descriptors(const struct spawn *s)
{
	int high[NFDS_MAX];
	size_t i;
	int fd;

	for (i = 0; i < s->nfds; i++) {
		fd = s->fds[i];
		if (fd == -1 && (fd = open("/dev/null", O_RDWR)) == -1)
			return (-1);
		high[i] = fcntl(fd, F_DUPFD, FIRST + (int)s->nfds);
		if (high[i] == -1)
			return (-1);
	}
	for (i = 0; i < s->nfds; i++)
		if (dup2(high[i], FIRST + (int)i) == -1)
			return (-1);
	closefrom(FIRST + (int)s->nfds);
	return (0);
}

pid_t
spawn(const struct spawn *s)
{
	sigset_t none;
	pid_t pid;

	if ((pid = fork()) != 0)
		return (pid);
	sigemptyset(&none);
	if (s->nfds <= NFDS_MAX && place_descriptors(s) == 0 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0) {
		if (s->env != NULL)
			environ = (char **)(uintptr_t)s->env;
		(void)execv(s->path, s->argv);
	}
	_exit(127);
}
