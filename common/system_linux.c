/* Linux's own ways; see system.h. */
#include "system.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIT_EVENTS	16	/* at a time; the others are there next time */

int
system_anonymous_file(const char *name)
{
	return (memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

int
system_seal(int fd)
{
	return (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE));
}

int
system_seal_size(int fd)
{
	return (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW));
}

/*
 * The seals keep the file's size, so that no reader meets its end.  That on
 * future writes cannot be set, since who writes may be started anew; but the
 * mode is for the owner alone, and a second descriptor by way of /proc has the
 * rights that it was opened with.
 */
int
system_shared_file(const char *name, size_t size, int *rw, int *ro)
{
	char path[64];
	int error;

	*ro = -1;
	if ((*rw = system_anonymous_file(name)) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", *rw);
	if (ftruncate(*rw, (off_t)size) == 0 && fchmod(*rw, 0600) == 0 &&
	    fcntl(*rw, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW) == 0 &&
	    (*ro = open(path, O_RDONLY | O_CLOEXEC)) != -1)
		return (0);
	error = errno;
	close(*rw);
	*rw = -1;
	errno = error;
	return (-1);
}

const char *
system_empty_directory(void)
{
	return ("/var/empty");
}

const char *
system_ca_bundle(void)
{
	return ("/etc/ssl/certs/ca-certificates.crt");
}

const char *
system_postgres_directory(void)
{
	return ("/var/run/postgresql");
}

int
system_wait_open(const int *fds, size_t n)
{
	struct epoll_event event;
	size_t i;
	int error, wait;

	if ((wait = epoll_create1(EPOLL_CLOEXEC)) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		memset(&event, 0, sizeof(event));
		event.events = i == 0 ? EPOLLIN : EPOLLIN | EPOLLEXCLUSIVE;
		event.data.u64 = i;
		if (fds[i] != -1 &&
		    epoll_ctl(wait, EPOLL_CTL_ADD, fds[i], &event) == -1) {
			error = errno;
			close(wait);
			errno = error;
			return (-1);
		}
	}
	return (wait);
}

int
system_wait(int wait, bool *ready, size_t n, int ms, const sigset_t *mask)
{
	struct epoll_event events[WAIT_EVENTS];
	int came, i;

	memset(ready, 0, n * sizeof(*ready));
	came = epoll_pwait(wait, events, WAIT_EVENTS, ms, mask);
	for (i = 0; i < came; i++)
		if (events[i].data.u64 < n)
			ready[events[i].data.u64] = true;
	return (came);
}
