/* Where users come from: store_file.c or store_postgres.c. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "sandbox.h"

#define USER_NAME_MAX	255
#define USER_HASH_MAX	511
#define USER_GRANTS_MAX	65536

struct user {
	char	 hash[USER_HASH_MAX + 1];
	char	*grants;		/* a JSON object's text, with a NUL */
	size_t	 grants_len;
	bool	 disabled;
};

enum store_result {
	STORE_FOUND,
	STORE_NOT_FOUND,
	STORE_UNAVAILABLE
};

struct revoked;
struct store;

struct store_ops {
	enum store_result	(*lookup)(struct store *, const char *name,
				    struct user *);
	void			(*rehash)(struct store *, const char *name,
				    const char *old, const char *new);
	bool			(*work)(struct store *);	/* or NULL */
	void			(*needs)(struct store *,
				    struct sandbox_needs *);
	enum store_result	(*revoke)(struct store *, const char *id,
				    int64_t expires);
	const char		*(*revoked)(struct store *, struct revoked *);
	int			(*hint)(const struct store *);
	void			(*close)(struct store *);
};

struct store {
	const struct store_ops	*ops;
	/* of the configuration, for the file store */
	const struct conf_revocations *revocations;
};

/*
 * What all signers know together, in memory that they share: so each message is
 * logged by one of them, and one that found the server away tells the others.
 */
struct store_shared {
	uint64_t	 bad_lines;	/* fingerprint, by store_file.c */
	uint64_t	 checked;	/* version, by store_file.c */
	uint64_t	 down_until;	/* clock_ms(), by store_postgres.c */
	uint64_t	 rehash_after;	/* clock_ms() */
	bool		 down;
	bool		 rehash_failed;
	bool		 revoke_failed;
};

/*
 * The store named what cannot be asked, and it can again.  Of all signers and
 * each time, one logs it.
 */
void		 store_note_down(struct store_shared *, const char *what,
		    const char *why);
void		 store_note_up(struct store_shared *, const char *what);

/*
 * Could a hash be replaced, as far as one knows?  After a failure, which is
 * logged once, nobody tries for a while.
 */
bool		 store_may_rehash(const struct store_shared *);
void		 store_note_rehash(struct store_shared *, const char *what,
		    const char *why);	/* NULL: it worked */

/*
 * Open the store of the configuration, before the privileges are dropped.
 * confined says that the first directory that it needs will be the root
 * directory.  Returns NULL after a message.
 */
struct store	*store_open(const struct conf_signer *, bool confined,
		    struct store_shared *);
struct store	*store_file_open(const char *path, bool confined,
		    struct store_shared *);
struct store	*store_postgres_open(const char *string, bool confined,
		    struct store_shared *);

/*
 * What the store needs of the system from now on.  The first directory is where
 * the signer is confined; they live as long as the store.
 */
void		 store_needs(struct store *, struct sandbox_needs *);

/* Fills the user on STORE_FOUND; the caller calls user_clear() after it. */
enum store_result store_lookup(struct store *, const char *name,
		    struct user *);
/*
 * Replace a user's hash by one of the same password, unless it was changed in
 * the meantime.
 */
void		 store_rehash(struct store *, const char *name,
		    const char *old, const char *new);
/*
 * Do some milliseconds of what no look-up has to wait for.  Returns true if
 * there is more of it.
 */
bool		 store_work(struct store *);
/* STORE_FOUND when it is kept, so that nothing loses it any more. */
enum store_result store_revoke(struct store *, const char *id,
		    int64_t expires);
/*
 * Bring the table up to date with what is kept.  NULL when it is, or else why
 * it is not, which lasts until the next call.  For one process alone, in which
 * users are not looked up.
 */
const char	*store_revoked(struct store *, struct revoked *);
/* It can be read from when there may be news before the time; or -1. */
int		 store_hint(const struct store *);
void		 store_close(struct store *);
void		 user_clear(struct user *);

#endif
