/*
 * The file of what was revoked: a line each, "token:ID:TIME" with the time at
 * which it expires, or "user:NAME:TIME" for the tokens of that user from before
 * it.  Times are seconds since the epoch.
 */
#ifndef REVOKED_LINES_H
#define REVOKED_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "revoked.h"
#include "span.h"

#define REVOKED_FILE_MAX	((size_t)64 * 1024 * 1024)
#define REVOKED_TIME_MAX	253402300799LL	/* in the year 9999 */

struct revoked_line {
	enum revoked_kind	 kind;
	struct span		 id;		/* or the user's name */
	int64_t			 time;
};

enum revoked_result {
	REVOKED_LINE,
	REVOKED_BLANK,			/* empty or a comment */
	REVOKED_BAD			/* *why says so */
};

/* Parse one line without its newline.  The span points into it.  Pure. */
enum revoked_result revoked_line_parse(const char *line, size_t len,
		    struct revoked_line *, const char **why);

/*
 * Is a valid one of no use any more, since there can be no token that it is
 * about?
 */
bool	revoked_line_over(const struct revoked_line *, int64_t now);

/*
 * The old text of the file with that line added, and without what is over or is
 * the same with an earlier time.  Lines that are no entries stay.  Returns a
 * text that the caller frees, or NULL when there is no memory.  Pure.
 */
char	*revoked_lines_add(const char *old, size_t old_len,
	    const struct revoked_line *, int64_t now, size_t *len);

#endif
