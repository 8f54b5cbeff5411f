/*
 * PROXY headers: the pieces they come in make no difference, what is asked for
 * is never more than the header, and what follows it does not count.
 */
#include "proxy.h"

#include "fuzz.h"

/* Read as the daemon does, with no more than step bytes at once. */
static enum proxy_result
feed(const char *buf, size_t size, size_t step, struct proxy *proxy)
{
	enum proxy_result r;
	size_t len;

	len = 0;
	while ((r = proxy_parse((const uint8_t *)buf, len, proxy)) ==
	    PROXY_MORE && len < size) {
		must(proxy->need > len && proxy->need <= PROXY_MAX);
		must(!proxy->known);
		len += proxy->need - len < step ? proxy->need - len : step;
		if (len > size)
			len = size;
	}
	must(r != PROXY_DONE || len == proxy->need);
	return (r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy whole, pieces;
	enum proxy_result r;
	char text[ADDRESS_TEXT], *buf;

	buf = fuzz_copy(data, size);
	r = proxy_parse((const uint8_t *)buf, size, &whole);
	must(feed(buf, size, 1, &pieces) == r);
	must(r != PROXY_DONE || memcmp(&whole, &pieces, sizeof(whole)) == 0);
	must(feed(buf, size, PROXY_MAX, &pieces) == r);
	must(r != PROXY_DONE || memcmp(&whole, &pieces, sizeof(whole)) == 0);
	must(r != PROXY_DONE || whole.need <= size);
	if (whole.known) {
		must(r == PROXY_DONE && (buf[12] & 0xf) == 1);
		must(strlen(address_text(&whole.source, text)) > 0);
	}
	free(buf);
	return (0);
}
