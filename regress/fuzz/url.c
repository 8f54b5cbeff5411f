/* https URLs: what is taken is printable, bounded, and reads again the same. */
#include "url.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[URL_HOST_MAX + URL_TARGET_MAX + 64], *in;
	struct url url, again;
	const char *p;

	if ((in = malloc(size + 1)) == NULL)
		abort();
	memcpy(in, data, size);
	in[size] = '\0';
	if (url_parse(in, &url) == NULL) {
		must(url.host[0] != '\0' && url.port != 0);
		must(url.target[0] == '/');
		for (p = url.host; *p != '\0'; p++)
			must(strchr("/?#@ []\\", *p) == NULL && *p > 0x20 &&
			    *p < 0x7f);
		for (p = url.target; *p != '\0'; p++)
			must(*p > 0x20 && *p < 0x7f && *p != '#');
		must(!url.ipv6 || url.numeric);
		(void)snprintf(text, sizeof(text), "https://%s%s%s:%u%s",
		    url.ipv6 ? "[" : "", url.host, url.ipv6 ? "]" : "",
		    (unsigned int)url.port, url.target);
		must(url_parse(text, &again) == NULL);
		must(memcmp(&url, &again, sizeof(url)) == 0);
	}
	free(in);
	return (0);
}
