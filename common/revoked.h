/*
 * Which tokens are not accepted any more: a table of fixed size in memory that
 * one process writes and the workers read.  It holds hashes, no token id and no
 * user's name.  A look takes no lock and no system call, and a writer that
 * stops at any point stops no reader.
 */
#ifndef REVOKED_H
#define REVOKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REVOKED_MIN		16		/* entries, of a table */
#define REVOKED_MAX		1048576

struct revoked;

enum revoked_kind {
	REVOKED_TOKEN = 't',	/* a token id; the time is when it expires */
	REVOKED_USER = 'u'	/* a subject; tokens from before that time */
};

enum revoked_answer {
	REVOKED_NO,
	REVOKED_YES,
	REVOKED_UNKNOWN		/* not all of them fit into the table */
};

/* The bytes of a table for so many entries. */
size_t		 revoked_size(unsigned int limit);

/*
 * A new table in a file without a name: *rw for who writes it, *ro for those
 * who can only read.  It has what is in the one before, or NULL.  Returns 0, or
 * -1 with errno.
 */
int		 revoked_create(unsigned int limit,
		    const struct revoked *before, int *rw, int *ro);

/*
 * Map the table at fd, which may be closed then.  Returns NULL with errno if it
 * is none of that limit.
 */
struct revoked	*revoked_map(int fd, unsigned int limit, bool write);
void		 revoked_unmap(struct revoked *);

/*
 * Is it so of a token of our own: was it revoked, or all those of its subject
 * from before a time after its iat?  id is NULL if it has none.
 */
enum revoked_answer revoked_look(const struct revoked *, const char *id,
		    const char *subject, int64_t iat);

/* Another number whenever what readers see has changed. */
uint64_t	 revoked_version(const struct revoked *);

/* When somebody last saw that it is up to date, by clock_ms(); 0: never. */
uint64_t	 revoked_checked(const struct revoked *);

/* For the one who writes: nobody else does from now on. */
void		 revoked_claim(struct revoked *);
/*
 * Begin the next version, from nothing or from what there is, and add to it.
 * Of the same kind and id the later time counts.
 */
void		 revoked_begin(struct revoked *, bool anew);
void		 revoked_add(struct revoked *, enum revoked_kind,
		    const char *id, size_t len, int64_t time);
/* Did not all of it fit?  The number of entries goes to *n. */
bool		 revoked_overflow(const struct revoked *, size_t *n);
/* From now on it is what readers see.  False if another has claimed it. */
bool		 revoked_commit(struct revoked *);
/* What readers see is up to date. */
void		 revoked_confirm(struct revoked *, uint64_t now);

#endif
