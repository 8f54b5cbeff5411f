/* The certificates on their way from tlskey, through the parent, to workers. */
#ifndef CERTIFICATES_PARENT_H
#define CERTIFICATES_PARENT_H

#include <stdbool.h>

struct generation;

void	certificates_init(struct generation *);
void	certificates_free(struct generation *);

/* An empty file for the next ones, the parent's to close; or -1 with errno. */
int	certificates_next(struct generation *);

/*
 * As child->ready_hook: the next ones are written.  If they are others than the
 * workers have, because the files were changed, these accept nobody with TLS
 * any more, and another generation is wanted.
 */
void	certificates_written(struct generation *);

/* There will be none: workers with the new ones replace those that end. */
void	certificates_replace(struct generation *);

/* Are there all that workers cannot start without? */
bool	certificates_complete(const struct generation *);

#endif
