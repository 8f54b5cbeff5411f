/*
 * What each operating system has in its own way; system_NAME.c implements it.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stddef.h>

/*
 * An empty file without a name, open for reading and writing and close-on-exec.
 * Returns the descriptor or -1 with errno.
 */
int	system_anonymous_file(const char *name);

/*
 * From now on nobody can change what is in that file, whoever has it open.  As
 * far as the system has that.  0 or -1 with errno.
 */
int	system_seal(int fd);

/*
 * From now on nobody can change how large that file is, so that what is mapped
 * stays.  As far as the system has that.  0 or -1 with errno.
 */
int	system_seal_size(int fd);

/*
 * An empty file of that size, which stays what it is, without a name: open for
 * reading and writing as *rw, and only for reading as *ro, from where there is
 * no way to more.  Both are close-on-exec.  0 or -1 with errno.
 */
int	system_shared_file(const char *name, size_t size, int *rw, int *ro);

/* A directory that is empty and that only root can write, to be confined in. */
const char *system_empty_directory(void);

/* The certificates of the authorities that the system trusts, in PEM. */
const char *system_ca_bundle(void);

/* Where PostgreSQL has its socket unless it is told otherwise. */
const char *system_postgres_directory(void);

#endif
