/* Users in a users file that is not in memory, found by an index of it. */
#ifndef USERS_FIND_H
#define USERS_FIND_H

#include <stddef.h>

#include "users.h"
#include "users_index.h"
#include "users_lines.h"

enum users_find {
	USERS_FOUND,
	USERS_NOT_FOUND,
	USERS_FAILED			/* errno says why */
};

/*
 * Read it all and make an index of the lines that count: the first valid one of
 * each name.  Few lines are parsed for that, since one that is not valid counts
 * for nobody when it is found.  Returns NULL with errno.
 */
struct users_index	*users_find_index(const struct users_text *);

/*
 * Find the line that counts for a name.  The spans of user point into buf,
 * which the caller wipes; *at is the line's offset.  The text has to be what
 * the index was made of.
 */
enum users_find		 users_find(const struct users_index *,
			    const struct users_text *, const char *name,
			    size_t len, struct users_line_buf *buf,
			    struct users_line *user, size_t *at);

/*
 * Is the line at that offset, a valid one of that name, the one that counts for
 * it?  Returns 1, 0, or -1 with errno.  The caller wipes buf.
 */
int			 users_find_counts(const struct users_index *,
			    const struct users_text *, struct span name,
			    size_t at, struct users_line_buf *buf);

#endif
