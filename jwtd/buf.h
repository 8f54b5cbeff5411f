/*
 * Bytes on their way in or out of a connection.  A connection that does nothing
 * holds no memory for them; what a buffer held is wiped when it is let go.
 */
#ifndef BUF_H
#define BUF_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <string.h>

#define BUF_SIZE	((size_t)33 * 1024)	/* the largest request */

struct buf_pool {
	SLIST_HEAD(, buf_free)	 list;
	size_t			 n;
};

struct buf {
	char	*p;			/* NULL: none */
	size_t	 size;
	size_t	 len;			/* bytes in it */
	size_t	 off;			/* of which these are done with */
};

void	buf_pool_init(struct buf_pool *);

/* Make room for n more bytes.  Returns 0, or -1 when memory is short. */
int	buf_reserve(struct buf_pool *, struct buf *, size_t n);
/* give the memory back, wiped */
void	buf_release(struct buf_pool *, struct buf *);
/* wipe the bytes that are done with and move the rest to the front */
void	buf_compact(struct buf_pool *, struct buf *);

/* These need room that buf_reserve() made. */
static inline void
buf_put(struct buf *b, const void *data, size_t len)
{
	memcpy(b->p + b->len, data, len);
	b->len += len;
}

static inline void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void	buf_put_number(struct buf *, unsigned long long);

#endif
