/* The metadata service, RFC 8414: what clients need to know to get tokens. */
#ifndef METADATA_H
#define METADATA_H

#include <stddef.h>

#include "worker.h"

struct metadata {
	const struct conf_location *location;
	char		*body;
	size_t		 len;
	char		 etag[ETAG_SIZE];
};

/*
 * Fill in the worker's metadata, for each location of that service, once there
 * are keys of our own and again when there are others.
 */
void	metadata_load(struct worker *);
const struct metadata *metadata_find(const struct worker *,
	    const struct conf_location *);

/*
 * The text for a server and an issuer that conf_check() found to be right, to
 * be freed; or NULL when there is no memory for it.  A pure function.
 */
char	*metadata_text(const struct conf_server *, const struct jwt_issuer *);

#endif
