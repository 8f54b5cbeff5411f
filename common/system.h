/*
 * What each operating system has in its own way; system_NAME.c implements it.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <signal.h>
#include <stdbool.h>
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

/*
 * A descriptor to wait by for something on any of these, of which -1 is none:
 * all that wait are woken for the first of them, and for the others one of them
 * is that waits, as a rule.  Returns -1 with errno, which is ENOSYS where there
 * is no such thing.
 */
int	system_wait_open(const int *fds, size_t n);
/*
 * Wait for at most that many ms, with that mask, and say of which there is
 * something.  Returns how many these are, or -1 with errno.
 */
int	system_wait(int wait, bool *ready, size_t n, int ms,
	    const sigset_t *);

#endif
