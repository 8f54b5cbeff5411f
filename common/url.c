/*
 * https URLs, RFC 3986 section 3, of those that name a document: no user, no
 * fragment.  A pure function.
 */
#include "url.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "percent.h"

#define SCHEME	"https://"
#define DIGITS	"0123456789"
#define LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

bool
url_is_https(const char *s)
{
	return (strncasecmp(s, SCHEME, strlen(SCHEME)) == 0);
}

/* A host name as certificates have it, or the text of an IPv4 address. */
static const char *
check_name(const char *host)
{
	size_t len;

	len = strlen(host);
	if (len == 0)
		return ("no host");
	if (host[strspn(host, DIGITS LETTERS "-._")] != '\0')
		return ("a character that no host name has");
	if (host[0] == '.' || host[0] == '-' || host[len - 1] == '.' ||
	    strstr(host, "..") != NULL)
		return ("no host name");
	return (NULL);
}

/* host, RFC 3986 section 3.2.2; *end is after it */
static const char *
take_host(const char *s, size_t len, struct url *url, size_t *end)
{
	struct in6_addr in6;
	struct in_addr in;
	const char *close;
	size_t n;

	url->ipv6 = len > 0 && s[0] == '[';
	if (url->ipv6) {
		if ((close = memchr(s, ']', len)) == NULL)
			return ("\"[\" without \"]\"");
		*end = (size_t)(close - s) + 1;
		s++;
		n = *end - 2;
	} else {
		for (n = 0; n < len && s[n] != ':'; n++)
			;
		*end = n;
	}
	if (n > URL_HOST_MAX)
		return ("the host is too long");
	memcpy(url->host, s, n);
	url->host[n] = '\0';
	if (url->ipv6) {
		url->numeric = true;
		return (inet_pton(AF_INET6, url->host, &in6) == 1 ? NULL :
		    "no IPv6 address");
	}
	url->numeric = inet_pton(AF_INET, url->host, &in) == 1;
	return (check_name(url->host));
}

static const char *
take_port(const char *s, size_t len, struct url *url)
{
	const char *why;
	char digits[6];

	url->port = 443;
	if (len == 0)
		return (NULL);
	if (s[0] != ':' || len < 2 || len > sizeof(digits))
		return ("no port");
	memcpy(digits, s + 1, len - 1);
	digits[len - 1] = '\0';
	if (digits[strspn(digits, DIGITS)] != '\0')
		return ("no port");
	url->port = (uint16_t)strtonum(digits, 1, 65535, &why);
	return (why != NULL ? "no port" : NULL);
}

/* path and query, RFC 3986 sections 3.3 and 3.4 */
static const char *
take_target(const char *s, struct url *url)
{
	size_t i;
	int n;

	if (strchr(s, '#') != NULL)
		return ("a fragment");
	for (i = 0; s[i] != '\0'; i++) {
		if (s[i] == '%' && (percent_hex(s[i + 1]) == -1 ||
		    percent_hex(s[i + 2]) == -1))
			return ("\"%\" without two hexadecimal digits");
		if (strchr(DIGITS LETTERS "-._~!$&'()*+,;=:@/?%", s[i]) == NULL)
			return ("a character that must be percent-encoded");
	}
	n = snprintf(url->target, sizeof(url->target), "%s%s",
	    s[0] == '/' ? "" : "/", s);
	if (n < 0 || (size_t)n >= sizeof(url->target))
		return ("too long");
	return (NULL);
}

const char *
url_parse(const char *s, struct url *url)
{
	const char *why;
	size_t end, len;

	memset(url, 0, sizeof(*url));
	if (!url_is_https(s))
		return ("not \"https://\"");
	s += strlen(SCHEME);
	len = strcspn(s, "/?#");
	if (memchr(s, '@', len) != NULL)
		return ("a user name");
	if ((why = take_host(s, len, url, &end)) != NULL ||
	    (why = take_port(s + end, len - end, url)) != NULL)
		return (why);
	return (take_target(s + len, url));
}
