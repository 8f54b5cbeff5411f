/* From a whole request to the service that answers it. */
#ifndef ROUTE_H
#define ROUTE_H

#include <stddef.h>

#include "conn.h"

/*
 * Answer conn's present request, whose body may be changed; or set its state to
 * CONN_WAIT and its pending, and conn_resume() comes later.
 */
void	route(struct conn *, char *body, size_t len);

#endif
