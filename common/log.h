/*
 * Messages to the administrator: to syslog, to stderr, or to both while a
 * program starts.  Control characters are escaped.  Never pass a password, a
 * token or a key.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/*
 * name is the program's.  With foreground, messages go to stderr for good;
 * else to stderr and syslog until log_detach().  With verbose, log_debug()
 * is heard.  Call before chroot: it opens syslog.  Lines on stderr begin with
 * a priority, as in "<6>", where that is the journal of systemd.
 */
void	log_init(const char *name, int foreground, int verbose);
/* what this process is; a static string or one that outlives it */
void	log_role(const char *role);
/* from now on to syslog alone, unless in the foreground */
void	log_detach(void);

/*
 * In place of stderr, let this function have each message, with controls
 * escaped and without a newline; NULL takes that back.  Those of fatal() still
 * go there.
 */
void	log_divert(void (*)(const char *));

/* is log_debug() heard? for what is costly to say */
bool	log_verbose(void);

/* with and without ": " and the text of errno */
void	log_warn(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_warnx(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_notice(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));
void	fatal(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));
void	fatalx(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

#endif
