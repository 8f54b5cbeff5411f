/* Giving a token again that was given a short time ago, where that is on. */
#ifndef AGAIN_H
#define AGAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "issue.h"
#include "reuse.h"
#include "serve.h"

/*
 * Is there one for that wish, of somebody who is who they are, at that time(3)?
 * Then the scratch has it, as if it had been made now.  If not, *tag is for
 * again_keep().
 */
bool	again_give(struct serve *, const struct reuse_wish *, int64_t now,
	    struct reuse_tag *, struct issue_scratch *);

/* The scratch has one that was just made, with that id. */
void	again_keep(struct serve *, const struct reuse_tag *, const char *id,
	    struct issue_scratch *);

#endif
