/* The worker's end of the socket to the signers, and the requests in flight. */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "conf.h"
#include "message.h"

struct conn;
struct link;
struct pending;
struct worker;

/* how a grant ended, in the log */
enum grant_reason {
	GRANT_OK,
	GRANT_MALFORMED,
	GRANT_NO_CREDENTIALS,		/* none were sent */
	GRANT_BAD_CREDENTIALS,		/* as MESSAGE_BAD_CREDENTIALS */
	GRANT_BAD_SCOPE,
	GRANT_BAD_TARGET,
	GRANT_DENIED,			/* not allowed to this client */
	GRANT_THROTTLED,
	GRANT_OVERLOAD,			/* too many wait */
	GRANT_UNAVAILABLE,		/* store or signer */
	GRANT_BROKEN,			/* the signer has logged why */
	GRANT_GONE			/* the client, before the answer */
};

/* of values in the log, with quotes */
#define LINK_USER_TEXT		300
#define LINK_AUDIENCE_TEXT	200
#define LINK_SCOPE_TEXT		120

/* what the answer to a request depends on besides the signer's */
struct link_context {
	const struct conf_location	*location;
	struct address			 client;
	char				 user[MESSAGE_USER_MAX + 1];
	bool				 get;	/* not an OAuth POST */
	/* for the log */
	uint64_t			 id;
	uint64_t			 started;	/* clock_us() */
	enum grant_reason		 reason;
	bool				 reused;	/* its token */
	char				 audience[LINK_AUDIENCE_TEXT];
	char				 scope[LINK_SCOPE_TEXT];
	/* what an introspection will be told; freed with the request */
	char				*told;
};

/* fd is the worker's end of packet_pair(). */
struct link	*link_new(struct worker *, int fd);

/* An id that no other request of this daemon is likely to have. */
uint64_t	 link_next_id(struct link *);

/* Can anything be sent at all?  Not when a signer has talked nonsense. */
bool		 link_usable(const struct link *);

/*
 * Send a request for that connection, with the id of the context; fills in its
 * magic, id and deadline.
 * Returns what will be given to grant_answer(), or NULL when too many are in
 * flight.
 */
struct pending	*link_send(struct link *, struct conn *,
		    const struct link_context *, struct message_request *);

/* Its connection is gone: an answer will be dropped. */
void		 link_forget(struct link *, struct pending *);

#endif
