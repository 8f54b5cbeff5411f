/* What becomes of the lines of a users file, written as a new one. */
#ifndef USERS_REWRITE_H
#define USERS_REWRITE_H

#include <stddef.h>

#include "users_lines.h"

/* A line of the old file that is replaced or deleted. */
struct users_change {
	size_t	 at;		/* its offset */
	size_t	 end;		/* and that of the next line */
	char	*text;		/* with its newline; NULL: deleted */
	size_t	 len;
};

struct users_changes {
	struct users_change	*list;
	size_t			 n;
	size_t			 room;		/* for so many */
	char			*added;		/* lines for the end */
	size_t			 added_len;
	size_t			 added_size;
};

/*
 * Note what becomes of one line, once; on success the text, if there is one, is
 * theirs.  Returns 0, or -1 when memory is short.
 */
int	users_changes_line(struct users_changes *,
	    const struct users_change *);
/* Note a line for the end, with its newline.  Likewise, but it is copied. */
int	users_changes_add(struct users_changes *, const char *text,
	    size_t len);
/* wipes what is in it */
void	users_changes_clear(struct users_changes *);

/* How long the new file will be, or one byte less. */
size_t	users_rewrite_size(const struct users_text *,
	    const struct users_changes *);
/*
 * Write the old text with its changes into fd.  Returns 0, or -1 with errno.
 */
int	users_rewrite(int fd, const struct users_text *,
	    struct users_changes *);

#endif
