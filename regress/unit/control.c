/* common/control.c: messages with descriptors, wanted and unwanted. */
#include "control.h"

#include <sys/socket.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static int
open_descriptors(void)
{
	DIR *dir;
	int n;

	if ((dir = opendir("/proc/self/fd")) == NULL)
		return (-1);
	for (n = 0; readdir(dir) != NULL; n++)
		;
	closedir(dir);
	return (n);
}

/* as an end that means harm would: size bytes and n descriptors */
static void
send_raw(int fd, size_t size, size_t n)
{
	union {
		struct cmsghdr	 header;
		char		 buf[CMSG_SPACE(4 * sizeof(int))];
	} ancillary;
	struct cmsghdr *cmsg;
	struct msghdr msg;
	struct iovec iov;
	char data[64];
	size_t i;
	int one;

	memset(&msg, 0, sizeof(msg));
	memset(&ancillary, 0, sizeof(ancillary));
	memset(data, 0, sizeof(data));
	iov.iov_base = data;
	iov.iov_len = size;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (n > 0) {
		msg.msg_control = ancillary.buf;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		one = STDOUT_FILENO;
		for (i = 0; i < n; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &one,
			    sizeof(one));
	}
	if (sendmsg(fd, &msg, 0) != (ssize_t)size)
		abort();
}

static void
test_hostile(const int fds[2])
{
	struct control control;
	int before, fd, result;
	char what[64];
	size_t n, size;

	for (n = 0; n <= 4; n++)
		for (size = sizeof(control) - 1; size <= sizeof(control) + 1;
		    size++) {
			(void)snprintf(what, sizeof(what),
			    "%zu bytes and %zu descriptors", size, n);
			before = open_descriptors();
			send_raw(fds[0], size, n);
			result = control_recv(fds[1], &control, &fd);
			is_int(result, size == sizeof(control) && n <= 1, what);
			ok((fd != -1) == (result == 1 && n == 1), "... fd");
			if (fd != -1)
				close(fd);
			is_int(open_descriptors(), before, "... none is left");
			send_raw(fds[0], size, n);
			result = control_recv(fds[1], &control, NULL);
			is_int(result, size == sizeof(control) && n == 0,
			    "... where none is wanted");
			is_int(open_descriptors(), before, "... none came");
		}
}

int
main(void)
{
	static const struct control sent = { CONTROL_WORKER, 7 };
	struct control control;
	int fds[2], fd;

	if (control_pair(fds) == -1)
		abort();
	errno = 0;
	is_int(control_recv(fds[1], &control, &fd), -1, "nothing yet");
	is_int(errno, EAGAIN, "... so later");
	is_int(control_send(fds[0], &sent, -1), 0, "a message");
	is_int(control_recv(fds[1], &control, &fd), 1, "... arrives");
	is_int(control.slot, 7, "... as it was");
	is_int(fd, -1, "... without a descriptor");
	is_int(control_send(fds[0], &sent, STDOUT_FILENO), 0, "one with");
	is_int(control_recv(fds[1], &control, &fd), 1, "... arrives");
	ok(fd > STDERR_FILENO, "... with it");
	close(fd);
	test_hostile(fds);
	close(fds[0]);
	is_int(control_recv(fds[1], &control, &fd), 0, "the other end is gone");
	is_int(control_send(fds[1], &sent, -1), -1, "... and hears nothing");
	return (done());
}
