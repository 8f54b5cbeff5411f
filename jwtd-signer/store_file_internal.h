/* What the files of the file store share; nobody else includes it. */
#ifndef STORE_FILE_INTERNAL_H
#define STORE_FILE_INTERNAL_H

#include <sys/stat.h>

#include <limits.h>
#include <time.h>

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
	struct users_table	*table;		/* NULL: nothing is loaded */
	struct stat		 st;		/* of the file in table */
	bool			 confined;	/* its directory is the root */
	bool			 racy;		/* look again next time */
	struct store_file_revoked revoked;
};

/* Behind chroot it is in the root directory.  False: too long. */
bool	 store_file_path(const struct store_file *, const char *name,
	    char path[PATH_MAX]);
/*
 * The bytes of a file in the store's directory and the version that they are,
 * or NULL with a reason, and errno.
 */
char	*store_file_read(const struct store_file *, const char *name,
	    size_t max, size_t *len, struct stat *, const char **why);
/* Are these the same version of a file? */
bool	 store_file_same(const struct stat *, const struct stat *);
/* Could it, read at that time, change without looking otherwise? */
bool	 store_file_racy(const struct stat *, const struct timespec *now);

/* store_file_revoked.c */
enum store_result store_file_revoke(struct store *, const char *id,
	    int64_t expires);
const char *store_file_revoked(struct store *, struct revoked *);
int	 store_file_hint(const struct store *);

#endif
