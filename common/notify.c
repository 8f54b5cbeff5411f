/*
 * Datagrams to the service manager, as sd_notify(3) documents them: lines of
 * NAME=VALUE.  It reads nothing, and must never wait: a manager that does not
 * listen must not stop the daemon.
 */
#include "notify.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define TEXT_MAX	512

static struct {
	int		 fd;
	uint64_t	 every;		/* ms between two beats, 0: none */
	uint64_t	 next;		/* clock_ms() of the next one */
} state = { -1, 0, 0 };

/* A path, or with '@' a name that is in no file system.  Returns its length. */
static socklen_t
address(const char *name, struct sockaddr_un *sun)
{
	size_t len;

	len = strlen(name);
	if (len < 2 || len >= sizeof(sun->sun_path) ||
	    (*name != '/' && *name != '@'))
		return (0);
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, name, len);
	if (*name == '/')
		return ((socklen_t)sizeof(*sun));
	sun->sun_path[0] = '\0';
	return ((socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

static int
connect_to(const char *name)
{
	struct sockaddr_un sun;
	socklen_t len;
	int fd;

	if ((len = address(name, &sun)) == 0) {
		log_warnx("NOTIFY_SOCKET: neither a path nor an abstract "
		    "name: \"%s\"", name);
		return (-1);
	}
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, len) == -1) {
		log_warn("NOTIFY_SOCKET: %s", name);
		if (fd != -1)
			close(fd);
		return (-1);
	}
	return (fd);
}

/* Half of what the manager waits, if it is this process that it waits for. */
static uint64_t
interval(const char *usec, const char *pid)
{
	const char *errstr;
	long long n;

	if (usec == NULL)
		return (0);
	if (pid != NULL && strtonum(pid, 1, INT_MAX, &errstr) != getpid())
		return (0);
	n = strtonum(usec, 2000, LLONG_MAX, &errstr);
	if (errstr != NULL) {
		log_warnx("WATCHDOG_USEC: %s: \"%s\"", errstr, usec);
		return (0);
	}
	return ((uint64_t)n / 2000);
}

void
notify_open(void)
{
	const char *name;

	if ((name = getenv("NOTIFY_SOCKET")) != NULL)
		state.fd = connect_to(name);
	if (state.fd != -1)
		state.every = interval(getenv("WATCHDOG_USEC"),
		    getenv("WATCHDOG_PID"));
	state.next = clock_ms();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

static void
say(const char *text)
{
	if (state.fd != -1 && send(state.fd, text, strlen(text),
	    MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		log_warn("NOTIFY_SOCKET");
}

void
notify_ready(const char *status)
{
	char text[TEXT_MAX];
	int n;

	n = snprintf(text, sizeof(text), "READY=1\nSTATUS=%s\n", status);
	if (n > 0 && (size_t)n < sizeof(text))
		say(text);
}

void
notify_reloading(void)
{
	char text[TEXT_MAX];
	struct timespec ts;
	int n;

	/* to the microsecond: what is older than its own request is ignored */
	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return;
	n = snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64
	    "\nSTATUS=reloading\n", (uint64_t)ts.tv_sec * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000);
	if (n > 0 && (size_t)n < sizeof(text))
		say(text);
}

void
notify_stopping(void)
{
	say("STOPPING=1\nSTATUS=answering what has been asked\n");
}

int
notify_watchdog(void)
{
	uint64_t now;

	if (state.every == 0)
		return (-1);
	now = clock_ms();
	if (now >= state.next) {
		say("WATCHDOG=1\n");
		state.next = now + state.every;
	}
	now = state.next - now;
	return (now > INT_MAX ? INT_MAX : (int)now);
}
