/*
 * What a request names: the request-target, RFC 9112 section 3.2, the Host,
 * RFC 9110 section 7.2, and a path without its escapes.  Pure functions; what a
 * path or a host means is decided elsewhere.
 */
#include "http.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "percent.h"

/* what reg-name has besides ALPHA and DIGIT, RFC 3986 section 3.2.2 */
static const char host_marks[] = "-._~!$&'()*+,;=%";

static bool
host_char(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (c >= 'A' && c <= 'Z') ||
	    memchr(host_marks, c, sizeof(host_marks) - 1) != NULL);
}

/* "[" IPv6address "]" at the value's start: its length, or 0 */
static size_t
ipv6_literal(struct span value)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	const char *close;
	size_t n;

	if ((close = memchr(value.p, ']', value.len)) == NULL)
		return (0);
	n = (size_t)(close - value.p - 1);
	if (n >= sizeof(address))
		return (0);
	memcpy(address, value.p + 1, n);
	address[n] = '\0';
	if (inet_pton(AF_INET6, address, &in6) != 1)
		return (0);
	return (n + 2);
}

/* uri-host [ ":" port ]; the port is looked at, no more */
bool
http_host_parse(struct span value, struct span *host)
{
	unsigned int port;
	size_t i;

	i = 0;
	if (value.len > 0 && value.p[0] == '[') {
		if ((i = ipv6_literal(value)) == 0)
			return (false);
	} else
		for (; i < value.len && host_char(value.p[i]); i++)
			if (value.p[i] == '%' && (value.len - i < 3 ||
			    percent_hex(value.p[i + 1]) == -1 ||
			    percent_hex(value.p[i + 2]) == -1))
				return (false);
	host->p = value.p;
	host->len = i;
	if (i == value.len)
		return (true);
	if (value.p[i++] != ':' || host->len == 0)
		return (false);
	for (port = 0; i < value.len && port <= UINT16_MAX; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return (false);
		port = port * 10 + (unsigned int)(value.p[i] - '0');
	}
	return (port <= UINT16_MAX);
}

/* Pass over "http://" or "https://"; NULL if it is not there. */
static const char *
after_scheme(struct span target)
{
	if (target.len > 7 && strncasecmp(target.p, "http://", 7) == 0)
		return (target.p + 7);
	if (target.len > 8 && strncasecmp(target.p, "https://", 8) == 0)
		return (target.p + 8);
	return (NULL);
}

/* all forms but authority-form, which is for proxies alone */
bool
http_target_parse(struct span target, bool options, struct span *path,
    struct span *query, struct span *authority)
{
	const char *p, *end;
	size_t i;

	/* the fragment is the client's own, RFC 9110 section 7.1 */
	for (i = 0; i < target.len; i++)
		if (target.p[i] <= ' ' || target.p[i] >= 0x7f ||
		    target.p[i] == '#')
			return (false);
	if (span_is(target, "*")) {
		*path = target;
		return (options);
	}
	p = target.p;
	end = target.p + target.len;
	if ((authority->p = after_scheme(target)) != NULL) {
		p = authority->p;
		while (p < end && *p != '/' && *p != '?')
			p++;
		authority->len = (size_t)(p - authority->p);
	}
	path->p = p;
	while (p < end && *p != '?')
		p++;
	path->len = (size_t)(p - path->p);
	if (p < end) {
		query->p = p + 1;
		query->len = (size_t)(end - p - 1);
	}
	if (authority->p != NULL && path->len == 0) {
		/* empty is "/", RFC 9110 section 4.2.3; the scheme has one */
		path->p = authority->p - 1;
		path->len = 1;
	}
	return (path->len > 0 && path->p[0] == '/');
}

static bool
dot_segment(const char *p, size_t len)
{
	return ((len == 1 && p[0] == '.') ||
	    (len == 2 && p[0] == '.' && p[1] == '.'));
}

ssize_t
http_path_decode(struct span path, char *out, size_t size)
{
	const char *segment, *slash;
	ssize_t n;

	if (path.p == NULL || path.len == 0 || path.p[0] != '/' || size == 0)
		return (-1);
	n = percent_decode(out, size - 1, path.p, path.len, false);
	if (n == -1)
		return (-1);
	out[n] = '\0';
	/* what is decoded is looked at, so that %2e and %2f count too */
	for (segment = out + 1; ; segment = slash + 1) {
		slash = strchr(segment, '/');
		if (dot_segment(segment, slash != NULL ?
		    (size_t)(slash - segment) : strlen(segment)))
			return (-1);
		if (slash == NULL)
			return (n);
	}
}
