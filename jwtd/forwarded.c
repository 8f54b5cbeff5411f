/* X-Forwarded-For, which no standard defines; see forwarded.h. */
#include "forwarded.h"

#include <string.h>

/* what is left to be read, the last field from its end */
struct list {
	const struct span	*fields;
	size_t			 n;
	size_t			 left;		/* bytes of fields[n - 1] */
};

static bool
blank(char c)
{
	return (c == ' ' || c == '\t');
}

/* Is it ":" and a number that is a port? */
static bool
is_port(const char *p, size_t len)
{
	unsigned int port;
	size_t i;

	if (len < 2 || len > 6 || p[0] != ':')
		return (false);
	port = 0;
	for (i = 1; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return (false);
		port = port * 10 + (unsigned int)(p[i] - '0');
	}
	return (port <= UINT16_MAX);
}

/* An address; with a port, one of IPv6 is in brackets (RFC 3986, 3.2.2). */
static bool
parse(struct span s, struct address *address)
{
	struct span host;
	const char *end;

	host = s;
	if (s.p[0] == '[') {
		if ((end = memchr(s.p, ']', s.len)) == NULL)
			return (false);
		host.p = s.p + 1;
		host.len = (size_t)(end - host.p);
		/* nothing but IPv6 belongs into them */
		if (memchr(host.p, ':', host.len) == NULL)
			return (false);
		end++;
	} else if ((end = memchr(s.p, ':', s.len)) != NULL &&
	    memchr(s.p, '.', (size_t)(end - s.p)) != NULL)
		host.len = (size_t)(end - s.p);
	else
		end = s.p + s.len;
	if (end != s.p + s.len &&
	    !is_port(end, (size_t)(s.p + s.len - end)))
		return (false);
	return (address_parse(host, address));
}

/*
 * Take the last element.  Empty ones are passed over, RFC 9110 section 5.6.1.2.
 */
static bool
take_last(struct list *list, struct span *element)
{
	const char *p;
	size_t begin, end;

	while (list->n > 0) {
		p = list->fields[list->n - 1].p;
		for (begin = end = list->left; begin > 0; begin--)
			if (p[begin - 1] == ',')
				break;
		if (begin > 0)
			list->left = begin - 1;
		else if (--list->n > 0)
			list->left = list->fields[list->n - 1].len;
		while (begin < end && blank(p[begin]))
			begin++;
		while (begin < end && blank(p[end - 1]))
			end--;
		if (begin == end)
			continue;
		element->p = p + begin;
		element->len = end - begin;
		return (true);
	}
	return (false);
}

struct address
forwarded_client(const struct address *peer,
    const struct conf_networks *trusted, const struct span *fields, size_t n)
{
	struct address client, next;
	struct span element;
	struct list list;

	client = *peer;
	list.fields = fields;
	list.n = n;
	list.left = n > 0 ? fields[n - 1].len : 0;
	while (address_listed(&client, trusted) &&
	    take_last(&list, &element) && parse(element, &next))
		client = next;
	return (client);
}
