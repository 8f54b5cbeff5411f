/* JSON from outside, read strictly. */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>

#include <jansson.h>

#define JSON_MAX_DEPTH	32

/*
 * Parse one JSON object: UTF-8, no duplicate names, at most JSON_MAX_DEPTH
 * levels, nothing after it.  Returns it, or NULL with a static text in *why.
 */
json_t	*json_object_parse(const char *buf, size_t len, const char **why);

#endif
