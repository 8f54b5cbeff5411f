/* The addresses of hosts, looked up before this process loses the means to. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <sys/socket.h>

#include <stddef.h>

#include "url.h"

#define RESOLVE_MAX	8	/* addresses of a host */
#define RESOLVE_WAIT	3	/* seconds, for all names at once */

struct addresses {
	size_t			 n;
	struct sockaddr_storage	 ss[RESOLVE_MAX];
	socklen_t		 len[RESOLVE_MAX];
};

/*
 * Look up the host of each URL.  A name is looked up by a process of its own,
 * which runs as that user: what a name server says is input from the network.
 * One that has not been found in time has no address.
 */
void	resolve(const struct url *, size_t n, struct addresses *,
	    const char *user);

#endif
