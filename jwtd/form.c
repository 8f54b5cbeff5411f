/*
 * application/x-www-form-urlencoded, decoded in place.  Pure: it writes only
 * over the bytes that it was given, and never more of them than it read.
 */
#include "form.h"

#include <sys/types.h>

#include <stdint.h>

#include "percent.h"

/* Returns the length of what is decoded over p, or -1. */
static ssize_t
decode(char *p, size_t len)
{
	size_t i;

	/* clients escape all but ASCII */
	for (i = 0; i < len; i++)
		if ((uint8_t)p[i] >= 0x80)
			return (-1);
	return (percent_decode(p, len, p, len, true));
}

void
form_init(struct form *form, char *buf, size_t len)
{
	form->next = buf;
	form->end = len > 0 ? buf + len : buf;
}

enum form_result
form_next(struct form *form, struct span *name, struct span *value)
{
	ssize_t name_len, value_len;
	char *p, *end, *equals;

	if (form->next == NULL && form->end != NULL)
		return (FORM_BAD);	/* and it stays so */
	while (form->next < form->end && *form->next == '&')
		form->next++;
	if (form->next == form->end)
		return (FORM_END);
	p = form->next;
	end = memchr(p, '&', (size_t)(form->end - p));
	if (end == NULL)
		end = form->end;
	form->next = end;
	equals = memchr(p, '=', (size_t)(end - p));
	name_len = decode(p, (size_t)((equals != NULL ? equals : end) - p));
	value_len = 0;
	if (equals != NULL)
		value_len = decode(equals + 1, (size_t)(end - equals - 1));
	if (name_len == -1 || value_len == -1) {
		form->next = NULL;
		return (FORM_BAD);
	}
	name->p = p;
	name->len = (size_t)name_len;
	value->p = equals != NULL ? equals + 1 : end;
	value->len = (size_t)value_len;
	return (FORM_PAIR);
}
