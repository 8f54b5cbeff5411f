/* Where users come from.  One implementation is in store_file.c. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>

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

struct store;

struct store_ops {
	enum store_result	(*lookup)(struct store *, const char *name,
				    struct user *);
	void			(*close)(struct store *);
};

struct store {
	const struct store_ops	*ops;
};

/*
 * Open before the privileges are dropped.  shared is one int of memory that all
 * signers share; it keeps them from each logging the same bad line.  Returns
 * NULL after a message.
 */
struct store	*store_file_open(const char *path, unsigned long *shared);
/* the directory that the store needs to see; where the signer is confined */
const char	*store_file_directory(struct store *);

/* Fills the user on STORE_FOUND; the caller calls user_clear() after it. */
enum store_result store_lookup(struct store *, const char *name,
		    struct user *);
void		 store_close(struct store *);
void		 user_clear(struct user *);

#endif
