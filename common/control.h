/*
 * The sockets between the parent and its children.  A child says that it is
 * ready; the parent gives those that hold keys the descriptors of workers, and
 * workers those of key sets.  Either end learns from the end of the stream that
 * the other is gone.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/* descriptors that a child finds open when it is exec'd */
#define FD_CONTROL	3
#define FD_CONF		4	/* the configuration that was validated */
#define FD_KEYS		5	/* jwtd-signer writes its public keys here */
#define FD_PUBLISH	5	/* tlskey writes the certificates here */
#define FD_SIGNER_METRICS 6	/* jwtd-signer: the same as FD_METRICS */
#define FD_REVOKE	7	/* jwtd-signer: the table of what was revoked */
#define FD_SIGNER	5	/* worker: its end of the pair, if any */
#define FD_TLSKEY	6	/* worker: its end of the pair, if any */
#define FD_CERTIFICATES	7	/* worker: what tlskey wrote, if any */
#define FD_METRICS	8	/* worker: what is counted, see metrics.h */
#define FD_REVOKED	9	/* worker: FD_REVOKE, to read; both only if on */
#define FD_LISTEN	10	/* worker: the first of its listeners */

/*
 * Issuers are numbered: our own, if there is a signer, is 0, and those of the
 * trust blocks follow in their order.
 */
#define CONTROL_READY	0x6a776331u	/* "jwc1": child to parent */
#define CONTROL_WORKER	0x6a776332u	/* parent to a key holder, with an fd */
#define CONTROL_KEYS	0x6a776333u	/* see below */
#define CONTROL_SOURCE	0x6a776334u	/* parent to trust: file, with an fd */
#define CONTROL_UNKNOWN	0x6a776335u	/* worker to parent to trust: a kid */
#define CONTROL_DOWN	0x6a776336u	/* trust to parent and back to trust */
#define CONTROL_UP	0x6a776337u	/* trust to parent */
#define CONTROL_ACCEPT	0x6a776338u	/* parent to worker: from now on */
#define CONTROL_DRAIN	0x6a776339u	/* parent to worker: no more */
#define CONTROL_HOLD	0x6a77633au	/* parent to worker: no TLS, see below */
/*
 * CONTROL_KEYS with an fd is, to the trust process, an empty file for an
 * issuer's next key set; without one, from there, that it is written; with one,
 * to a worker, that key set.
 *
 * CONTROL_ACCEPT comes when all processes of a worker's generation are ready,
 * CONTROL_DRAIN when those of another are.  CONTROL_HOLD is that nobody signs
 * for its certificates any more: another generation will accept whoever waits
 * at a listener with TLS.
 *
 * CONTROL_DOWN is that an issuer's keys could not be had, which was logged; a
 * trust process hears it of one before it.
 */

struct control {
	uint32_t	 type;
	uint32_t	 slot;		/* of the worker, or the issuer */
};

/*
 * The configuration that the parent left at FD_CONF, which is closed.  Ends the
 * program if there is none.
 */
struct conf	*control_conf(void);

/*
 * A child is started by its parent, not by hand: else end with 2 after that
 * text.
 */
void	control_check(const char *text);

/* It is ready.  Ends the program if nobody hears that. */
void	control_ready(void);

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

/*
 * What the parent says to one that holds keys: in that slot of workers, of which
 * there are n and -1 is none, a new socket has replaced the old one.  Returns as
 * control_recv() does.
 */
int	control_recv_worker(int *workers, size_t n, size_t *slot);

#endif
