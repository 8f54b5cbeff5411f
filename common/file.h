/* Whole small files, read and written so that no half is ever seen. */
#ifndef FILE_H
#define FILE_H

#include <sys/types.h>
#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Read a whole regular file of at most max bytes with read(2).  Returns a
 * buffer with a NUL after *len bytes, which the caller frees (freezero(buf,
 * len) where it is a secret), or NULL with a text in *why (static, or
 * strerror's).
 */
char	*file_read(const char *path, size_t max, size_t *len, const char **why);

/* as file_read(), from an open descriptor, from its beginning */
char	*file_read_fd(int fd, size_t max, size_t *len, const char **why);

/* as file_read(), from a descriptor of any kind until its end */
char	*file_read_stream(int fd, size_t max, size_t *len, const char **why);

/*
 * NULL if nobody but its owner, who must be root or the caller, can read the
 * file; else what is wrong with it.
 */
const char *file_secret_check(int fd);

/* Are they of the same file, and nobody has written to it in between? */
bool	 file_same_version(const struct stat *, const struct stat *);

/* All of it, into what is open.  Returns 0, or -1 with errno. */
int	 file_write_fd(int fd, const void *buf, size_t len);

/*
 * Write a file that is there whole or not at all: a temporary file beside it,
 * fsync, then link (replace false: an existing file is an error, EEXIST) or
 * rename.  uid and gid of -1 are left as they are.  Returns 0, or -1 with
 * errno.
 */
int	 file_write(const char *path, const void *buf, size_t len, mode_t mode,
	    uid_t uid, gid_t gid, bool replace);

/*
 * The same, of what fill() writes into an open descriptor; it returns 0, or -1
 * with errno.
 */
int	 file_write_by(const char *path, int (*fill)(int fd, void *arg),
	    void *arg, mode_t mode, uid_t uid, gid_t gid, bool replace);

/*
 * The directory of a path, "." if it names none, which the caller frees.  *base
 * points to what follows in path.  Returns NULL with errno.
 */
char	*file_directory(const char *path, const char **base);

#endif
