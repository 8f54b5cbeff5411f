/*
 * The values that jwtd.conf(5) knows: numbers, times, texts, addresses.  Pure
 * functions: NULL for a good one, else what is wrong, or "".
 */
#include "conf_internal.h"

#include <sys/un.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "percent.h"
#include "scope.h"
#include "utf8.h"

#define DIGITS	"0123456789"
#define LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const char *
conf_number(const char *s, unsigned int min, unsigned int max,
    unsigned int *out)
{
	const char *why;

	/* strtonum() would take a sign and white space */
	if (*s == '\0' || s[strspn(s, DIGITS)] != '\0')
		return ("");
	*out = (unsigned int)strtonum(s, min, max, &why);
	return (why);
}

const char *
conf_seconds(const char *s, unsigned int min, unsigned int max,
    unsigned int *out)
{
	unsigned long long total;
	unsigned int number, unit;
	const char *why;
	char digits[32];
	size_t n;

	n = strspn(s, DIGITS);
	if (n == 0)
		return ("");
	switch (s[n]) {
	case '\0':
	case 's':
		unit = 1;
		break;
	case 'm':
		unit = 60;
		break;
	case 'h':
		unit = 60 * 60;
		break;
	case 'd':
		unit = 24 * 60 * 60;
		break;
	default:
		return ("");
	}
	if (s[n] != '\0' && s[n + 1] != '\0')
		return ("");
	if (n >= sizeof(digits))
		return ("too large");
	memcpy(digits, s, n);
	digits[n] = '\0';
	why = conf_number(digits, 0, UINT_MAX, &number);
	if (why != NULL)
		return (why);
	total = (unsigned long long)number * unit;
	if (total < min)
		return ("too small");
	if (total > max)
		return ("too large");
	*out = (unsigned int)total;
	return (NULL);
}

/* a path, in any encoding */
const char *
conf_bytes(const char *s, size_t max)
{
	size_t len;

	len = strlen(s);
	if (len == 0)
		return ("empty");
	if (len > max)
		return ("too long");
	if (!utf8_no_controls(s, len))
		return ("control character");
	return (NULL);
}

const char *
conf_text(const char *s, size_t max)
{
	const char *why;

	why = conf_bytes(s, max);
	if (why == NULL && !utf8_valid(s, strlen(s)))
		why = "not UTF-8";
	return (why);
}

/* what can stand between quotes in WWW-Authenticate without an escape */
const char *
conf_realm(const char *s)
{
	if (strpbrk(s, "\"\\") != NULL)
		return ("quote or backslash");
	return (conf_text(s, CONF_MAX_TEXT));
}

const char *
conf_scope(const char *s)
{
	const char *why;

	why = conf_text(s, CONF_MAX_TEXT);
	if (why != NULL)
		return (why);
	return (scope_valid(s) ? NULL : "");
}

/*
 * RFC 8414 section 2: an issuer that has metadata is a URL of https without
 * query and fragment.  Its host has to be there, RFC 9110 section 4.2.2.
 */
const char *
conf_issuer_url(const char *s)
{
	if (strncmp(s, "https://", 8) != 0)
		return ("not \"https://\"");
	s += 8;
	if (strpbrk(s, "?#") != NULL)
		return ("query or fragment");
	if (s[strspn(s, DIGITS LETTERS "-._~!$&'()*+,;=:@/%[]")] != '\0')
		return ("not a URL");
	if (*s == '\0' || *s == '/' || *s == ':')
		return ("no host");
	s += strspn(s, DIGITS LETTERS "-._~:[]");
	return (*s == '\0' || *s == '/' ? NULL : "not a URL");
}

/* A response header that a claim may go into: RFC 9110's token, and free. */
const char *
conf_header(const char *s)
{
	static const char *const reserved[] = {
		"Allow", "Cache-Control", "Connection", "Content-Encoding",
		"Content-Length", "Content-Range", "Content-Type", "Date",
		"Host", "Keep-Alive", "Location", "Proxy-Authenticate",
		"Proxy-Authorization", "Proxy-Connection", "Retry-After",
		"Server", "Set-Cookie", "TE", "Trailer", "Transfer-Encoding",
		"Upgrade", "WWW-Authenticate", "X-Auth-Scope",
		"X-Auth-Subject"
	};
	size_t i;

	if (*s == '\0')
		return ("empty");
	if (s[strspn(s, DIGITS LETTERS "!#$%&'*+-.^_`|~")] != '\0')
		return ("");
	if (strlen(s) > CONF_MAX_TEXT)
		return ("too long");
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(s, reserved[i]) == 0)
			return ("reserved");
	return (NULL);
}

/* what a Host field can say, without the port */
const char *
conf_host(const char *s)
{
	if (*s == '\0')
		return ("empty");
	if (strlen(s) > CONF_MAX_TEXT)
		return ("too long");
	if (s[strspn(s, DIGITS LETTERS "-._:[]")] != '\0')
		return ("");
	return (NULL);
}

/* Decode a URI's escapes where they are; what is none stays. */
static void
unescape(char *s)
{
	char *out;

	for (out = s; *s != '\0'; s++) {
		if (*s == '%' && percent_hex(s[1]) != -1 &&
		    percent_hex(s[2]) != -1) {
			*out++ = (char)(percent_hex(s[1]) << 4 |
			    percent_hex(s[2]));
			s += 2;
		} else
			*out++ = *s;
	}
	*out = '\0';
}

static bool
has_password_option(const char *s)
{
	while ((s = strcasestr(s, "password")) != NULL) {
		s += strlen("password");
		/* what libpq takes for white space */
		if (s[strspn(s, " \t\n\v\f\r")] == '=')
			return (true);
	}
	return (false);
}

/* libpq decodes escapes in a URI's keywords, too */
static bool
has_escaped_option(const char *uri)
{
	char *copy;
	bool found;

	copy = conf_dup(uri);
	unescape(copy);
	found = has_password_option(copy);
	freezero(copy, strlen(uri) + 1);
	return (found);
}

bool
conf_conninfo_password(const char *s)
{
	const char *at, *p;

	if (has_password_option(s))
		return (true);
	if (strncmp(s, "postgres://", 11) == 0)
		p = s + 11;
	else if (strncmp(s, "postgresql://", 13) == 0)
		p = s + 13;
	else
		return (false);
	at = p + strcspn(p, "@/");
	return ((*at == '@' && memchr(p, ':', (size_t)(at - p)) != NULL) ||
	    has_escaped_option(p));
}

const char *
conf_location_path(const char *s)
{
	const char *why;
	size_t n;

	why = conf_bytes(s, CONF_MAX_PATH);
	if (why != NULL)
		return (why);
	if (*s != '/')
		return ("not absolute");
	n = strcspn(s, "?#%");
	if (s[n] != '\0')
		return ("contains \"?\", \"#\" or \"%\"");
	n = strcspn(s, "*");
	if (s[n] != '\0' && s[n + 1] != '\0')
		return ("\"*\" before its end");
	while (*s == '/') {
		s++;
		n = strcspn(s, "/");
		if ((n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return ("dot segment");
		s += n;
	}
	return (NULL);
}

static void
address4(const struct in_addr *in, unsigned int port, struct conf_listener *l)
{
	struct sockaddr_in *sin;

	sin = (struct sockaddr_in *)&l->ss;
	sin->sin_family = AF_INET;
	sin->sin_addr = *in;
	sin->sin_port = htons((uint16_t)port);
	l->family = AF_INET;
	l->ss_len = sizeof(*sin);
}

static void
address6(const struct in6_addr *in, unsigned int port,
    struct conf_listener *l)
{
	struct sockaddr_in6 *sin6;

	sin6 = (struct sockaddr_in6 *)&l->ss;
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = *in;
	sin6->sin6_port = htons((uint16_t)port);
	l->family = AF_INET6;
	l->ss_len = sizeof(*sin6);
}

const char *
conf_address(const char *s, unsigned int port, struct conf_listener *l)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	struct in_addr in;

	if (strcmp(s, "*") == 0)
		s = "0.0.0.0";
	if (inet_pton(AF_INET, s, &in) == 1) {
		address4(&in, port, l);
		(void)inet_ntop(AF_INET, &in, text, sizeof(text));
	} else if (inet_pton(AF_INET6, s, &in6) == 1) {
		address6(&in6, port, l);
		(void)inet_ntop(AF_INET6, &in6, text, sizeof(text));
	} else
		return (strchr(s, '/') != NULL ? "not absolute" : "");
	l->port = (uint16_t)port;
	l->address = conf_dup(text);
	return (NULL);
}

const char *
conf_socket(const char *path, struct conf_listener *l)
{
	struct sockaddr_un *sun;

	sun = (struct sockaddr_un *)&l->ss;
	if (!utf8_no_controls(path, strlen(path)))
		return ("control character");
	if (strlcpy(sun->sun_path, path, sizeof(sun->sun_path)) >=
	    sizeof(sun->sun_path))
		return ("too long");
	sun->sun_family = AF_UNIX;
	l->family = AF_UNIX;
	l->ss_len = sizeof(*sun);
	l->address = conf_dup(path);
	return (NULL);
}

bool
conf_listener_loopback(const struct conf_listener *l)
{
	const struct sockaddr_in *sin;
	const struct sockaddr_in6 *sin6;

	if (l->family == AF_INET) {
		sin = (const struct sockaddr_in *)&l->ss;
		return (ntohl(sin->sin_addr.s_addr) >> 24 == 127);
	}
	if (l->family == AF_INET6) {
		sin6 = (const struct sockaddr_in6 *)&l->ss;
		return (IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr));
	}
	return (true);
}

const char *
conf_network(const char *s, struct conf_network *network)
{
	char address[INET6_ADDRSTRLEN];
	unsigned int i, max;
	size_t n;

	n = strcspn(s, "/");
	if (n >= sizeof(address))
		return ("");
	memcpy(address, s, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, network->address) == 1)
		network->family = AF_INET;
	else if (inet_pton(AF_INET6, address, network->address) == 1)
		network->family = AF_INET6;
	else
		return ("");
	max = network->family == AF_INET ? 32 : 128;
	network->bits = max;
	if (s[n] == '/' && conf_number(s + n + 1, 0, max, &network->bits))
		return ("");
	for (i = network->bits; i < max; i++)
		if (network->address[i / 8] & (0x80 >> i % 8))
			return ("bits after the prefix");
	network->text = conf_dup(s);
	return (NULL);
}
