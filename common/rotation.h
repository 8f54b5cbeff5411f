/*
 * Signing keys in a directory.  Which of them signs, which will, and for how
 * long a former one is accepted follows from their names, the clock and the
 * longest life of a token, and from nothing else: so it is the same on every
 * host that has the directory.  Pure functions.
 */
#ifndef ROTATION_H
#define ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROTATION_TAG_MAX	64	/* bytes */
#define ROTATION_NAME_SIZE	(17 + ROTATION_TAG_MAX + 4 + 1)
#define ROTATION_TIME_SIZE	21
#define ROTATION_MAX		256	/* files */

enum rotation_state {
	ROTATION_NEXT,			/* published and accepted, no more */
	ROTATION_ACTIVE,		/* signs */
	ROTATION_RETIRED,		/* published and accepted still */
	ROTATION_EXPIRED		/* nothing that it signed is valid */
};

struct rotation_key {
	char	name[ROTATION_NAME_SIZE];
	int64_t	since;			/* signs from then, seconds of 1970 */
};

struct rotation {
	struct rotation_key	keys[ROTATION_MAX];
	size_t			n;
};

/*
 * A name such as "20261124T130000Z-TAG.pem": the time in UTC, and a tag of
 * letters, digits, '-' and '_'.  Returns false if it is none.
 */
bool	 rotation_parse(const char *name, struct rotation_key *);

/* It is none, but may have been meant to be. */
bool	 rotation_almost(const char *name);

/* What is left of a key file that was written and did not get its name. */
bool	 rotation_temporary(const char *name);

/*
 * The name of a key that signs from then.  Returns false if the time is none of
 * four digits for the year, or the tag cannot be one.
 */
bool	 rotation_name(struct rotation_key *, int64_t since, const char *tag);

/* Returns false if there is no room. */
bool	 rotation_add(struct rotation *, const struct rotation_key *);

/* By time, then by name.  The functions below are for those that are sorted. */
void	 rotation_sort(struct rotation *);

/*
 * The one that signs: the last whose time has come or, as on a host whose clock
 * is late, the first.  There must be one.
 */
size_t	 rotation_active(const struct rotation *, int64_t now);

enum rotation_state rotation_state(const struct rotation *, size_t,
	    int64_t now, unsigned int lifetime);

/* Until when it is accepted; -1 if nothing follows it yet. */
int64_t	 rotation_until(const struct rotation *, size_t,
	    unsigned int lifetime);

/* "next", "active", "retired", "expired" */
const char *rotation_state_name(enum rotation_state);

/* "2026-11-24T13:00:00Z", or "-" for what is no time */
const char *rotation_time(char buf[ROTATION_TIME_SIZE], int64_t);

#endif
