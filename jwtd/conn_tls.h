/* TLS of a connection, which is read from the socket in large pieces. */
#ifndef CONN_TLS_H
#define CONN_TLS_H

#include <stddef.h>

#include "conn.h"

/* The place for what a worker reads ahead.  NULL: memory is short. */
struct ahead	*conn_tls_new(void);

/* What comes now is TLS.  Returns -1 if that cannot be, and says why. */
int		 conn_tls_accept(struct conn *);
/* How much has been read from the socket that TLS has not asked for yet. */
size_t		 conn_tls_ahead(const struct conn *);
/* The end of it, as far as memory goes; without TLS, nothing. */
void		 conn_tls_free(struct conn *);

#endif
