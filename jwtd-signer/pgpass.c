/* libpq's password file.  A pure function. */
#include "pgpass.h"

#include <string.h>

/*
 * Does the field at p say that?  Returns the beginning of the next field, or
 * NULL.
 */
static const char *
match_field(const char *p, const char *end, const char *value)
{
	if (end - p >= 2 && p[0] == '*' && p[1] == ':')
		return (p + 2);
	for (; p < end && *p != ':'; p++, value++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		/* a NUL in the file does not lead past the value's end */
		if (*value == '\0' || *p != *value)
			return (NULL);
	}
	return (p < end && *value == '\0' ? p + 1 : NULL);
}

static bool
unescape(const char *p, const char *end, char *out, size_t size)
{
	size_t n;

	for (n = 0; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		if (*p == '\0' || n + 1 >= size)
			return (false);
		out[n++] = *p;
	}
	out[n] = '\0';
	return (n > 0);
}

bool
pgpass_find(const char *text, size_t len, const struct pgpass_key *key,
    char *password, size_t size)
{
	const char *p, *line, *end, *next;

	for (line = text; line < text + len; line = next) {
		end = memchr(line, '\n', (size_t)(text + len - line));
		next = end != NULL ? end + 1 : text + len;
		if (end == NULL)
			end = text + len;
		if (end > line && end[-1] == '\r')
			end--;
		if (line < end && *line == '#')
			continue;
		if ((p = match_field(line, end, key->host)) != NULL &&
		    (p = match_field(p, end, key->port)) != NULL &&
		    (p = match_field(p, end, key->database)) != NULL &&
		    (p = match_field(p, end, key->user)) != NULL)
			return (unescape(p, end, password, size));
	}
	return (false);
}
