/* The metrics service: what is counted, in the Prometheus text format 0.0.4. */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include <stdio.h>

#include "conf.h"
#include "conn.h"
#include "metrics.h"

void	metrics_reply(struct conn *);

/*
 * Write what there is, over all workers and signers, and when the certificate
 * of each server expires, if it has one (not 0).  Labels have values from fixed
 * sets and from the configuration alone.
 */
void	metrics_print(FILE *, const struct metrics *, const struct conf *,
	    const uint64_t *expiry);

#endif
