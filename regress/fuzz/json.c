/*
 * JSON objects: what is accepted is no deeper than promised, and written out or
 * compacted it is accepted again and is the same; its text has the same
 * members.
 */
#include "json.h"

#include "fuzz.h"
#include "utf8.h"

static int
depth(json_t *json)
{
	const char *key;
	json_t *v;
	size_t i;
	int d, deepest;

	deepest = 0;
	if (json_is_object(json)) {
		json_object_foreach(json, key, v) {
			must(utf8_valid(key, strlen(key)));
			if ((d = depth(v)) > deepest)
				deepest = d;
		}
		return (deepest + 1);
	}
	if (json_is_array(json)) {
		json_array_foreach(json, i, v)
			if ((d = depth(v)) > deepest)
				deepest = d;
		return (deepest + 1);
	}
	if (json_is_string(json)) {
		must(utf8_valid(json_string_value(json),
		    json_string_length(json)));
		must(strlen(json_string_value(json)) ==
		    json_string_length(json));
	}
	return (0);
}

static void
check_text(const char *buf, size_t len, const json_t *json)
{
	struct span name, value, all;
	const char *why;
	json_t *again;
	size_t pos, n;
	ssize_t small;
	char *out;
	int ascii;

	n = pos = 0;
	while (json_next_member(buf, len, &pos, &name, &value)) {
		must(pos <= len && name.len >= 2 && value.len >= 1);
		n++;
	}
	must(n == json_object_size(json));
	all.p = buf;
	all.len = len;
	/* one byte may become \u007f */
	must((out = malloc(len * 6 + 1)) != NULL);
	for (ascii = 0; ascii < 2; ascii++) {
		small = json_compact(out, len * 6, all, ascii);
		must(small > 0 && (ascii || (size_t)small <= len));
		again = json_object_parse(out, (size_t)small, &why);
		must(again != NULL && json_equal(json, again));
		json_decref(again);
	}
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why;
	json_t *json, *again;
	char *copy, *text;

	copy = fuzz_copy(data, size);
	why = NULL;
	json = json_object_parse(copy, size, &why);
	if (json == NULL) {
		must(why != NULL);
		free(copy);
		return (0);
	}
	check_text(copy, size, json);
	free(copy);
	must(json_is_object(json) && depth(json) <= JSON_MAX_DEPTH);
	text = json_dumps(json, JSON_COMPACT);
	must(text != NULL);
	again = json_object_parse(text, strlen(text), &why);
	must(again != NULL && json_equal(json, again));
	free(text);
	json_decref(again);
	json_decref(json);
	return (0);
}
