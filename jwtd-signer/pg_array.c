/*
 * Arrays in PostgreSQL's text form.  Elements are always quoted; no copy of one
 * stays behind.
 */
#include "pg_array.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MIN	256

/* Room for that many more bytes; by hand, so that no copy stays. */
static bool
reserve(struct pg_array *array, size_t more)
{
	size_t size;
	char *bigger;

	if (array->size - array->len >= more)
		return (true);
	size = array->size * 2 + more + SIZE_MIN;
	if ((bigger = malloc(size)) == NULL)
		return (false);
	if (array->len > 0)
		memcpy(bigger, array->text, array->len);
	freezero(array->text, array->size);
	array->text = bigger;
	array->size = size;
	return (true);
}

bool
pg_array_add(struct pg_array *array, struct span element)
{
	char *out;
	size_t i;

	/* a backslash for every byte, two quotes, two braces, a NUL */
	if (!reserve(array, element.len * 2 + 5))
		return (false);
	out = array->text + array->len;
	if (array->len == 0)
		*out++ = '{';
	else
		out[-1] = ',';	/* in the place of the brace */
	*out++ = '"';
	for (i = 0; i < element.len; i++) {
		if (element.p[i] == '"' || element.p[i] == '\\')
			*out++ = '\\';
		*out++ = element.p[i];
	}
	*out++ = '"';
	*out++ = '}';
	*out = '\0';
	array->len = (size_t)(out - array->text);
	return (true);
}

void
pg_array_free(struct pg_array *array)
{
	freezero(array->text, array->size);
	memset(array, 0, sizeof(*array));
}
