/*
 * The key sets of trust blocks in the trust process: what all of them have in
 * common, and how those behind a URL are had.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "fetch.h"

struct source {
	const struct conf_trust	*trust;
	uint32_t		 issuer;	/* its number, see control.h */
	char			*text;		/* the last good set, or NULL */
	size_t			 len;
	int			 out;		/* for the next; -1: none yet */
	bool			 unwritten;	/* text waits for one */
	bool			 down;		/* which was logged */
	/* of a URL */
	struct event_base	*base;
	struct fetch_target	 target;
	struct fetch		*fetch;		/* under way, or NULL */
	struct event		 timer;
	uint64_t		 begun;		/* ms: the last one */
	unsigned int		 failures;	/* in a row */
	unsigned int		 unreached;	/* the host not even */
	bool			 tried;
};

/* A set that has come.  The one before it stays if this cannot be used. */
int	source_take(struct source *, const char *buf, size_t len);
/* There is none, and why; this is logged when it has been otherwise. */
void	source_failed(struct source *, const char *why);
/* A file for the next set, which is now the source's to close. */
void	source_out(struct source *, int fd);

/* Begin to fetch, and go on with it.  tried() is called after each time. */
void	source_https(struct source *, struct event_base *,
	    void (*tried)(void));
/* Somebody has seen a key that is not in the set. */
void	source_https_unknown(struct source *);

#endif
