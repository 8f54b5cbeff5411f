/*
 * JSON from outside, RFC 8259, read strictly.  jansson parses it; what has to
 * come out as it went in, numbers of any size above all, is kept as text.
 */
#ifndef JSON_H
#define JSON_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "span.h"

#define JSON_MAX_DEPTH	32

/*
 * Parse one JSON object: UTF-8, no duplicate names, no NUL, at most
 * JSON_MAX_DEPTH levels, nothing after it.  A number that jansson cannot hold
 * becomes a real, never an integer; its text is for json_member().  Returns the
 * object, or NULL with a static text in *why.
 */
json_t	*json_object_parse(const char *buf, size_t len, const char **why);

/*
 * Go through the members of an object's text that json_object_parse() took.
 * *pos starts at 0.  name is the quoted text, value that of the value.  Returns
 * false after the last.
 */
bool	 json_next_member(const char *buf, size_t len, size_t *pos,
	    struct span *name, struct span *value);

/* Does the quoted text of a name say that? */
bool	 json_name_is(struct span name, const char *text);

/* The text of the member of that name, or an absent span. */
struct span json_member(const char *buf, size_t len, const char *name);

/*
 * Copy valid JSON text without the white space between its parts, and with
 * ascii with \u in the place of what is not printable ASCII.  Returns the
 * length, or -1 when it does not fit.  It adds no NUL.  Without ascii, out may
 * be where the text is.
 */
ssize_t	 json_compact(char *out, size_t size, struct span text, bool ascii);

#endif
