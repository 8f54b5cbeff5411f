/* Inside of struct conninfo, for the conninfo files alone. */
#ifndef CONNINFO_INTERNAL_H
#define CONNINFO_INTERNAL_H

#include <stddef.h>

#include "conninfo.h"

#define CONNINFO_OPTIONS_MAX	64
#define CONNINFO_LIST_MAX	2048	/* bytes of a list, as of hosts */

struct conninfo {
	const char	*keywords[CONNINFO_OPTIONS_MAX + 1];
	char		*values[CONNINFO_OPTIONS_MAX + 1];
	size_t		 n;
	char		*directory;
	char		*files[SANDBOX_DIRECTORIES];	/* where others are */
	size_t		 nfiles;
	bool		 confined;
	char		 host[CONNINFO_LIST_MAX];
	char		 hostaddr[CONNINFO_LIST_MAX];
	char		 port[CONNINFO_LIST_MAX];
	size_t		 nhosts;
	size_t		 nsockets;	/* of which are Unix sockets */
	char		*err;
	size_t		 errsize;
};

/* Put a text into err.  Returns -1. */
int		 conninfo_fail(struct conninfo *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/* Where an option is in values; ->n if it is not there. */
size_t		 conninfo_find(const struct conninfo *, const char *keyword);
/* The value of an option, "" if it has none. */
const char	*conninfo_get(const struct conninfo *, const char *keyword);
/* keyword is a static string.  Returns 0, or -1 with a text in err. */
int		 conninfo_set(struct conninfo *, const char *keyword,
		    const char *value);

/*
 * Read the options of a string: its own over those of its service, over the
 * environment's and the defaults.  Returns 0, or -1 with a text in err.
 */
int		 conninfo_options(struct conninfo *, const char *string);

#endif
