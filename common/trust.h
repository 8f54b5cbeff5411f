/* The keys of a trust block of jwtd.conf(5). */
#ifndef TRUST_H
#define TRUST_H

#include "conf.h"
#include "jwt.h"

/*
 * Read the file of the block.  Returns 0, or -1 after a message that names it.
 * The issuer's name is the block's and lives as long.
 */
int	trust_load(const struct conf_trust *, struct jwt_issuer *);

#endif
