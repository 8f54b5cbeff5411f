/* The address of a client or a proxy; see address.h.  Pure functions. */
#include "address.h"

#include <arpa/inet.h>

#include <string.h>

/* ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */
static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct address
address_make(int family, const void *bytes)
{
	struct address address;

	memset(&address, 0, sizeof(address));
	address.family = family;
	if (family == AF_INET)
		memcpy(address.bytes, bytes, 4);
	else if (family == AF_INET6 &&
	    memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		address.family = AF_INET;
		memcpy(address.bytes, (const uint8_t *)bytes + 12, 4);
	} else if (family == AF_INET6)
		memcpy(address.bytes, bytes, 16);
	return (address);
}

struct address
address_from(const struct sockaddr_storage *ss)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		return (address_make(AF_INET, &sin.sin_addr));
	}
	if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		return (address_make(AF_INET6, &sin6.sin6_addr));
	}
	return (address_make(AF_UNIX, NULL));
}

bool
address_parse(struct span s, struct address *address)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (s.len == 0 || s.len >= sizeof(text) ||
	    memchr(s.p, '\0', s.len) != NULL)
		return (false);
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		*address = address_make(AF_INET, bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*address = address_make(AF_INET6, bytes);
	else
		return (false);
	return (true);
}

bool
address_loopback(const struct address *address)
{
	struct in6_addr in6;

	if (address->family == AF_INET)
		return (address->bytes[0] == 127);
	memcpy(&in6, address->bytes, sizeof(in6));
	return (address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6));
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int n;

	n = bits / 8;
	if (memcmp(a, b, n) != 0)
		return (false);
	return (bits % 8 == 0 || (a[n] ^ b[n]) >> (8 - bits % 8) == 0);
}

static bool
within(const struct address *address, const struct conf_network *network)
{
	if (address->family == network->family)
		return (same_bits(address->bytes, network->address,
		    network->bits));
	/* a network of mapped addresses is one of IPv4 as well */
	return (address->family == AF_INET && network->bits >= 96 &&
	    memcmp(network->address, mapped, sizeof(mapped)) == 0 &&
	    same_bits(address->bytes, network->address + 12,
	    network->bits - 96));
}

bool
address_listed(const struct address *address,
    const struct conf_networks *networks)
{
	const struct conf_network *network;

	if (address->family == AF_UNIX)
		return (!TAILQ_EMPTY(networks));
	TAILQ_FOREACH(network, networks, entry)
		if (within(address, network))
			return (true);
	return (false);
}

enum message_network
address_network(const struct address *address,
    uint8_t network[MESSAGE_NETWORK_BYTES])
{
	memset(network, 0, MESSAGE_NETWORK_BYTES);
	switch (address->family) {
	case AF_INET:
		memcpy(network, address->bytes, 4);
		return (MESSAGE_IPV4);
	case AF_INET6:
		memcpy(network, address->bytes, MESSAGE_NETWORK_BYTES);
		return (MESSAGE_IPV6);
	default:
		return (MESSAGE_LOCAL);
	}
}

const char *
address_text(const struct address *address, char out[ADDRESS_TEXT])
{
	if (address->family == AF_UNIX || inet_ntop(address->family,
	    address->bytes, out, ADDRESS_TEXT) == NULL)
		(void)strlcpy(out, "unix", ADDRESS_TEXT);
	return (out);
}
