/*
 * The certificates as workers get them: from the process that checked them
 * against its keys, so that the two are always of the same time, and without
 * what else was in their files.
 */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "conf.h"

#define CERTIFICATES_MAX	((size_t)16 * 1024 * 1024)	/* of JSON */

/* a list with a PEM text for each server, null for one without TLS */
void		 certificates_publish(int fd, const json_t *);

/* Does not return if there is none.  The caller has a reference. */
json_t		*certificates_read(int fd);

/* Those of a server that has TLS: its own, then the intermediate ones. */
const char	*certificates_of(const json_t *, const struct conf *,
		    const struct conf_server *, size_t *len);

/*
 * When the first certificate in that PEM expires, in seconds since the epoch; 0
 * if that cannot be read.
 */
uint64_t	 certificates_expiry(const char *pem, size_t len);

#endif
