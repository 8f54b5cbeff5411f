/* The real jwtd-signer, started as the parent starts it, and what it uses. */
#ifndef SIGNERS_H
#define SIGNERS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "message.h"

#define SIGNERS		2	/* as the configuration says */
#define WORKERS		64	/* likewise; a socket each */
#define REVOKED		16	/* likewise; entries */

struct signers {
	pid_t	master;
	int	control;
	int	sockets[WORKERS];	/* the workers' ends; -1: closed */
	pid_t	pids[SIGNERS];
};

/* Start it with that configuration and give it all sockets, or end the test. */
void	 signers_start(struct signers *, const char *program,
	    const char *conf);
/* Tell it to end; was it alive, and does it end well? */
bool	 signers_stop(struct signers *);

/*
 * Give it a new socket for that worker, as after a worker's death; the signers
 * are then others.
 */
void	 signers_renew(struct signers *, unsigned int slot);

/* Are all of them those that were there when it started? */
bool	 signers_same(const struct signers *);
/* KiB that the master and all signers have for themselves */
long	 signers_memory(const struct signers *);
/* their descriptors, or -1 where one may not look */
int	 signers_descriptors(const struct signers *);

/* Was all of it built with sanitizers?  They are slow and keep memory. */
bool	 sanitized(void);
/* seconds to wait for what will come */
int	 patience(void);
void	 die(const char *) __attribute__((noreturn));
/* Is there something to read within so many ms?  It may be the end. */
bool	 readable(int fd, int ms);

#endif
