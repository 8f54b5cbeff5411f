/* The header of the PROXY protocol, version 2; see proxy.h. */
#include "proxy.h"

#include <string.h>

#define FIXED	16		/* bytes before the addresses */

/* section 2.2; no text of version 1 or HTTP begins like this, nor does TLS */
static const uint8_t signature[12] = {
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
};

enum {
	LOCAL = 0x20,		/* version 2 in the upper half */
	PROXY = 0x21
};

/* family and protocol of the thirteenth byte after the command; 2.2 */
static const struct {
	uint8_t	 byte;
	int	 family;
	size_t	 size;		/* of both addresses, and ports */
	size_t	 port;		/* where the source's is */
} families[] = {
	{ 0x00, AF_UNSPEC, 0, 0 },
	{ 0x11, AF_INET, 12, 8 },
	{ 0x21, AF_INET6, 36, 32 },
	{ 0x31, AF_UNIX, 216, 0 }
};

static size_t
number(const uint8_t *p)
{
	return ((size_t)p[0] << 8 | p[1]);
}

/* The whole header is there.  What follows the addresses, TLVs, is skipped. */
static enum proxy_result
addresses(const uint8_t *buf, struct proxy *proxy)
{
	size_t i;

	/* a proxy that looks whether we live; the rest means nothing */
	if (buf[12] == LOCAL)
		return (PROXY_DONE);
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].byte == buf[13])
			break;
	/* datagrams do not come over a connection */
	if (i == sizeof(families) / sizeof(families[0]) ||
	    families[i].size > proxy->need - FIXED)
		return (PROXY_BAD);
	if (families[i].family == AF_UNSPEC)
		return (PROXY_DONE);
	proxy->known = true;
	proxy->source = address_make(families[i].family, buf + FIXED);
	if (families[i].port != 0)
		proxy->port = (uint16_t)number(buf + FIXED + families[i].port);
	return (PROXY_DONE);
}

enum proxy_result
proxy_parse(const uint8_t *buf, size_t len, struct proxy *proxy)
{
	size_t n;

	memset(proxy, 0, sizeof(*proxy));
	proxy->need = FIXED;
	n = len < sizeof(signature) ? len : sizeof(signature);
	if (n > 0 && memcmp(buf, signature, n) != 0)
		return (PROXY_BAD);
	if (len > 12 && buf[12] != LOCAL && buf[12] != PROXY)
		return (PROXY_BAD);
	if (len < FIXED)
		return (PROXY_MORE);
	proxy->need += number(buf + 14);
	if (proxy->need > PROXY_MAX)
		return (PROXY_BAD);
	return (len < proxy->need ? PROXY_MORE : addresses(buf, proxy));
}
