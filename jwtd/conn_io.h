/* A connection's bytes, with TLS or without. */
#ifndef CONN_IO_H
#define CONN_IO_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "conn.h"

/*
 * Read or write some.  Returns the number of bytes, 0 when the peer sends no
 * more, -1 when there is nothing to do now, -2 when the connection is broken.
 */
ssize_t	conn_transfer(struct conn *, char *p, size_t len, bool writing);

#endif
