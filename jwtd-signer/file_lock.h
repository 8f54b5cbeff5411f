/* The lock of a file that is replaced whole: PATH.lock, beside it. */
#ifndef FILE_LOCK_H
#define FILE_LOCK_H

#include <sys/stat.h>

/*
 * Take the lock, and wait so many ms for it, or -1: as long as it takes.  *dir
 * is the directory, to whose owner new files in it belong.  Returns a
 * descriptor whose close(2) gives the lock back, or -1 after a message.
 */
int	file_lock(const char *path, int wait, struct stat *dir);

#endif
