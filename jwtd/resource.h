/* The resource service: 202 for a valid token, else 401 or 403. */
#ifndef RESOURCE_H
#define RESOURCE_H

#include "conf.h"
#include "conn.h"

void	resource(struct conn *, const struct conf_location *);

#endif
