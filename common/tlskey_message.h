/*
 * What a worker and the process with the TLS keys say to each other: one
 * signature of a handshake is asked for, and given or refused.  Both sides hold
 * the other for hostile and validate what they receive.
 */
#ifndef TLSKEY_MESSAGE_H
#define TLSKEY_MESSAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define TLSKEY_NAME	32	/* SHA-256 of what is public of a key */
#define TLSKEY_RSA_MIN	128	/* bytes of a modulus */
#define TLSKEY_RSA_MAX	1024

#define TLSKEY_REQUEST	0x6a777431u	/* "jwt1" */
#define TLSKEY_REPLY	0x6a777432u	/* "jwt2" */

/* Nothing that is encrypted to a key is ever decrypted with it. */
enum tlskey_kind {
	TLSKEY_ECDSA,		/* a digest */
	TLSKEY_RSA_PKCS1,	/* a digest */
	TLSKEY_RSA_PSS		/* EMSA-PSS, as long as the modulus */
};
#define TLSKEY_KINDS	(TLSKEY_RSA_PSS + 1)

struct tlskey_request {
	uint32_t	 magic;
	uint32_t	 kind;
	uint64_t	 id;		/* never 0 */
	uint64_t	 deadline;	/* CLOCK_MONOTONIC, ms */
	uint8_t		 name[TLSKEY_NAME];
	uint32_t	 len;		/* of data; 0 behind it */
	uint32_t	 zero;
	uint8_t		 data[TLSKEY_RSA_MAX];
};

enum tlskey_status {
	TLSKEY_OK,
	TLSKEY_REFUSED,		/* no such key, or not what it signs */
	TLSKEY_LATE		/* after the deadline */
};
#define TLSKEY_STATUSES	(TLSKEY_LATE + 1)

struct tlskey_reply {
	uint32_t	 magic;
	uint32_t	 status;
	uint64_t	 id;
	uint32_t	 len;		/* of data; 0 behind it */
	uint32_t	 zero;
	uint8_t		 data[TLSKEY_RSA_MAX];
};

static_assert(sizeof(struct tlskey_request) == 1088, "request layout");
static_assert(sizeof(struct tlskey_reply) == 1048, "reply layout");

/* Is that what a worker may send?  A pure function of its n bytes. */
bool	tlskey_request_valid(const struct tlskey_request *, size_t n);
/* Is that what it may be answered? */
bool	tlskey_reply_valid(const struct tlskey_reply *, size_t n);

/* These never block.  A received packet is valid on PACKET_DONE. */
enum packet_io	tlskey_send_request(int fd, const struct tlskey_request *);
enum packet_io	tlskey_recv_request(int fd, struct tlskey_request *);
enum packet_io	tlskey_send_reply(int fd, const struct tlskey_reply *);
enum packet_io	tlskey_recv_reply(int fd, struct tlskey_reply *);

#endif
