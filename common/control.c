/* The sockets between the parent and its children; see control.h. */
#include "control.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

#define CONF_BYTES_MAX	((size_t)16 * 1024 * 1024)

struct conf *
control_conf(void)
{
	struct conf *conf;
	const char *why;
	char *buf;
	size_t len;

	if ((buf = file_read_fd(FD_CONF, CONF_BYTES_MAX, &len, &why)) == NULL)
		fatalx("configuration: %s", why);
	close(FD_CONF);
	if ((conf = conf_load_buffer("jwtd.conf", buf, len, NULL)) == NULL)
		fatalx("the configuration cannot be used");
	free(buf);
	return (conf);
}

void
control_check(const char *text)
{
	struct stat st;

	if (fstat(FD_CONTROL, &st) == 0 && S_ISSOCK(st.st_mode))
		return;
	fprintf(stderr, "%s\n", text);
	exit(2);
}

void
control_ready(void)
{
	static const struct control ready = { CONTROL_READY, 0 };

	if (control_send(FD_CONTROL, &ready, -1) == -1)
		exit(0);
	log_detach();
}

int
control_pair(int fds[2])
{
	return (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
}

int
control_send(int fd, const struct control *control, int descriptor)
{
	union {
		struct cmsghdr	 header;
		char		 buf[CMSG_SPACE(sizeof(int))];
	} ancillary;
	struct cmsghdr *cmsg;
	struct msghdr msg;
	struct iovec iov;
	ssize_t n;

	/* what most roles may send */
	if (descriptor == -1) {
		do
			n = send(fd, control, sizeof(*control),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		while (n == -1 && errno == EINTR);
		return (n == (ssize_t)sizeof(*control) ? 0 : -1);
	}
	memset(&msg, 0, sizeof(msg));
	iov.iov_base = (void *)(uintptr_t)control;
	iov.iov_len = sizeof(*control);
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	memset(&ancillary, 0, sizeof(ancillary));
	msg.msg_control = ancillary.buf;
	msg.msg_controllen = sizeof(ancillary.buf);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(cmsg), &descriptor, sizeof(int));
	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return (n == (ssize_t)sizeof(*control) ? 0 : -1);
}

/*
 * The one descriptor that a message may carry.  Any other number of them is
 * closed, since the kernel has put them here already, and is an error.
 */
static int
take_descriptor(struct msghdr *msg, int *descriptor)
{
	struct cmsghdr *cmsg;
	size_t i, n, found;
	int fd;

	found = 0;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int),
			    sizeof(int));
			if (found++ == 0)
				*descriptor = fd;
			else
				close(fd);
		}
	}
	if (found <= 1)
		return (0);
	close(*descriptor);
	*descriptor = -1;
	return (-1);
}

int
control_recv(int fd, struct control *control, int *descriptor)
{
	union {
		struct cmsghdr	 header;
		char		 buf[CMSG_SPACE(sizeof(int))];
	} ancillary;
	struct msghdr msg;
	struct iovec iov;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = control;
	iov.iov_len = sizeof(*control);
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	/* without room for them, the kernel drops what nobody asked for */
	if (descriptor != NULL) {
		*descriptor = -1;
		msg.msg_control = ancillary.buf;
		msg.msg_controllen = sizeof(ancillary.buf);
	}
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		errno = EAGAIN;
		return (-1);
	}
	if (n == -1)
		return (0);
	if (descriptor != NULL && take_descriptor(&msg, descriptor) == -1)
		return (0);
	if (n == (ssize_t)sizeof(*control) &&
	    (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return (1);
	if (descriptor != NULL && *descriptor != -1) {
		close(*descriptor);
		*descriptor = -1;
	}
	return (0);
}

int
control_recv_worker(int *workers, size_t n, size_t *slot)
{
	struct control control;
	int fd, result;

	while ((result = control_recv(FD_CONTROL, &control, &fd)) == 1) {
		if (control.type == CONTROL_WORKER && fd != -1 &&
		    control.slot < n)
			break;
		if (fd != -1)
			close(fd);
	}
	if (result != 1)
		return (result);
	*slot = control.slot;
	if (workers[*slot] != -1)
		close(workers[*slot]);
	workers[*slot] = fd;
	return (1);
}
