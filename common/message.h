/*
 * What a worker and a signer say to each other: one request, answered by one to
 * MESSAGE_PARTS packets.  Each packet is one fixed struct over SOCK_SEQPACKET,
 * so there is no framing, no partial read and no length that sizes a buffer.
 * Both sides hold the other for hostile and validate what they receive.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define MESSAGE_USER_MAX	255
#define MESSAGE_PASSWORD_MAX	511
#define MESSAGE_AUDIENCE_MAX	255
#define MESSAGE_AUDIENCES	4	/* in one token */
#define MESSAGE_SCOPE_MAX	511
#define MESSAGE_RESOURCES_MAX	1023	/* resource scopes of a registry */
#define MESSAGE_NETWORK_BYTES	8
#define MESSAGE_TOKEN_ID_MAX	63

/*
 * A token that does not fit one packet comes in parts, in order, on the same
 * socket.  MESSAGE_TOKEN_MAX is the limit on a token; a head of 16 KiB can
 * still carry it.
 */
#define MESSAGE_PART		3456
#define MESSAGE_PARTS		4
#define MESSAGE_TOKEN_MAX	((size_t)MESSAGE_PART * MESSAGE_PARTS)

#define MESSAGE_REQUEST		0x6a777131u	/* "jwq1" */
#define MESSAGE_REPLY		0x6a777231u	/* "jwr1" */

/*
 * "Check this user and password, and give me a token for that"; or with one of
 * the flags that say so, do that for them.
 */
struct message_request {
	uint32_t	 magic;
	uint32_t	 flags;
	uint64_t	 id;		/* never 0 */
	uint64_t	 deadline;	/* clock_ms(); then nobody waits */
	uint32_t	 lifetime;	/* seconds at the most; 0: any */
	uint32_t	 network_kind;	/* enum message_network */
	char		 user[MESSAGE_USER_MAX + 1];
	char		 password[MESSAGE_PASSWORD_MAX + 1];
	/* at least one, but for MESSAGE_OTHERS; "" after the last */
	char		 audience[MESSAGE_AUDIENCES][MESSAGE_AUDIENCE_MAX + 1];
	/*
	 * An OAuth scope, of MESSAGE_SCOPE_MAX at the most, where "" is all
	 * that the user has; or with MESSAGE_REGISTRY resource scopes, where ""
	 * is none.
	 */
	char		 scope[MESSAGE_RESOURCES_MAX + 1];
	/* from where the client comes, in network order; the rest is 0 */
	uint8_t		 network[MESSAGE_NETWORK_BYTES];
	/*
	 * With MESSAGE_REVOKE a token that the worker has verified: its id,
	 * subject and exp.  "", "" and 0: there is none, and all that is asked
	 * is who the user is.
	 */
	int64_t		 expires;
	char		 token_id[MESSAGE_TOKEN_ID_MAX + 1];
	char		 subject[MESSAGE_USER_MAX + 1];
};
/* the client named that audience, and it is none of the location's */
#define MESSAGE_FOREIGN(i)	(1u << (i))
/* a token request of the Distribution specification */
#define MESSAGE_REGISTRY	0x100u
/* revoke that token; scope is that by which any may be, or "" */
#define MESSAGE_REVOKE		0x200u
/* may the user, by that scope, be told what is in a token? */
#define MESSAGE_INTROSPECT	0x400u
/* no token is asked for: no audience, no lifetime, at most one of these */
#define MESSAGE_OTHERS		(MESSAGE_REVOKE | MESSAGE_INTROSPECT)
#define MESSAGE_FLAGS		(MESSAGE_REGISTRY | MESSAGE_OTHERS | \
				    (MESSAGE_FOREIGN(MESSAGE_AUDIENCES) - 1))

enum message_network {
	MESSAGE_LOCAL,		/* a Unix socket: no bytes */
	MESSAGE_IPV4,		/* an address: 4 bytes */
	MESSAGE_IPV6		/* the first half of an address */
};

enum message_status {
	MESSAGE_OK,
	MESSAGE_BAD_CREDENTIALS,	/* unknown, wrong or disabled */
	MESSAGE_BAD_SCOPE,
	MESSAGE_BAD_TARGET,
	MESSAGE_THROTTLED,		/* retry_after says how long */
	MESSAGE_UNAVAILABLE,		/* store or signer; retry_after too */
	MESSAGE_BROKEN,			/* no token can be made: was logged */
	MESSAGE_DONE,			/* of MESSAGE_OTHERS: it is, or may */
	MESSAGE_DENIED			/* ...it may not */
};
#define MESSAGE_STATUSES	(MESSAGE_DENIED + 1)

struct message_reply {
	uint32_t	 magic;
	uint32_t	 status;
	uint64_t	 id;
	uint32_t	 part;		/* from 0 */
	uint32_t	 parts;		/* 1 to MESSAGE_PARTS */
	uint32_t	 len;		/* bytes of data in this part */
	uint32_t	 lifetime;	/* seconds */
	int64_t		 issued_at;
	uint32_t	 retry_after;	/* seconds */
	uint32_t	 flags;
	char		 scope[MESSAGE_SCOPE_MAX + 1];
	char		 data[MESSAGE_PART];
};

/* that token was given before, for the same */
#define MESSAGE_REUSED		0x1u
#define MESSAGE_REPLY_FLAGS	MESSAGE_REUSED

static_assert(sizeof(struct message_request) == 3184, "request layout");
static_assert(sizeof(struct message_reply) == 4016, "reply layout");
static_assert(sizeof(struct message_request) <= 4096, "request size");
static_assert(sizeof(struct message_reply) <= 4096, "reply size");

/* Is that what a worker may send?  A pure function of its n bytes. */
bool	message_request_valid(const struct message_request *, size_t n);
/* Is its token, if any, one that may be in it? */
bool	message_token_valid(const struct message_request *);
/* Is that what a signer may send? */
bool	message_reply_valid(const struct message_reply *, size_t n);

/* These never block.  A received packet is valid on PACKET_DONE. */
enum packet_io	message_send_request(int fd, const struct message_request *);
enum packet_io	message_recv_request(int fd, struct message_request *);
enum packet_io	message_send_reply(int fd, const struct message_reply *);
enum packet_io	message_recv_reply(int fd, struct message_reply *);

#endif
