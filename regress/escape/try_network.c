/* Attempts to talk to somebody, or to be talked to. */
#include "escape.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <linux/filter.h>
#include <linux/netlink.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
connect_tcp(uint16_t port)
{
	struct sockaddr_in sin;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		return (errno);
	return (0);
}

static int
try_tcp(void)
{
	return (connect_tcp(scene.port[1]));
}

static int
connect_local(const char *name, size_t len, int type)
{
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	memcpy(sun.sun_path, name, len);
	if ((fd = socket(AF_UNIX, type, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + len)) == -1)
		return (errno);
	return (0);
}

static int
try_local(void)
{
	return (connect_local(scene.socket, strlen(scene.socket),
	    SOCK_STREAM));
}

static int
try_abstract(void)
{
	char name[sizeof(scene.dir) + 1];

	name[0] = '\0';
	(void)strlcpy(name + 1, scene.dir, sizeof(name) - 1);
	return (connect_local(name, strlen(scene.dir) + 1, SOCK_STREAM));
}

static int
try_udp(void)
{
	struct sockaddr_in sin;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(9);
	if ((fd = socket(AF_INET, SOCK_DGRAM, 0)) == -1 || sendto(fd, "x", 1, 0,
	    (struct sockaddr *)&sin, sizeof(sin)) == -1)
		return (errno);
	return (0);
}

static int
listen_on(uint16_t port)
{
	struct sockaddr_in sin;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 1) == -1)
		return (errno);
	return (0);
}

static int
try_listen(void)
{
	return (listen_on(0));
}

/* One that only root has, and that hardly anybody uses. */
static int
try_low_port(void)
{
	return (listen_on(7));
}

/* A socket with a path, as the parent makes for a listener. */
static int
try_bind_local(void)
{
	struct sockaddr_un sun;
	int fd, error;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/new.%ld",
	    scene.dir, (long)getpid());
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return (errno);
	error = bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ?
	    errno : 0;
	if (error == 0)
		(void)unlink(sun.sun_path);
	return (error);
}

static int
try_socket(int family, int type, int protocol)
{
	return (socket(family, type, protocol) == -1 ? errno : 0);
}

static int
try_netlink(void)
{
	return (try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}

static int
try_raw(void)
{
	return (try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
try_packet(void)
{
	return (try_socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_vsock(void)
{
	int error;

	error = try_socket(AF_VSOCK, SOCK_STREAM, 0);
	return (error == EAFNOSUPPORT ? EACCES : error);
}

/* what one process could leave for another */
static int
try_socketpair(void)
{
	int fds[2];

	return (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1 ? errno : 0);
}

/* past whatever looks at connect(2) alone */
static int
try_fast_open(void)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(scene.port[1]);
	return (sendto(scene.unconnected, "x", 1, MSG_FASTOPEN,
	    (struct sockaddr *)&sin, sizeof(sin)) == -1 ? errno : 0);
}

static int
try_datagram(void)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(9);
	return (sendto(scene.datagram, "x", 1, 0, (struct sockaddr *)&sin,
	    sizeof(sin)) == -1 ? errno : 0);
}

/* a listener is that of the other workers, too */
static int
try_shut(void)
{
	return (shutdown(scene.listener, SHUT_RD) == -1 ? errno : 0);
}

static int
try_filter(void)
{
	struct sock_filter nothing = { BPF_RET | BPF_K, 0, 0, 0 };
	struct sock_fprog program = { 1, &nothing };

	return (setsockopt(scene.listener, SOL_SOCKET, SO_ATTACH_FILTER,
	    &program, sizeof(program)) == -1 ? errno : 0);
}

static int
try_block(void)
{
	return (fcntl(scene.listener, F_SETFL, 0) == -1 ? errno : 0);
}

static int
try_pass(void)
{
	union {
		struct cmsghdr	 header;
		char		 buf[CMSG_SPACE(sizeof(int))];
	} ancillary;
	struct cmsghdr *cmsg;
	struct msghdr msg;
	struct iovec iov;
	char byte;

	byte = 'x';
	iov.iov_base = &byte;
	iov.iov_len = 1;
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = ancillary.buf;
	msg.msg_controllen = sizeof(ancillary.buf);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(cmsg), &scene.file, sizeof(int));
	return (sendmsg(scene.pair[0], &msg, MSG_DONTWAIT) == -1 ? errno : 0);
}

/* what connects to a database, or elsewhere */
#define CONNECTS	(KIND(PARENT) | KIND(TRUST) | KIND(RESOLVER) | \
			KIND(SIGNER_LOCAL) | KIND(SIGNER_TCP))

static const struct attempt list[] = {
	{ "TCP Fast Open", try_fast_open, KIND(PARENT), NEVER },
	{ "a datagram to an address", try_datagram,
	    KIND(PARENT) | KIND(RESOLVER), ANYBODY },
	{ "shutting a listener", try_shut, ALL_KINDS & ~KIND(WORKER),
	    ANYBODY },
	{ "a filter on a listener", try_filter, CONNECTS, ROOT },
	{ "a listener that blocks", try_block, CONNECTS, ANYBODY },
	{ "passing on a descriptor", try_pass, KIND(PARENT), ANYBODY },
	{ "TCP to a port", try_tcp,
	    KIND(PARENT) | KIND(TRUST) | KIND(RESOLVER), ANYBODY },
	{ "a Unix socket outside", try_local,
	    KIND(PARENT) | KIND(RESOLVER) | LOCAL_AS_USER, ANYBODY },
	{ "an abstract Unix socket", try_abstract, KIND(PARENT), ANYBODY },
	{ "UDP", try_udp, KIND(PARENT) | KIND(RESOLVER), ANYBODY },
	{ "listening", try_listen, KIND(PARENT), ANYBODY },
	{ "listening on a low port", try_low_port, KIND(PARENT), ROOT },
	{ "a new Unix socket", try_bind_local, KIND(PARENT) | KIND(RESOLVER),
	    ROOT },
	{ "netlink", try_netlink, KIND(PARENT) | KIND(RESOLVER), ANYBODY },
	{ "a raw socket", try_raw, 0, ROOT },
	{ "a packet socket", try_packet, 0, ROOT },
	{ "vsock", try_vsock, 0, NEVER },
	{ "socketpair", try_socketpair, KIND(PARENT), ANYBODY }
};

const struct attempts network_attempts = { list,
    sizeof(list) / sizeof(list[0]) };
