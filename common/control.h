/*
 * The sockets between the parent and its children.  A child says that it is
 * ready; the parent gives those that hold keys the descriptors of workers.
 * Either end learns from the end of the stream that the other is gone.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdint.h>

#include "conf.h"

/* descriptors that a child finds open when it is exec'd */
#define FD_CONTROL	3
#define FD_CONF		4	/* the configuration that was validated */
#define FD_KEYS		5	/* public keys: jwtd-signer writes, workers read */
#define FD_PUBLISH	5	/* tlskey: writes the certificates */
#define FD_SIGNER	6	/* worker: its end of the pair, if any */
#define FD_TLSKEY	7	/* worker: its end of the pair, if any */
#define FD_CERTIFICATES	8	/* worker: what tlskey wrote, if any */
#define FD_LISTEN	9	/* worker: the first of its listeners */

#define CONTROL_READY	0x6a776331u	/* "jwc1": child to parent */
#define CONTROL_WORKER	0x6a776332u	/* parent to a key holder, with an fd */

struct control {
	uint32_t	 type;
	uint32_t	 slot;		/* of the worker */
};

/*
 * The configuration that the parent left at FD_CONF, which is closed.  Ends the
 * program if there is none.
 */
struct conf	*control_conf(void);

/* A close-on-exec pair.  Returns 0 or -1 with errno. */
int	control_pair(int fds[2]);

/* Send one message, with a descriptor unless that is -1.  0 or -1. */
int	control_send(int fd, const struct control *, int descriptor);

/*
 * Receive one without waiting.  *descriptor is -1 or the caller's to close;
 * descriptor is NULL where none is expected.
 * Returns 1, 0 when the other end is gone or talks nonsense, -1 with errno
 * EAGAIN when there is nothing.
 */
int	control_recv(int fd, struct control *, int *descriptor);

#endif
