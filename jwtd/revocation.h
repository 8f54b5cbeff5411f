/* Was a token of our own revoked?  As far as this worker can know. */
#ifndef REVOCATION_H
#define REVOCATION_H

#include "conn.h"
#include "jwt.h"
#include "revoked.h"
#include "worker.h"

/*
 * Of a token that jwt_verify() took.  REVOKED_UNKNOWN: what is known is not
 * enough to go by, and it is configured to accept nothing then.
 */
enum revoked_answer revocation_of(struct worker *, const struct jwt *);

/*
 * May it go by what was verified before?  That is forgotten when what is
 * revoked has changed.  To be asked before each look at it.
 */
bool	revocation_same(struct worker *);

/* 503 for it: it may be known in a moment. */
void	revocation_unknown(struct conn *);

#endif
