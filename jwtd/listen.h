/* The listening sockets, opened by the parent and handed to every worker. */
#ifndef LISTEN_H
#define LISTEN_H

#include "conf.h"

/*
 * Open every listener of the configuration, in its order, into fds, which has
 * room for CONF_MAX_LISTENERS, and log where each listens.  What another
 * configuration, or NULL, has too is not opened again: it is the same number.
 * Returns 0, or -1 after a message, with none open but those of the other.
 */
int	listen_open(const struct conf *, int *fds, const struct conf *other,
	    const int *other_fds);

/*
 * Close them, but for the n that are kept, and remove the sockets that have a
 * path.
 */
void	listen_close(const struct conf *, const int *fds, const int *kept,
	    size_t n);

#endif
