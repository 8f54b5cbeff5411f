/*
 * What jwtctl(8) does to users, in whichever store they are:
 * users_admin_file.c or users_admin_postgres.c.
 */
#ifndef USERS_ADMIN_H
#define USERS_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "revoked_lines.h"
#include "users.h"

/* what became of a user that was to be put */
enum users_put {
	USERS_ADDED,
	USERS_REPLACED,
	USERS_EXISTS,			/* and is not to be replaced */
	USERS_REFUSED			/* *why says so */
};

/* Users to be put, no two of the same name. */
struct users_batch {
	const struct users_line *const	*users;
	size_t				 n;
	bool				 replace;
	/* is called for each, by its index in users, in their order */
	void				(*did)(void *, size_t, enum users_put,
					    const char *why);
	void				*arg;
};

struct users_admin;

struct users_admin_ops {
	int	(*find)(struct users_admin *, const char *name,
		    struct users_line *);
	int	(*put)(struct users_admin *, const struct users_batch *);
	int	(*delete)(struct users_admin *, const char *name);
	long	(*list)(struct users_admin *,
		    void (*each)(const struct users_line *));
	int	(*commit)(struct users_admin *);
	void	(*close)(struct users_admin *);
};

struct users_admin {
	const struct users_admin_ops	*ops;
};

/*
 * Open the store, with edit for all, without for a list only.  Returns NULL
 * after a message.  What is not committed is as if it had not been.
 */
struct users_admin	*users_admin_file(const char *path, bool edit);
struct users_admin	*users_admin_postgres(const char *conninfo, bool edit);

/*
 * Revoke a token; or the tokens of a user until now, by the server's clock.  As
 * users_admin_put().
 */
int	users_admin_postgres_revoke(struct users_admin *,
	    const struct revoked_line *);

/*
 * Find a user, and keep others from changing it before the end.  Returns 1 with
 * spans that last until the next call, 0 if there is none, -1 after a message.
 */
int	users_admin_find(struct users_admin *, const char *name,
	    struct users_line *);
/* Returns 0, or -1 after a message: then nothing can be committed. */
int	users_admin_put(struct users_admin *, const struct users_batch *);
int	users_admin_delete(struct users_admin *, const char *name);
/*
 * Go through all of them, in the file's order or that of the names.  Returns
 * the number of those that cannot be used, each after a message, or -1.
 */
long	users_admin_list(struct users_admin *,
	    void (*each)(const struct users_line *));
/* Returns 0, or -1 after a message. */
int	users_admin_commit(struct users_admin *);
void	users_admin_close(struct users_admin *);

#endif
