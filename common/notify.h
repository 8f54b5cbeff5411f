/*
 * What the service manager is told of the daemon, where there is one that
 * listens at $NOTIFY_SOCKET; elsewhere all of this does nothing.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * Connect, and take the variables out of the environment, so that no child has
 * them.  Call before the sandbox, in the process that says all of the rest.
 */
void	notify_open(void);

/* It serves; after notify_reloading() too, whatever came of that. */
void	notify_ready(const char *status);
void	notify_reloading(void);
void	notify_stopping(void);

/* Say that it is alive, if that is due.  Returns the ms until it is, or -1. */
int	notify_watchdog(void);

#endif
