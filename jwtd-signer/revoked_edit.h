/*
 * Edits of the file of what was revoked: under its lock, and seen by its
 * readers whole, before or after.
 */
#ifndef REVOKED_EDIT_H
#define REVOKED_EDIT_H

#include "revoked_lines.h"

/*
 * Add a line, and leave out those that are over.  wait is how many ms to wait
 * for the lock, or -1.  Returns 0 when it is on disk, or -1 after a message.
 */
int	revoked_edit_add(const char *path, int wait,
	    const struct revoked_line *);

#endif
