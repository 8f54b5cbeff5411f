/* jwtd/proxy.c: the header of the PROXY protocol, version 2. */
#include "proxy.h"

#include <stdlib.h>

#include "tap.h"

#define SIGNATURE	"\r\n\r\n\0\r\nQUIT\n"
#define V4		"\xc0\x00\x02\x01\xc6\x33\x64\x01\x04\xd2\x01\xbb"
#define V6_SOURCE	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define V6_TARGET	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x08"
#define MAPPED		"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x05"
#define TLV		"\x04\0\x03xyz"

/* the bytes after the signature; the rest, up to size, is 0 */
static const struct {
	const char	*name;
	const char	*bytes;
	size_t		 len;
	size_t		 size;
	enum proxy_result result;
	const char	*want;		/* ADDRESS PORT, or "" if not known */
} headers[] = {
#define H(name, text, size, result, want)				\
	{ name, text, sizeof(text) - 1, size, result, want }
	H("IPv4", "\x21\x11\0\x0c" V4, 16, PROXY_DONE, "192.0.2.1 1234"),
	H("IPv4 and a TLV", "\x21\x11\0\x12" V4 TLV, 22, PROXY_DONE,
	    "192.0.2.1 1234"),
	H("IPv6", "\x21\x21\0\x24" V6_SOURCE V6_TARGET "\xff\xff\0\x50", 40,
	    PROXY_DONE, "2001:db8::7 65535"),
	H("IPv6 that maps IPv4", "\x21\x21\0\x24" MAPPED V6_TARGET
	    "\0\x01\0\x50", 40, PROXY_DONE, "192.0.2.5 1"),
	H("Unix", "\x21\x31\0\xd8/run/s", 220, PROXY_DONE, "unix 0"),
	H("unspecified", "\x21\x00\0\0", 4, PROXY_DONE, ""),
	H("unspecified, with something", "\x21\x00\0\x06" TLV, 10, PROXY_DONE,
	    ""),
	H("local", "\x20\x00\0\0", 4, PROXY_DONE, ""),
	H("local, with an address", "\x20\x11\0\x0c" V4, 16, PROXY_DONE, ""),
	H("local, whatever follows", "\x20\xff\0\x01x", 5, PROXY_DONE, ""),
	H("as long as can be", "\x21\x11\x02\x08" V4, 524, PROXY_DONE,
	    "192.0.2.1 1234"),
	H("too long", "\x21\x11\x02\x09" V4, 525, PROXY_BAD, ""),
	H("much too long", "\x21\x11\xff\xff" V4, 16, PROXY_BAD, ""),
	H("local and too long", "\x20\0\x02\x09", 525, PROXY_BAD, ""),
	H("IPv4, too short", "\x21\x11\0\x0b" V4, 15, PROXY_BAD, ""),
	H("IPv4, empty", "\x21\x11\0\0", 4, PROXY_BAD, ""),
	H("IPv6, too short", "\x21\x21\0\x23" V6_SOURCE, 39, PROXY_BAD, ""),
	H("IPv6 in the size of IPv4", "\x21\x21\0\x0c" V4, 16, PROXY_BAD, ""),
	H("Unix, too short", "\x21\x31\0\xd7/run/s", 219, PROXY_BAD, ""),
	H("UDP", "\x21\x12\0\x0c" V4, 16, PROXY_BAD, ""),
	H("UDP of IPv6", "\x21\x22\0\x24" V6_SOURCE, 40, PROXY_BAD, ""),
	H("Unix datagrams", "\x21\x32\0\xd8", 220, PROXY_BAD, ""),
	H("a family that is none", "\x21\x41\0\x0c" V4, 16, PROXY_BAD, ""),
	H("a protocol that is none", "\x21\x13\0\x0c" V4, 16, PROXY_BAD, ""),
	H("stream of no family", "\x21\x01\0\x0c" V4, 16, PROXY_BAD, ""),
	H("a command that is none", "\x22\x11\0\x0c" V4, 16, PROXY_BAD, ""),
	H("version 1", "\x11\x11\0\x0c" V4, 16, PROXY_BAD, ""),
	H("version 3", "\x31\x11\0\x0c" V4, 16, PROXY_BAD, ""),
	H("version 0", "\x01\x11\0\x0c" V4, 16, PROXY_BAD, "")
#undef H
};

/* what does not even begin like one */
static const char *const others[] = {
	"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
	"PROXY UNKNOWN\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"\r\nGET / HTTP/1.1\r\n",
	"\r\n\r\nGET / HTTP/1.1\r\n",
	"\x16\x03\x01\x02",
	"\n",
	"\r\n\r\n\x01"
};

/* A copy of its exact size, so that reading past it is seen. */
static enum proxy_result
parse(const uint8_t *bytes, size_t len, struct proxy *proxy)
{
	enum proxy_result r;
	uint8_t *copy;

	if ((copy = malloc(len + (len == 0))) == NULL)
		abort();
	if (len > 0)
		memcpy(copy, bytes, len);
	r = proxy_parse(copy, len, proxy);
	free(copy);
	return (r);
}

static void
describe(const struct proxy *proxy, char *out, size_t size)
{
	char text[ADDRESS_TEXT];

	if (proxy->known)
		snprintf(out, size, "%s %u", address_text(&proxy->source, text),
		    proxy->port);
	else
		*out = '\0';
}

static void
test_headers(void)
{
	uint8_t bytes[12 + 600];
	struct proxy proxy, again;
	char got[128];
	size_t i, n, size, wrong;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, SIGNATURE, 12);
		memcpy(bytes + 12, headers[i].bytes, headers[i].len);
		size = 12 + headers[i].size;
		is_int(parse(bytes, size, &proxy), headers[i].result,
		    headers[i].name);
		describe(&proxy, got, sizeof(got));
		if (headers[i].result == PROXY_BAD)
			continue;
		is_str(got, headers[i].want, "... names whom it should");
		is_int((long long)proxy.need, (long long)size, "... its size");
		wrong = 0;
		for (n = 0; n < size; n++)
			wrong += parse(bytes, n, &again) != PROXY_MORE ||
			    again.need <= n || again.need > size || again.known;
		is_int((long long)wrong, 0, "... and cut anywhere it is not "
		    "whole");
		is_int(parse(bytes, sizeof(bytes), &again), PROXY_DONE,
		    "... and with more behind it");
		ok(memcmp(&again, &proxy, sizeof(proxy)) == 0,
		    "... it is the same");
	}
}

int
main(void)
{
	uint8_t bytes[64] = SIGNATURE "\x21\x11\0\x0c" V4;
	struct proxy proxy;
	size_t i, wrong;

	test_headers();
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(parse((const uint8_t *)others[i], strlen(others[i]),
		    &proxy) == PROXY_BAD, "no header: %.5s", others[i]);
	is_int(parse(NULL, 0, &proxy), PROXY_MORE, "nothing yet");
	is_int((long long)proxy.need, 16, "what is needed first");
	wrong = 0;
	for (i = 0; i < 12; i++) {
		bytes[i] ^= 0x20;
		wrong += parse(bytes, i + 1, &proxy) != PROXY_BAD;
		bytes[i] ^= 0x20;
	}
	is_int((long long)wrong, 0, "a wrong byte of the signature is seen at "
	    "once");
	return (done());
}
