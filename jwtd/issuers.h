/* Whose tokens this worker accepts, and the public keys to check them with. */
#ifndef ISSUERS_H
#define ISSUERS_H

#include "worker.h"

/*
 * Fill in the worker's issuers and jwks: our own from FD_KEYS, if there is a
 * signer, and those of the trust blocks from their files.  Call before chroot.
 * Does not return if one cannot be used.
 */
void	issuers_load(struct worker *);

#endif
