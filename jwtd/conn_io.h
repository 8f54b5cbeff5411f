/* A connection's bytes, with TLS or without. */
#ifndef CONN_IO_H
#define CONN_IO_H

#include "conn.h"

/* Write what there is.  Returns -1 if the connection is broken. */
int	conn_flush(struct conn *);
/* Read what there is room for.  Returns -1 if the connection is broken. */
int	conn_fill(struct conn *);
/* Make room in the input. */
void	conn_compact(struct conn *);

#endif
