/*
 * Packets between processes that do not trust each other: each is one fixed
 * struct over SOCK_SEQPACKET, so there is no framing and no partial read.  What
 * is in them is checked by those who know.
 */
#ifndef PACKET_H
#define PACKET_H

#include <stddef.h>

enum packet_io {
	PACKET_DONE,
	PACKET_AGAIN,		/* nothing there, or no room */
	PACKET_CLOSED,		/* the other end is gone */
	PACKET_MALFORMED	/* not one whole valid packet */
};

/* Neither blocks.  *got is at most size, and set on PACKET_DONE. */
enum packet_io	packet_send(int fd, const void *packet, size_t size);
enum packet_io	packet_recv(int fd, void *packet, size_t size, size_t *got);

/*
 * A connected pair, both ends close-on-exec and with room for a queue of
 * requests in flight.  Returns 0 or -1 with errno.
 */
int	packet_pair(int fds[2]);

#endif
