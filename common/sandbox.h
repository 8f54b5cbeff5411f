/*
 * What a process gives up before it reads the first byte from a peer.  One set
 * of files per operating system implements it; no other file of jwtd knows
 * which.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_DIRECTORIES	12
#define SANDBOX_PORTS		16

enum sandbox_role {
	SANDBOX_PARENT,
	SANDBOX_WORKER,
	SANDBOX_TRUST,		/* fetches over TCP, resolves nothing itself */
	SANDBOX_RESOLVER,	/* getaddrinfo(3) and no more */
	SANDBOX_TLSKEY,		/* answers on one socket */
	SANDBOX_SIGNER_MASTER,
	SANDBOX_SIGNER
};

/*
 * What the role does not always need.  Directories are as they are named before
 * chroot; of a Unix socket too.
 */
struct sandbox_needs {
	const char	*directories[SANDBOX_DIRECTORIES];	/* read */
	size_t		 ndirectories;
	uint16_t	 ports[SANDBOX_PORTS];	/* connected to over TCP */
	size_t		 nports;
	bool		 write;		/* files are replaced there as well */
	bool		 local;		/* connects to Unix sockets */
};

/*
 * What takes privilege, so before priv_drop().  Needs may be NULL for none, are
 * not kept, and count for what the process forks too.  What the system does not
 * allow is passed over: the parent's sandbox() has said so.
 */
void	sandbox_early(enum sandbox_role, const struct sandbox_needs *);

/* Does not return if something that must be given up cannot be. */
void	sandbox(enum sandbox_role);

/* For the log, after the number of a signal: what if it was the sandbox. */
const char *sandbox_death(int sig);

#endif
