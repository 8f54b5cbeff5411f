/*
 * What a process gives up before it reads the first byte from a peer.  One file
 * per operating system implements it; no other file of jwtd knows which.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

enum sandbox_role {
	SANDBOX_PARENT,
	SANDBOX_WORKER,
	SANDBOX_TLSKEY,
	SANDBOX_SIGNER_MASTER,
	SANDBOX_SIGNER
};

/* Does not return if something that must be given up cannot be. */
void	sandbox(enum sandbox_role);

#endif
