/*
 * libpq's connection string, made into what a process can connect with that has
 * no root and sees one directory: service and password file are read, host
 * names are looked up, and paths are those behind chroot.
 */
#ifndef CONNINFO_H
#define CONNINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox.h"

struct conninfo;

/*
 * Read everything that the string means.  With confined, the paths that libpq
 * will use are those below the first directory of conninfo_needs().  Returns
 * NULL with a text in err, which names no password.
 */
struct conninfo	*conninfo_resolve(const char *string, bool confined, char *err,
		    size_t errsize);
/* wiped */
void		 conninfo_free(struct conninfo *);

/*
 * What the connection needs; it lives as long as this.  The first directory is
 * that of the server's socket, of its CA's certificate, or an empty one.
 */
void		 conninfo_needs(struct conninfo *, struct sandbox_needs *);

/*
 * How many addresses there are, and with which of them to begin; those before
 * it are then the last.  It is 0 at first.
 */
size_t		 conninfo_hosts(const struct conninfo *);
void		 conninfo_begin_with(struct conninfo *, size_t first);

/* for PQconnectStartParams(), with expand_dbname 0 */
const char *const *conninfo_keywords(const struct conninfo *);
const char *const *conninfo_values(const struct conninfo *);

#endif
