/* The health service: is it alive, and is it ready? */
#ifndef HEALTH_H
#define HEALTH_H

#include "conn.h"

/*
 * 200, or 503 with a reason when this worker could not grant: it is being
 * ended, or no signer shows signs of life.  With the query "live", 200 always.
 */
void	health(struct conn *);

#endif
