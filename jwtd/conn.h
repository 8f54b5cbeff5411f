/* A client's connection: bytes in, requests out of them, answers back. */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "buf.h"
#include "deadline.h"
#include "http.h"
#include "worker.h"

enum conn_state {
	CONN_PROXY,		/* its header comes before anything else */
	CONN_HANDSHAKE,
	CONN_HEAD,		/* of a request; or idle, if nothing has come */
	CONN_BODY,
	CONN_WAIT,		/* for the signer */
	CONN_LINGER		/* answered for the last time; discards */
};

struct pending;

struct conn {
	TAILQ_ENTRY(conn)	 entry;
	struct worker		*worker;
	const struct worker_listener *listener;
	struct address		 client;	/* or a proxy that forwards */
	struct tls		*tls;
	int			 fd;
	enum conn_state		 state;
	struct event		 event;
	short			 events;	/* that event waits for */
	short			 tls_wants;	/* other than the usual */
	struct deadline		 deadline;
	struct buf		 spilt;		/* conn_tls.c */
	struct buf		 in;
	struct buf		 out;
	size_t			 scanned;	/* http_head_parse() */
	struct http_head	 head;		/* of the present request */
	struct http_chunked	 chunked;
	struct pending		*pending;
	enum conf_service	 service;	/* of the present request */
	int			 status;	/* of the last answer */
	bool			 peer_done;	/* sends no more */
	bool			 held;		/* TLS may have read more */
	bool			 drained;	/* the socket, since it woke */
	bool			 close;		/* after what is in out */
};

/* A new connection from that peer.  It owns fd and ends by itself. */
void	conn_new(const struct worker_listener *, int fd,
	    const struct address *peer);

/* The signer's answer has been put into out: go on. */
void	conn_resume(struct conn *);

/* Finish what is in flight and close. */
void	conn_drain(struct conn *);
void	conn_free(struct conn *);

/* for the worker's deadline queues; arg is the connection */
void	conn_expired_request(void *);
void	conn_expired(void *);

#endif
