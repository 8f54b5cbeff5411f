/* The parent: starts the other processes, keeps them alive and ends them. */
#ifndef PARENT_H
#define PARENT_H

#include "conf.h"

#define SIGNER_USER	"_jwtdsign"	/* whom jwtd-signer becomes */

struct parent_options {
	const char	*file;		/* the configuration, for a reload */
	const char	*self;		/* this program, for exec */
	const char	*signer;	/* jwtd-signer */
	int		 foreground;
	int		 verbose;
};

/*
 * Run the daemon until SIGTERM.  started() is called once, when every process
 * is ready.  Frees the configuration.  Returns the exit status.
 */
int	parent_run(struct conf *, const struct parent_options *,
	    void (*started)(void *), void *arg);

#endif
