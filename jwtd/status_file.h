/* The parent's end of the status file; see status.h. */
#ifndef STATUS_FILE_H
#define STATUS_FILE_H

#include "status.h"

struct status_end {
	char		*path;		/* NULL: there is no file */
	int		 fd;
	struct status	 status;
};

/*
 * Make the file at that path, or with NULL none, and take the lock.  Returns,
 * after a message, -1 if it cannot be made, and -2 if another daemon has it.
 */
int	status_begin(struct status_end *, const char *path);

/* Write what has changed in status.parent. */
void	status_changed(struct status_end *);

/* Somebody asks: write the metrics too. */
void	status_answer(struct status_end *, const struct metrics *);

/* It is not there any more. */
void	status_end(struct status_end *);

#endif
