/*
 * libpq's password file, read by us because libpq's own reading comes too late.
 */
#ifndef PGPASS_H
#define PGPASS_H

#include <stdbool.h>
#include <stddef.h>

struct pgpass_key {
	const char	*host;		/* "localhost" for a Unix socket */
	const char	*port;
	const char	*database;
	const char	*user;
};

/*
 * Find the password of the first line that matches: host:port:database:user:
 * password, where "*" matches anything and a backslash takes the next character
 * as it is.  Writes it with a NUL.  Returns false if there is none or it does
 * not fit.
 */
bool	pgpass_find(const char *text, size_t len, const struct pgpass_key *,
	    char *password, size_t size);

#endif
