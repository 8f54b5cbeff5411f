/* A run of bytes in somebody else's buffer; not NUL-terminated. */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
	const char	*p;		/* NULL: absent */
	size_t		 len;
};

static inline bool
span_is(struct span s, const char *text)
{
	return (s.p != NULL && s.len == strlen(text) &&
	    memcmp(s.p, text, s.len) == 0);
}

static inline bool
span_case_is(struct span s, const char *text)
{
	return (s.p != NULL && s.len == strlen(text) &&
	    strncasecmp(s.p, text, s.len) == 0);
}

#endif
