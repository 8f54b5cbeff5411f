/* From a name to where its line may be, in eight bytes a line. */
#ifndef USERS_INDEX_H
#define USERS_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct users_place {
	uint32_t	hash;		/* of the name */
	uint32_t	at;		/* offset of the line */
};

struct users_index {
	struct users_place	*entries;
	size_t			 n;
	size_t			 room;
	unsigned char		 key[16];
};

/* An empty index, or NULL. */
struct users_index	*users_index_new(void);
void			 users_index_free(struct users_index *);

/*
 * Add a line, the offset of which is less than UINT32_MAX.  Returns -1 when
 * memory is short.
 */
int			 users_index_add(struct users_index *,
			    const char *name, size_t len, size_t at);

/*
 * After the last was added: sort the entries by their hash, those of one hash
 * in the order in which they were added.  Returns -1 when memory is short.
 */
int			 users_index_sort(struct users_index *);

/* How many entries, from the one at i on, have the hash of that one. */
size_t			 users_index_run(const struct users_index *, size_t i);

/*
 * In what is sorted: the number of the lines that have this name or, very
 * rarely, another with the same hash.  The first of them is entry *i.
 */
size_t			 users_index_find(const struct users_index *,
			    const char *name, size_t len, size_t *i);

#endif
