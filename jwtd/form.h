/* application/x-www-form-urlencoded, decoded in place. */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

#include "span.h"

struct form {
	char	*next;
	char	*end;
};

enum form_result {
	FORM_PAIR,
	FORM_END,
	FORM_BAD		/* bad escape, NUL or control character */
};

void	form_init(struct form *, char *buf, size_t len);

/*
 * The next pair, decoded over its own bytes; "name" alone has an empty value,
 * empty pairs ("&&") are passed over.
 */
enum form_result form_next(struct form *, struct span *name,
	    struct span *value);

#endif
