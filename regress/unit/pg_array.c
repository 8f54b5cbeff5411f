/* Arrays in PostgreSQL's text form. */
#include "pg_array.h"

#include "tap.h"

static bool
add(struct pg_array *array, const char *text)
{
	struct span element;

	element.p = text;
	element.len = strlen(text);
	return (pg_array_add(array, element));
}

int
main(void)
{
	static const char many[] = "0123456789\\";
	struct pg_array array;
	int i;
	bool good;

	memset(&array, 0, sizeof(array));
	ok(add(&array, "a"), "one");
	is_str(array.text, "{\"a\"}", "is an array");
	good = add(&array, "") && add(&array, "NULL") && add(&array, "{x,y}") &&
	    add(&array, "\"b\\\"") && add(&array, "\xc3\xa4\n");
	ok(good, "more");
	is_str(array.text, "{\"a\",\"\",\"NULL\",\"{x,y}\",\"\\\"b\\\\\\\"\","
	    "\"\xc3\xa4\n\"}", "quotes and backslashes");
	is_int((long long)array.len, (long long)strlen(array.text), "length");
	pg_array_free(&array);
	ok(array.text == NULL, "freed");

	for (i = 0, good = true; i < 10000; i++)
		good = good && add(&array, many);
	ok(good, "many");
	/* each with two quotes, a backslash and a comma or brace */
	is_int((long long)array.len,
	    10000LL * (long long)(strlen(many) + 4) + 1, "length of many");
	is_int((long long)strlen(array.text), (long long)array.len, "its end");
	pg_array_free(&array);
	return (done());
}
