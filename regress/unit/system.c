/* common/system_NAME.c: files without a name, and that they can be sealed. */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

int
main(void)
{
	char buf[8];
	int copy, fd;

	fd = system_anonymous_file("test");
	ok(fd != -1, "a file");
	ok((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
	is_int(pwrite(fd, "abc", 3, 0), 3, "can be written");
	copy = dup(fd);
	is_int(system_seal(fd), 0, "is sealed");
	is_int(pwrite(fd, "x", 1, 0), -1, "cannot be written any more");
	is_int(pwrite(copy, "x", 1, 3), -1, "... nor added to, by another");
	is_int(ftruncate(copy, 0), -1, "... nor cut");
	is_int(pread(copy, buf, sizeof(buf), 0), 3, "can be read");
	ok(memcmp(buf, "abc", 3) == 0, "... as it was");
	fd = open("/dev/null", O_RDWR);
	is_int(system_seal(fd), -1, "what is no such file is not sealed");
	return (done());
}
