/* What the files of the file store share; nobody else includes it. */
#ifndef STORE_FILE_INTERNAL_H
#define STORE_FILE_INTERNAL_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "store.h"

/* how the file of what was revoked was seen last */
struct store_file_revoked {
	struct stat		 st;
	bool			 loaded;
	bool			 missing;	/* there was none */
	bool			 racy;		/* look again next time */
	uint64_t		 again;		/* clock_ms(): in any case */
	bool			 same_bad;	/* its bad lines were logged */
};

struct store_file {
	struct store		 store;		/* first: it is cast */
	char			*path;		/* as configured, for the log */
	char			*dir;
	const char		*base;		/* points into path */
	int			 dirfd;
	struct store_shared	*shared;
	struct users_index	*index;		/* NULL: nothing is loaded */
	int			 fd;		/* what it is of, open, or -1 */
	struct stat		 st;		/* and which version of it */
	struct users_line_buf	*line;		/* what a look-up reads */
	struct users_check	*check;		/* NULL: nothing to check */
	uint64_t		 claim;		/* of this check */
	bool			 confined;	/* its directory is the root */
	bool			 racy;		/* look again next time */
	struct store_file_revoked revoked;
};

/* Behind chroot it is in the root directory.  False: too long. */
bool	 store_file_path(const struct store_file *, const char *name,
	    char path[PATH_MAX]);
/* May it change, from now on, without a new time stamp? */
bool	 store_file_racy(const struct stat *);

/* store_file_revoked.c */
enum store_result store_file_revoke(struct store *, const char *id,
	    int64_t expires);
const char *store_file_revoked(struct store *, struct revoked *);
int	 store_file_hint(const struct store *);

#endif
