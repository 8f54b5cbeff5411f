/* Buffers of connections, kept for reuse; see buf.h. */
#include "buf.h"

#include <stdlib.h>

#define POOL_MAX	64

struct buf_free {
	SLIST_ENTRY(buf_free)	 entry;
};

void
buf_pool_init(struct buf_pool *pool)
{
	SLIST_INIT(&pool->list);
	pool->n = 0;
}

static char *
take(struct buf_pool *pool)
{
	struct buf_free *item;

	if ((item = SLIST_FIRST(&pool->list)) == NULL)
		return (malloc(BUF_SIZE));
	SLIST_REMOVE_HEAD(&pool->list, entry);
	pool->n--;
	return ((char *)item);
}

int
buf_reserve(struct buf_pool *pool, struct buf *b, size_t n)
{
	size_t size;
	char *p;

	if (b->size - b->len >= n)
		return (0);
	if (b->p == NULL && n <= BUF_SIZE) {
		if ((b->p = take(pool)) == NULL)
			return (-1);
		b->size = BUF_SIZE;
		return (0);
	}
	size = b->len + n;
	if ((p = malloc(size)) == NULL)
		return (-1);
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		freezero(b->p, b->size);
	}
	b->p = p;
	b->size = size;
	return (0);
}

void
buf_release(struct buf_pool *pool, struct buf *b)
{
	struct buf_free *item;

	if (b->p == NULL)
		return;
	explicit_bzero(b->p, b->len);
	if (b->size != BUF_SIZE || pool->n == POOL_MAX)
		free(b->p);
	else {
		item = (struct buf_free *)(void *)b->p;
		SLIST_INSERT_HEAD(&pool->list, item, entry);
		pool->n++;
	}
	memset(b, 0, sizeof(*b));
}

void
buf_compact(struct buf_pool *pool, struct buf *b)
{
	size_t rest;

	rest = b->len - b->off;
	if (rest == 0) {
		buf_release(pool, b);
		return;
	}
	if (b->off == 0)
		return;
	memmove(b->p, b->p + b->off, rest);
	explicit_bzero(b->p + rest, b->off);
	b->len = rest;
	b->off = 0;
}

void
buf_put_number(struct buf *b, unsigned long long number)
{
	char text[24];
	size_t i;

	i = sizeof(text);
	do {
		text[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	buf_put(b, text + i, sizeof(text) - i);
}
