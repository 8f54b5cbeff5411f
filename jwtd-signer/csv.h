/* CSV, RFC 4180, whose lines may also end in a bare newline. */
#ifndef CSV_H
#define CSV_H

#include <stddef.h>

#include "span.h"

struct csv {
	char		*buf;
	size_t		 len;
	size_t		 pos;
	unsigned int	 next_line;
	unsigned int	 line;		/* of the last record, from 1 */
};

enum csv_result {
	CSV_RECORD,
	CSV_END,
	CSV_BAD			/* nothing can be read after it */
};

/* A byte order mark is passed over. */
void		csv_init(struct csv *, char *buf, size_t len);

/*
 * The next record that is no empty line.  Its fields are decoded where they
 * are: the spans point into buf.  *n is their number; only the first max of
 * them are in fields.  CSV_BAD has a text in *why and the line of it in ->line.
 */
enum csv_result	csv_next(struct csv *, struct span *fields, size_t max,
		    size_t *n, const char **why);

#endif
