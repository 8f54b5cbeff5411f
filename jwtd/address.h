/*
 * The address of a client or a proxy.  An IPv6 address that maps an IPv4 one is
 * that IPv4 address here, so that no list has to name both.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "message.h"
#include "span.h"

struct address {
	int		 family;	/* AF_INET, AF_INET6, AF_UNIX */
	uint8_t		 bytes[16];	/* the rest is 0 */
};

/* "unix" for a Unix socket, whose path says nothing about who is there */
#define ADDRESS_TEXT	INET6_ADDRSTRLEN

/* Of that family and with the bytes in network order; none for AF_UNIX. */
struct address	 address_make(int family, const void *bytes);

/* As accept(2) gives it. */
struct address	 address_from(const struct sockaddr_storage *);

/* Numeric, without a port, and nothing around it.  false: it is not one. */
bool		 address_parse(struct span, struct address *);

bool		 address_loopback(const struct address *);

/*
 * Is it in one of those networks?  A Unix socket is in every list that is not
 * empty: who may connect to it is decided by its directory.
 */
bool		 address_listed(const struct address *,
		    const struct conf_networks *);

/*
 * The network that it counts as: all of an IPv4 address, but of an IPv6 one the
 * first half, because a host has all of the other.
 */
enum message_network address_network(const struct address *,
		    uint8_t network[MESSAGE_NETWORK_BYTES]);

const char	*address_text(const struct address *, char out[ADDRESS_TEXT]);

#endif
