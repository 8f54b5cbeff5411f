/* The worker's end of the socket to the signers, and the requests in flight. */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>

#include "address.h"
#include "conf.h"
#include "message.h"

struct conn;
struct link;
struct pending;
struct worker;

/* what the answer to a request depends on besides the signer's */
struct link_context {
	const struct conf_location	*location;
	struct address			 client;
	char				 user[MESSAGE_USER_MAX + 1];
	bool				 get;	/* not an OAuth POST */
	/* what an introspection will be told; freed with the request */
	char				*told;
};

/* fd is the worker's end of packet_pair(). */
struct link	*link_new(struct worker *, int fd);

/*
 * Send a request for that connection; fills in its magic, id and deadline.
 * Returns what will be given to grant_answer(), or NULL when too many are in
 * flight.
 */
struct pending	*link_send(struct link *, struct conn *,
		    const struct link_context *, struct message_request *);

/* Its connection is gone: an answer will be dropped. */
void		 link_forget(struct link *, struct pending *);

#endif
