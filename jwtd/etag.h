/* Entity tags, RFC 9110 section 8.8.3. */
#ifndef ETAG_H
#define ETAG_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

#define ETAG_SIZE	46	/* a quoted hash and a NUL */

/* The strong tag of these bytes. */
void	etag_make(char out[ETAG_SIZE], const void *body, size_t len);

/* Does If-None-Match name that tag, so that the client has it already? */
bool	etag_named(struct span if_none_match, const char *etag);

#endif
