/*
 * The table of what was revoked, in the parent: it makes it and hands it on, to
 * jwtd-signer for writing and to the workers for reading.
 */
#ifndef REVOKED_PARENT_H
#define REVOKED_PARENT_H

struct generation;

/*
 * Make one, if the configuration wants it, with what that of the generation
 * before, or NULL, has.  Returns 0, or -1 after a message.
 */
int	revoked_init(struct generation *, const struct generation *before);
void	revoked_free(struct generation *);

#endif
