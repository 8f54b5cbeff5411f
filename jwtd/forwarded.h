/* Whom a request comes from, if a trusted proxy says so. */
#ifndef FORWARDED_H
#define FORWARDED_H

#include <stddef.h>

#include "address.h"
#include "span.h"

/*
 * The client, for a peer and the X-Forwarded-For fields of a request in their
 * order.  Each proxy puts whom it saw at the end, so the last one is read
 * first, and the one before it only if that is trusted too: what is left of an
 * address that is not trusted, or of what is no address, may be the client's
 * invention.
 */
struct address	forwarded_client(const struct address *peer,
		    const struct conf_networks *trusted,
		    const struct span *fields, size_t n);

#endif
