/* jwtd/address.c: the network that an address counts as. */
#include "address.h"

#include "tap.h"

static void
counts_as(const char *text, enum message_network kind, const char *bytes)
{
	uint8_t network[MESSAGE_NETWORK_BYTES];
	struct address address;
	struct span span;

	span.p = text;
	span.len = strlen(text);
	if (!ok(address_parse(span, &address), "%s is an address", text))
		return;
	memset(network, 0xff, sizeof(network));
	is_int(address_network(&address, network), kind, "its kind");
	ok(memcmp(network, bytes, sizeof(network)) == 0, "its network");
}

int
main(void)
{
	uint8_t network[MESSAGE_NETWORK_BYTES];
	struct address address;

	counts_as("192.0.2.255", MESSAGE_IPV4, "\xc0\0\x02\xff\0\0\0\0");
	counts_as("::ffff:192.0.2.255", MESSAGE_IPV4,
	    "\xc0\0\x02\xff\0\0\0\0");
	counts_as("2001:db8:1:2:3:4:5:6", MESSAGE_IPV6,
	    "\x20\x01\x0d\xb8\0\x01\0\x02");
	counts_as("2001:db8:1:2::", MESSAGE_IPV6,
	    "\x20\x01\x0d\xb8\0\x01\0\x02");
	counts_as("::1", MESSAGE_IPV6, "\0\0\0\0\0\0\0\0");
	address = address_make(AF_UNIX, NULL);
	memset(network, 0xff, sizeof(network));
	is_int(address_network(&address, network), MESSAGE_LOCAL,
	    "a Unix socket");
	ok(memcmp(network, "\0\0\0\0\0\0\0\0", sizeof(network)) == 0,
	    "has none");
	return (done());
}
