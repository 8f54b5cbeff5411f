/*
 * Listeners from the service manager, as sd_listen_fds(3) documents them:
 * $LISTEN_PID is who they are for, and $LISTEN_FDS how many.  They stay the
 * manager's: this file must never close one or remove its path.
 */
#include "passed.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static struct {
	int			 fd;
	struct sockaddr_storage	 ss;
} passed[CONF_MAX_LISTENERS];
static size_t npassed;

/* Keep it if it is a listener, and make it one of ours. */
static void
take(int fd)
{
	socklen_t len;
	int accepts, flags;

	len = sizeof(accepts);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == -1 ||
	    !accepts) {
		log_warnx("descriptor %d was passed and is no listener", fd);
		return;
	}
	memset(&passed[npassed], 0, sizeof(passed[npassed]));
	len = sizeof(passed[npassed].ss);
	if (getsockname(fd, (struct sockaddr *)&passed[npassed].ss, &len) == -1
	    || (flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
		log_warn("descriptor %d", fd);
		return;
	}
	passed[npassed++].fd = fd;
}

int
passed_init(void)
{
	const char *pid, *fds, *errstr;
	int i, n;

	pid = getenv("LISTEN_PID");
	fds = getenv("LISTEN_FDS");
	n = 0;
	if (pid != NULL && fds != NULL &&
	    strtonum(pid, 1, INT_MAX, &errstr) == getpid()) {
		n = (int)strtonum(fds, 0, CONF_MAX_LISTENERS, &errstr);
		if (errstr != NULL)
			fatalx("LISTEN_FDS: %s: \"%s\"", errstr, fds);
	}
	for (i = 0; i < n; i++)
		take(PASSED_FIRST + i);
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return (n);
}

static bool
same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_un *aun, *bun;
	const struct sockaddr_in6 *a6, *b6;
	const struct sockaddr_in *a4, *b4;

	if (a->ss_family != b->ss_family)
		return (false);
	switch (a->ss_family) {
	case AF_UNIX:
		aun = (const struct sockaddr_un *)a;
		bun = (const struct sockaddr_un *)b;
		return (strncmp(aun->sun_path, bun->sun_path,
		    sizeof(aun->sun_path)) == 0);
	case AF_INET:
		a4 = (const struct sockaddr_in *)a;
		b4 = (const struct sockaddr_in *)b;
		return (a4->sin_port == b4->sin_port &&
		    a4->sin_addr.s_addr == b4->sin_addr.s_addr);
	case AF_INET6:
		a6 = (const struct sockaddr_in6 *)a;
		b6 = (const struct sockaddr_in6 *)b;
		return (a6->sin6_port == b6->sin6_port &&
		    memcmp(&a6->sin6_addr, &b6->sin6_addr,
		    sizeof(a6->sin6_addr)) == 0);
	default:
		return (false);
	}
}

int
passed_find(const struct conf_listener *listener)
{
	size_t i;

	for (i = 0; i < npassed; i++)
		if (same(&passed[i].ss, &listener->ss))
			return (passed[i].fd);
	return (-1);
}

bool
passed_has(int fd)
{
	size_t i;

	for (i = 0; i < npassed; i++)
		if (passed[i].fd == fd)
			return (true);
	return (false);
}
