/*
 * Messages to the administrator.  The one place that writes to syslog and
 * stderr; it holds the process's name and role, and nothing else is global.
 * Whether stderr is the journal of systemd is told by the environment.
 */
#include "log.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LOG_LINE_MAX	1024

static struct {
	const char	*name;
	const char	*role;
	bool		 foreground;
	bool		 verbose;
	bool		 detached;
	bool		 journal;	/* stderr takes priorities */
	int		 null;
	void		(*divert)(const char *);
} state = { .name = "jwtd", .foreground = true, .null = -1 };

/*
 * As systemd.exec(5) says under $JOURNAL_STREAM: the variable is inherited by
 * programs whose stderr is another thing, so the file has to be that one.
 */
static bool
is_journal(int fd)
{
	char text[64];
	const char *stream;
	struct stat st;
	int n;

	if ((stream = getenv("JOURNAL_STREAM")) == NULL ||
	    fstat(fd, &st) == -1)
		return (false);
	n = snprintf(text, sizeof(text), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return (n > 0 && (size_t)n < sizeof(text) &&
	    strcmp(text, stream) == 0);
}

void
log_init(const char *name, int foreground, int verbose)
{
	state.name = name;
	state.foreground = foreground;
	state.verbose = verbose;
	state.journal = is_journal(STDERR_FILENO);
	if (!foreground) {
		openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
		/* opened now, because there is no /dev after chroot */
		state.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	}
}

void
log_role(const char *role)
{
	state.role = role;
}

void
log_detach(void)
{
	if (state.foreground || state.detached)
		return;
	state.detached = true;
	if (state.null == -1)
		return;
	(void)dup2(state.null, STDIN_FILENO);
	(void)dup2(state.null, STDOUT_FILENO);
	(void)dup2(state.null, STDERR_FILENO);
	close(state.null);
	state.null = -1;
}

void
log_divert(void (*divert)(const char *))
{
	state.divert = divert;
}

bool
log_verbose(void)
{
	return (state.verbose);
}

/*
 * Escape what could forge a line or talk to a terminal: controls, and those of
 * U+0080 to U+009F, which UTF-8 begins with 0xc2.  What does not fit is cut.
 * Values of others have been through log_value_quote() before.
 */
static void
escape(char *out, size_t size, const char *in)
{
	const unsigned char *p;
	size_t n;

	n = 0;
	for (p = (const unsigned char *)in; *p != '\0' && n + 5 < size; p++) {
		if (*p >= 0x20 && *p != 0x7f &&
		    !(*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)) {
			out[n++] = (char)*p;
			continue;
		}
		n += (size_t)snprintf(out + n, size - n, "\\x%02x", *p);
	}
	out[n] = '\0';
}

/* one write, so that the lines of several processes do not mix */
static void
emit_stderr(int priority, const char *safe)
{
	char text[LOG_LINE_MAX], level[8] = "";
	int n;

	/* sd-daemon(3) */
	if (state.journal)
		(void)snprintf(level, sizeof(level), "<%d>", priority);
	n = snprintf(text, sizeof(text), "%s%s: %s%s%.900s\n", level,
	    state.name, state.role != NULL ? state.role : "",
	    state.role != NULL ? ": " : "", safe);
	if (n > 0 && (size_t)n < sizeof(text) &&
	    write(STDERR_FILENO, text, (size_t)n) == -1)
		errno = 0;	/* nobody is left to tell */
}

static void __attribute__((format(printf, 3, 0)))
emit(int priority, int error, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX], safe[LOG_LINE_MAX * 2];
	int n, saved;

	saved = errno;
	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(text) && error != 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, ": %s",
		    strerror(error));
	escape(safe, sizeof(safe), text);
	if (!state.foreground)
		syslog(priority, "%s%s%s", state.role != NULL ? state.role : "",
		    state.role != NULL ? ": " : "", safe);
	if (state.divert != NULL && priority != LOG_CRIT)
		state.divert(safe);
	else if (!state.detached)
		emit_stderr(priority, safe);
	errno = saved;
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_WARNING, errno, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_WARNING, 0, fmt, ap);
	va_end(ap);
}

void
log_notice(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_NOTICE, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!state.verbose)
		return;
	va_start(ap, fmt);
	emit(LOG_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_CRIT, errno, fmt, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_CRIT, 0, fmt, ap);
	va_end(ap);
	exit(1);
}
