/* OAuth scope strings, RFC 6749 section 3.3.  Pure functions. */
#include "scope.h"

#include <string.h>

bool
scope_valid(const char *s)
{
	bool in_token;

	if (*s == '\0')
		return (true);
	in_token = false;
	for (; *s != '\0'; s++) {
		if (*s == ' ') {
			if (!in_token)
				return (false);
			in_token = false;
			continue;
		}
		if (*s < 0x21 || *s > 0x7e || *s == '"' || *s == '\\')
			return (false);
		in_token = true;
	}
	return (in_token);
}

static bool
has_token(const char *held, const char *token, size_t len)
{
	size_t n;

	for (;;) {
		n = strcspn(held, " ");
		if (n == len && memcmp(held, token, len) == 0)
			return (true);
		if (held[n] == '\0')
			return (false);
		held += n + 1;
	}
}

bool
scope_covers(const char *held, const char *wanted)
{
	size_t n;

	while (*wanted != '\0') {
		n = strcspn(wanted, " ");
		if (!has_token(held, wanted, n))
			return (false);
		wanted += n;
		if (*wanted == ' ')
			wanted++;
	}
	return (true);
}
