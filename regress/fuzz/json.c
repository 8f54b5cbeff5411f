/*
 * JSON objects: what is accepted is no deeper than promised, and written out it
 * is accepted again and is the same.
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why;
	json_t *json, *again;
	char *copy, *text;

	copy = fuzz_copy(data, size);
	why = NULL;
	json = json_object_parse(copy, size, &why);
	free(copy);
	if (json == NULL) {
		must(why != NULL);
		return (0);
	}
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
