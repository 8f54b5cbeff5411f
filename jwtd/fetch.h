/* One GET over TLS, without waiting, within a deadline. */
#ifndef FETCH_H
#define FETCH_H

#include <event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tls.h>

#include "resolve.h"
#include "url.h"

#define FETCH_DEADLINE	10	/* seconds, for the whole of it */
#define FETCH_CONNECT	3	/* seconds, for each address */

struct fetch;

struct fetch_target {
	struct url		 url;
	struct addresses	 addresses;	/* at least one */
	struct tls_config	*config;
};

struct fetch_result {
	const char	*why;		/* NULL: it is there */
	bool		 connected;	/* to the host, if no further */
	const char	*body;
	size_t		 len;
	uint32_t	 max_age;	/* as in fetch_response.h */
};

/*
 * Start one.  done() is called once, later, with what is valid during the call;
 * then the fetch is gone.
 */
struct fetch *fetch_start(struct event_base *, const struct fetch_target *,
	    void (*done)(void *, const struct fetch_result *), void *arg);

#endif
