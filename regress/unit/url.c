/* common/url.c: which URLs there are, and what is in them. */
#include "url.h"

#include <stdlib.h>

#include "tap.h"

static const struct {
	const char	*in;
	const char	*host;
	unsigned int	 port;
	const char	*target;
	bool		 numeric, ipv6;
} good[] = {
	{ "https://a", "a", 443, "/", false, false },
	{ "https://a/", "a", 443, "/", false, false },
	{ "HTTPS://A.Example/B", "A.Example", 443, "/B", false, false },
	{ "https://a.example:8443/jwks", "a.example", 8443, "/jwks", false,
	    false },
	{ "https://a:1/", "a", 1, "/", false, false },
	{ "https://a:65535", "a", 65535, "/", false, false },
	{ "https://a:00080/", "a", 80, "/", false, false },
	{ "https://a?b=c", "a", 443, "/?b=c", false, false },
	{ "https://a/b/c.json?d=e&f=%2f:@/?", "a", 443,
	    "/b/c.json?d=e&f=%2f:@/?", false, false },
	{ "https://a/@b", "a", 443, "/@b", false, false },
	{ "https://a/../b//", "a", 443, "/../b//", false, false },
	{ "https://127.0.0.1/x", "127.0.0.1", 443, "/x", true, false },
	{ "https://127.0.0.1:9/x", "127.0.0.1", 9, "/x", true, false },
	{ "https://1.2.3/x", "1.2.3", 443, "/x", false, false },
	{ "https://[::1]/x", "::1", 443, "/x", true, true },
	{ "https://[2001:db8::1]:8443", "2001:db8::1", 8443, "/", true, true },
	{ "https://a_b-c.d/", "a_b-c.d", 443, "/", false, false },
};

static const struct {
	const char	*in;
	const char	*why;
} bad[] = {
	{ "", "not \"https://\"" },
	{ "/a", "not \"https://\"" },
	{ "http://a/", "not \"https://\"" },
	{ "https:/a/", "not \"https://\"" },
	{ " https://a/", "not \"https://\"" },
	{ "https://", "no host" },
	{ "https:///a", "no host" },
	{ "https://:443/", "no host" },
	{ "https://?a", "no host" },
	{ "https://u@a/", "a user name" },
	{ "https://u:p@a/", "a user name" },
	{ "https://a@", "a user name" },
	{ "https://.a/", "no host name" },
	{ "https://-a/", "no host name" },
	{ "https://a./", "no host name" },
	{ "https://a..b/", "no host name" },
	{ "https://a b/", "a character that no host name has" },
	{ "https://a%41/", "a character that no host name has" },
	{ "https://\xc3\xa4/", "a character that no host name has" },
	{ "https://a\\b/", "a character that no host name has" },
	{ "https://::1/", "no host" },
	{ "https://a:/", "no port" },
	{ "https://a:0/", "no port" },
	{ "https://a:65536/", "no port" },
	{ "https://a:000080/", "no port" },
	{ "https://a:99999999999999999999/", "no port" },
	{ "https://a:-1/", "no port" },
	{ "https://a:+1/", "no port" },
	{ "https://a: 1/", "no port" },
	{ "https://a:1x/", "no port" },
	{ "https://a:1:2/", "no port" },
	{ "https://[::1/", "\"[\" without \"]\"" },
	{ "https://[]/", "no IPv6 address" },
	{ "https://[a]/", "no IPv6 address" },
	{ "https://[127.0.0.1]/", "no IPv6 address" },
	{ "https://[::1%25lo]/", "no IPv6 address" },
	{ "https://[::1]8/", "no port" },
	{ "https://[::1]:/", "no port" },
	{ "https://a/#b", "a fragment" },
	{ "https://a#", "a fragment" },
	{ "https://a/?b#c", "a fragment" },
	{ "https://a/ b", "a character that must be percent-encoded" },
	{ "https://a/\"b", "a character that must be percent-encoded" },
	{ "https://a/b\r\nX: y", "a character that must be percent-encoded" },
	{ "https://a/\x7f", "a character that must be percent-encoded" },
	{ "https://a/\xc3\xa4", "a character that must be percent-encoded" },
	{ "https://a/[b]", "a character that must be percent-encoded" },
	{ "https://a/%", "\"%\" without two hexadecimal digits" },
	{ "https://a/%4", "\"%\" without two hexadecimal digits" },
	{ "https://a/%4g", "\"%\" without two hexadecimal digits" },
};

/* a text with so many of a character in it */
static void
check_long(const char *before, size_t n, const char *after, const char *want,
    const char *what)
{
	char text[4096];
	struct url url;
	size_t len;

	len = strlcpy(text, before, sizeof(text));
	memset(text + len, 'x', n);
	text[len + n] = '\0';
	strlcat(text, after, sizeof(text));
	is_str(url_parse(text, &url), want, what);
}

int
main(void)
{
	struct url url;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		is_str(url_parse(good[i].in, &url), NULL, good[i].in);
		is_str(url.host, good[i].host, "... its host");
		is_int(url.port, good[i].port, "... its port");
		is_str(url.target, good[i].target, "... its target");
		ok(url.numeric == good[i].numeric &&
		    url.ipv6 == good[i].ipv6, "... what the host is");
		ok(url_is_https(good[i].in), "... https");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!is_str(url_parse(bad[i].in, &url), bad[i].why, "bad"))
			printf("# %s\n", bad[i].in);
	check_long("https://", URL_HOST_MAX, "/", NULL, "a long host");
	check_long("https://", URL_HOST_MAX + 1, "/", "the host is too long",
	    "a longer one");
	check_long("https://[", URL_HOST_MAX + 1, "]/", "the host is too long",
	    "a long address");
	check_long("https://a/", URL_TARGET_MAX - 1, "", NULL, "a long path");
	check_long("https://a/", URL_TARGET_MAX, "", "too long",
	    "a longer one");
	check_long("https://a?", URL_TARGET_MAX - 1, "", "too long",
	    "a query with the slash before it");
	ok(!url_is_https("/https://a"), "a path is no URL");
	return (done());
}
