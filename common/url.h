/* An https URL of RFC 3986, in the parts that a request needs. */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stdint.h>

#define URL_HOST_MAX	253
#define URL_TARGET_MAX	1024

struct url {
	char		 host[URL_HOST_MAX + 1];	/* without brackets */
	bool		 numeric;	/* an address, and no name */
	bool		 ipv6;
	uint16_t	 port;
	char		 target[URL_TARGET_MAX + 1];	/* path and query */
};

/* Returns NULL, or what is wrong with it. */
const char *url_parse(const char *, struct url *);

/* Does it begin as a URL of https does? */
bool	 url_is_https(const char *);

#endif
