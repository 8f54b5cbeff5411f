/*
 * The header of the PROXY protocol, version 2, which a proxy sends before the
 * bytes of the client that it speaks for.  A pure function.
 *	https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* section 2.2: the smallest packet that TCP has to carry in one piece */
#define PROXY_MAX	536	/* bytes */

enum proxy_result {
	PROXY_MORE,		/* not yet whole */
	PROXY_DONE,
	PROXY_BAD
};

struct proxy {
	size_t		 need;		/* bytes before it can be asked again */
	bool		 known;		/* it names a client, which is: */
	struct address	 source;
	uint16_t	 port;		/* 0 for a Unix socket */
};

/*
 * len bytes have come.  On PROXY_MORE, no byte of the client is among the first
 * ->need ones, so that so many can be read; on PROXY_DONE, ->need is the
 * header's length.  Without ->known, the connection is the proxy's own, or it
 * does not say whose it is.
 */
enum proxy_result proxy_parse(const uint8_t *buf, size_t len, struct proxy *);

#endif
