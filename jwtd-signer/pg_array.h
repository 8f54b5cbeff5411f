/* An array as PostgreSQL reads it from text: {"one","two"}. */
#ifndef PG_ARRAY_H
#define PG_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

struct pg_array {
	char	*text;		/* with a NUL, whole after each element */
	size_t	 len;
	size_t	 size;
};

/* Add an element; the struct begins as zeros.  False when memory is short. */
bool	pg_array_add(struct pg_array *, struct span);
/* wiped */
void	pg_array_free(struct pg_array *);

#endif
