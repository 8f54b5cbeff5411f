/* The resource service: 202 for a valid token, else 401 or 403. */
#ifndef RESOURCE_H
#define RESOURCE_H

#include <stddef.h>

#include "conf.h"
#include "conn.h"

/*
 * Why a token was refused, as the metrics number it: an enum jwt_error, but 0
 * if there was none, and the one after the last if it lacks the scope.  NULL
 * past that.  From a fixed vocabulary of single words.
 */
const char *resource_refusal(size_t);

void	resource(struct conn *, const struct conf_location *);

#endif
