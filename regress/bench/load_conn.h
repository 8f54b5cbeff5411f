/* A connection of load.c, and as much of HTTP as its answers need. */
#ifndef LOAD_CONN_H
#define LOAD_CONN_H

#include <sys/queue.h>

#include <event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define LOAD_BUF	32768

struct load_conn;

/* whom all of them ask, and for what */
struct load_target {
	const char	*address;	/* a port of 127.0.0.1, or a path */
	const char	*path;
	bool		 tls;
	SSL_CTX		*ctx;
	unsigned int	 failed;	/* handshakes, which were tried again */
	/* the connection is idle again; it may be asked or closed here */
	void		(*answered)(struct load_conn *, bool good);
};

struct load_conn {
	TAILQ_ENTRY(load_conn)	 entry;		/* the owner's */
	double			 since;		/* the owner's */
	struct load_target	*target;
	struct event_base	*base;
	struct event		 event;
	int			 fd;
	SSL			*ssl;		/* NULL without TLS */
	bool			 shaken;	/* hands */
	const char		*line;		/* to be asked with */
};

void	load_target_init(struct load_target *);

/* These die of what goes wrong: then nothing can be measured. */
void	load_conn_open(struct load_conn *);
void	load_conn_close(struct load_conn *);
/* The value of an Authorization field, or "" for none; it has to stay. */
void	load_conn_ask(struct load_conn *, const char *);

#endif
