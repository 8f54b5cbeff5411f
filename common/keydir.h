/*
 * The directory of signing keys, by the names in it.  No key file is opened
 * here.
 */
#ifndef KEYDIR_H
#define KEYDIR_H

#include <stdint.h>

#include "conf.h"
#include "rotation.h"

/*
 * The keys whose names are in there, sorted.  Calls odd(), or NULL, for each
 * name that may have been meant to be one.  Returns 0, or -1 with a text in
 * *why (static, or strerror's).
 */
int	 keydir_read(const char *path, struct rotation *,
	    void (*odd)(const char *path, const char *name), const char **why);

/* NULL if nobody but root or the caller can put a key there; else why not. */
const char *keydir_check(const char *path);

/* As odd(): log it. */
void	 keydir_log_odd(const char *path, const char *name);

/* DIRECTORY/NAME, which the caller frees.  Ends the program without memory. */
char	*keydir_path(const char *path, const char *name);

/*
 * The keys of a signer that has them in a directory, as if they had been
 * configured: all that have not expired, in the order of their times.  Returns
 * 0, or -1 after a message; where keys are configured there is nothing to do.
 */
int	 keydir_fill(struct conf_signer *, int64_t now);

#endif
