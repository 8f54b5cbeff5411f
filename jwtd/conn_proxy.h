/* The PROXY protocol at the beginning of a connection. */
#ifndef CONN_PROXY_H
#define CONN_PROXY_H

#include <stdbool.h>

#include "address.h"
#include "conf.h"
#include "conn.h"
#include "proxy.h"

/* May that peer say for whom it speaks, on that listener? */
bool			conn_proxy_allowed(const struct conf_listener *,
			    const struct address *peer);

/*
 * Read as much of the header as there is, and no byte after it.  When it is
 * done, the connection's client is whom it names.
 */
enum proxy_result	conn_proxy_read(struct conn *);

#endif
