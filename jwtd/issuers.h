/* Whose tokens this worker accepts, and the public keys to check them with. */
#ifndef ISSUERS_H
#define ISSUERS_H

#include <stddef.h>

#include "worker.h"

/*
 * Fill in the worker's issuers and jwks from what waits at FD_CONTROL: our own,
 * if there is a signer, and those of the trust blocks.  Those whose keys are
 * not there yet have none.  Does not return if our own are not.
 */
void	issuers_load(struct worker *);

/* Take what the parent has sent.  Ends the program if the parent is gone. */
void	issuers_hear(struct worker *);

/*
 * A token named a key that this issuer's set does not have: let it be fetched
 * anew, unless that was asked for just now.
 */
void	issuers_unknown_key(struct worker *, size_t issuer);

#endif
