/*
 * JSON from outside, read strictly: jansson does the parsing, and the depth is
 * looked at first, because jansson recurses.
 */
#include "json.h"

#include <stdbool.h>

/* Does the text nest deeper than we read?  Strings are passed over. */
static bool
too_deep(const char *buf, size_t len)
{
	bool in_string;
	size_t i;
	int depth;

	depth = 0;
	in_string = false;
	for (i = 0; i < len; i++) {
		if (in_string) {
			if (buf[i] == '\\')
				i++;
			else if (buf[i] == '"')
				in_string = false;
			continue;
		}
		if (buf[i] == '"')
			in_string = true;
		else if (buf[i] == '{' || buf[i] == '[') {
			if (++depth > JSON_MAX_DEPTH)
				return (true);
		} else if (buf[i] == '}' || buf[i] == ']')
			depth--;
	}
	return (false);
}

json_t *
json_object_parse(const char *buf, size_t len, const char **why)
{
	json_error_t error;
	json_t *json;

	if (too_deep(buf, len)) {
		*why = "JSON nests too deep";
		return (NULL);
	}
	json = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		switch (json_error_code(&error)) {
		case json_error_duplicate_key:
			*why = "JSON has the same name twice";
			break;
		case json_error_numeric_overflow:
			*why = "JSON has a number that is too large";
			break;
		case json_error_out_of_memory:
			*why = "out of memory";
			break;
		default:
			*why = "invalid JSON";
			break;
		}
		return (NULL);
	}
	if (!json_is_object(json)) {
		json_decref(json);
		*why = "not a JSON object";
		return (NULL);
	}
	return (json);
}
