/* A client's connection: bytes in, requests out of them, answers back. */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "deadline.h"
#include "http.h"
#include "worker.h"

enum conn_state {
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
	const struct conf_listener *listener;
	struct tls		*tls;
	int			 fd;
	enum conn_state		 state;
	struct event		 event;
	short			 events;	/* that event waits for */
	short			 tls_wants;	/* other than the usual */
	struct deadline		 deadline;
	struct buf		 in;
	struct buf		 out;
	size_t			 scanned;	/* http_head_parse() */
	struct http_head	 head;		/* of the present request */
	struct http_chunked	 chunked;
	struct pending		*pending;
	bool			 peer_done;	/* sends no more */
	bool			 held;		/* TLS may have read more */
	bool			 close;		/* after what is in out */
};

/* A new connection on that listener.  It owns fd and ends by itself. */
void	conn_new(struct worker *, const struct worker_listener *, int fd);

/* The signer's answer has been put into out: go on. */
void	conn_resume(struct conn *);

/* Finish what is in flight and close. */
void	conn_drain(struct conn *);
void	conn_free(struct conn *);

/* for the worker's deadline queues; arg is the connection */
void	conn_expired_request(void *);
void	conn_expired(void *);

#endif
