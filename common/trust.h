/* The keys of a trust block of jwtd.conf(5). */
#ifndef TRUST_H
#define TRUST_H

#include "conf.h"
#include "jwt.h"

#define TRUST_BYTES_MAX	((size_t)1024 * 1024)	/* of a key set */

/* jwkset_parse() or jwkset_parse_pem(), as the block has it. */
int	trust_parse(const struct conf_trust *, const char *buf, size_t len,
	    struct jwkset *, void (*warn)(const char *, ...),
	    const char **why);

/*
 * Read the file of the block.  Returns 0, or -1 after a message that names it.
 * The issuer's name is the block's and lives as long.
 */
int	trust_load(const struct conf_trust *, struct jwt_issuer *);

#endif
