/*
 * Sending and receiving of packets.  It knows nothing of what is in them.
 */
#include "packet.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#define QUEUE_BYTES	(1024 * 1024)

enum packet_io
packet_send(int fd, const void *packet, size_t size)
{
	ssize_t n;

	do
		n = send(fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)size)
		return (PACKET_DONE);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == ENOBUFS))
		return (PACKET_AGAIN);
	return (PACKET_CLOSED);
}

/*
 * One packet.  MSG_TRUNC in msg_flags is how both systems tell that it was
 * larger than the buffer.
 */
enum packet_io
packet_recv(int fd, void *packet, size_t size, size_t *got)
{
	struct msghdr msg;
	struct iovec iov;
	ssize_t n;

	memset(&msg, 0, sizeof(msg));
	iov.iov_base = packet;
	iov.iov_len = size;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return (errno == EAGAIN || errno == EWOULDBLOCK ?
		    PACKET_AGAIN : PACKET_CLOSED);
	/* nobody sends an empty packet, so this is the end */
	if (n == 0)
		return (PACKET_CLOSED);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return (PACKET_MALFORMED);
	*got = (size_t)n;
	return (PACKET_DONE);
}

int
packet_pair(int fds[2])
{
	int i, size;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return (-1);
	/* the system caps it, which only makes 503 come sooner */
	size = QUEUE_BYTES;
	for (i = 0; i < 2; i++) {
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
		(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	}
	return (0);
}
