/* The listening sockets, opened by the parent and handed to every worker. */
#ifndef LISTEN_H
#define LISTEN_H

#include "conf.h"

/*
 * Open every listener of the configuration, in its order, into fds, which has
 * room for CONF_MAX_LISTENERS, and log where each listens.  Returns 0, or -1
 * after a message, with none open.
 */
int	listen_open(const struct conf *, int *fds);

/* Close them and remove the sockets that have a path. */
void	listen_close(const struct conf *, int *fds);

#endif
