/* The lines of a users file that are skipped, found a piece at a time. */
#ifndef USERS_CHECK_H
#define USERS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "users_index.h"
#include "users_lines.h"

#define USERS_CHECK_MAX	100		/* bad lines that are noted */

struct users_check {
	size_t			 at;		/* what is not looked at yet */
	unsigned int		 number;	/* of the line before it */
	struct {
		unsigned int	 line;
		const char	*why;		/* static */
	}			 first[USERS_CHECK_MAX];
	size_t			 n;		/* more than there is room */
	uint64_t		 hash;		/* of all bad lines */
	struct users_line_buf	 buf;
};

/* Begin at the beginning. */
void	users_check_begin(struct users_check *);

/*
 * Look at the next lines, some milliseconds' worth.  Returns 1 if there may be
 * more, 0 at the end, -1 with errno.
 */
int	users_check_some(struct users_check *, const struct users_index *,
	    const struct users_text *);

#endif
