/*
 * Edit the users file: locked, and seen by its readers whole, before or after.
 * Every line but the ones concerned stays as it is, byte for byte.
 */
#ifndef USERS_EDIT_H
#define USERS_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "users.h"

struct users_edit;

/*
 * Lock the file and read it; one that is not there is empty.  wait is how many
 * ms to wait for the lock, or -1.  Returns NULL after a message.  The caller
 * calls users_edit_close(), which unlocks.
 */
struct users_edit	*users_edit_open(const char *path, int wait);
void			 users_edit_close(struct users_edit *);

/*
 * The line that counts for a name, as it was read, or NULL.  It lasts until the
 * next call of this or the end of the edit.
 */
const struct users_line	*users_edit_find(struct users_edit *,
			    const char *name, size_t len);

bool			 users_edit_has(struct users_edit *,
			    const char *name, size_t len);

/*
 * Put this line in the place of the one that its name has, or at the end.  A
 * name may be put once before a commit.  Returns 0, or -1 with a text in *why.
 */
int			 users_edit_put(struct users_edit *,
			    const struct users_line *, const char **why);
/* Delete every line of that name.  Returns 0, or -1 after a message. */
int			 users_edit_delete(struct users_edit *,
			    const char *name, size_t len);

/*
 * Write it, unless somebody has changed the file without the lock.  Returns 0,
 * or -1 after a message: then the old file is there.
 */
int			 users_edit_commit(struct users_edit *);

/*
 * Put a new hash in the place of the old one of that name, unless the file has
 * another by now.  It does not wait long for the lock, since a signer calls it.
 * Returns 0, or -1 after a message.
 */
int			 users_rehash(const char *path, const char *name,
			    const char *old, const char *new);

#endif
