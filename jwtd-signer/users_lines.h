/* The lines of a users file, a piece of it in memory at a time. */
#ifndef USERS_LINES_H
#define USERS_LINES_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "span.h"
#include "store.h"
#include "users.h"

/* name:!hash:grants; one that is longer cannot be valid */
#define USERS_LINE_MAX	\
	(USER_NAME_MAX + 1 + 1 + USER_HASH_MAX + 1 + USER_GRANTS_MAX)

/* An open file, of which len bytes count, or a text in memory. */
struct users_text {
	int		 fd;		/* if mem is NULL */
	const char	*mem;
	size_t		 len;
};

struct users_lines {
	const struct users_text	*text;
	char			*buf;
	size_t			 size;
	size_t			 pos;		/* in buf: the next line */
	size_t			 end;		/* in buf */
	size_t			 at;		/* offset of pos */
	unsigned int		 number;	/* of the line before it */
	bool			 failed;	/* with errno */
};

/* what one line is read into, with its newline */
struct users_line_buf {
	char	text[USERS_LINE_MAX + 2];
	size_t	len;			/* of what is in it, to be wiped */
};

/* Returns how many bytes were read, at most n, 0 at the end, -1 with errno. */
ssize_t	users_text_read(const struct users_text *, char *buf, size_t n,
	    size_t at);

/*
 * Begin at the line at that offset, which number lines precede.  Returns 0, or
 * -1 with errno.
 */
int	users_lines_begin(struct users_lines *, const struct users_text *,
	    size_t at, unsigned int number);
/*
 * The next line, without its newline; number is its number and *at its offset.
 * It lasts until the next call, and is cut where it is longer than any valid
 * one.  Returns false at the end and, with failed, if the file cannot be read.
 */
bool	users_lines_next(struct users_lines *, struct span *line, size_t *at);
/* wipes the buffer */
void	users_lines_end(struct users_lines *);

/* The one line at that offset, cut likewise.  Returns 0, or -1 with errno. */
int	users_lines_read(const struct users_text *, size_t at,
	    struct users_line_buf *, struct span *line);
void	users_line_wipe(struct users_line_buf *);

/* The name of a line that may be a user's; false if it is none's. */
bool	users_lines_name(struct span line, struct span *name);

#endif
