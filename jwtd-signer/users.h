/* Lines of the users file: name:hash:grants, as htpasswd(1) writes them too. */
#ifndef USERS_H
#define USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

struct users_line {
	struct span	name;
	struct span	hash;		/* without the '!' */
	bool		disabled;
	struct span	grants;		/* "{}" if the line has none */
};

enum users_result {
	USERS_LINE,
	USERS_BLANK,			/* empty or a comment */
	USERS_BAD			/* *why says so */
};

/*
 * Parse one line without its newline.  The spans point into it.  Checks the
 * name, that the hash is of a known kind, and that the grants are a JSON
 * object with claims of the right types.
 */
enum users_result users_parse_line(const char *line, size_t len,
		    struct users_line *, const char **why);

/* The checks of users_parse_line(), for a user who comes from elsewhere. */
bool	users_valid(const struct users_line *, const char **why);

/* 1 to USER_NAME_MAX bytes of UTF-8 without control characters or ':' */
bool	users_name_valid(const char *name, size_t len, const char **why);

/*
 * Is that text a JSON object fit to be a user's grants: scope a valid scope
 * string, aud a string or a list of strings?  *why says what is wrong.
 */
bool	users_grants_valid(const char *json, size_t len, const char **why);

/*
 * Put valid grants on one line, where they are, since a users file has a line a
 * user.  Returns their length.
 */
size_t	users_grants_one_line(char *json, size_t len);

#endif
