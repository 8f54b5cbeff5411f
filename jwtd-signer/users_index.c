/*
 * An index of names that holds neither names nor lines: pairs of a hash and an
 * offset, sorted by the hash.  The hash has a key, so nobody can choose names
 * that collide, and hashes are spread evenly: which says about where each is.
 * It touches no file.
 */
#include "users_index.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN	16
#define GUESSES		3

_Static_assert(sizeof(((struct users_index *)0)->key) ==
    crypto_shorthash_KEYBYTES, "key");

struct users_index *
users_index_new(void)
{
	struct users_index *index;

	if ((index = calloc(1, sizeof(*index))) == NULL)
		return (NULL);
	randombytes_buf(index->key, sizeof(index->key));
	return (index);
}

void
users_index_free(struct users_index *index)
{
	if (index == NULL)
		return;
	free(index->entries);
	freezero(index, sizeof(*index));
}

static uint32_t
hash_of(const struct users_index *index, const char *name, size_t len)
{
	uint8_t bytes[crypto_shorthash_BYTES];
	uint32_t hash;

	(void)crypto_shorthash(bytes, (const uint8_t *)name, len, index->key);
	memcpy(&hash, bytes, sizeof(hash));
	return (hash);
}

int
users_index_add(struct users_index *index, const char *name, size_t len,
    size_t at)
{
	struct users_place *entries, *entry;
	size_t room;

	if (index->n == index->room) {
		room = index->room == 0 ? ROOM_MIN : index->room * 2;
		entries = reallocarray(index->entries, room, sizeof(*entries));
		if (entries == NULL)
			return (-1);
		index->entries = entries;
		index->room = room;
	}
	entry = &index->entries[index->n++];
	entry->hash = hash_of(index, name, len);
	entry->at = (uint32_t)at;
	return (0);
}

/* Sort by one byte of the hash and keep the order of what has the same. */
static void
sort_by(const struct users_place *from, struct users_place *to, size_t n,
    unsigned int shift)
{
	size_t next[256] = { 0 }, i, sum, count;

	for (i = 0; i < n; i++)
		next[from[i].hash >> shift & 0xff]++;
	for (i = sum = 0; i < 256; i++) {
		count = next[i];
		next[i] = sum;
		sum += count;
	}
	for (i = 0; i < n; i++)
		to[next[from[i].hash >> shift & 0xff]++] = from[i];
}

int
users_index_sort(struct users_index *index)
{
	struct users_place *other, *swap;
	unsigned int shift;

	/* no more room than it takes, since this is what stays */
	if ((other = calloc(index->n + 1, sizeof(*other))) == NULL)
		return (-1);
	swap = reallocarray(index->entries, index->n + 1, sizeof(*swap));
	if (swap == NULL) {
		free(other);
		return (-1);
	}
	index->entries = swap;
	index->room = index->n + 1;
	for (shift = 0; shift < 32; shift += 8) {
		sort_by(index->entries, other, index->n, shift);
		swap = index->entries;
		index->entries = other;
		other = swap;
	}
	free(other);
	return (0);
}

size_t
users_index_run(const struct users_index *index, size_t i)
{
	size_t n;

	for (n = 1; i + n < index->n; n++)
		if (index->entries[i + n].hash != index->entries[i].hash)
			break;
	return (n);
}

/* About where that hash is, from how far it is from that of the guess i. */
static size_t
guess(const struct users_index *index, uint32_t hash, size_t i)
{
	int64_t by, to;

	by = (int64_t)hash - (int64_t)index->entries[i].hash;
	to = (int64_t)i + by * (int64_t)index->n / ((int64_t)UINT32_MAX + 1);
	if (to < 0)
		return (0);
	return ((size_t)to < index->n ? (size_t)to : index->n - 1);
}

size_t
users_index_find(const struct users_index *index, const char *name,
    size_t len, size_t *i)
{
	const struct users_place *entries;
	uint32_t hash;
	size_t at;
	int tries;

	if (index->n == 0)
		return (0);
	entries = index->entries;
	hash = hash_of(index, name, len);
	at = (size_t)(((uint64_t)hash * index->n) >> 32);
	for (tries = 0; tries < GUESSES; tries++)
		at = guess(index, hash, at);
	/* and then it is a few entries away */
	while (at > 0 && entries[at - 1].hash >= hash)
		at--;
	while (at < index->n && entries[at].hash < hash)
		at++;
	*i = at;
	if (at == index->n || entries[at].hash != hash)
		return (0);
	return (users_index_run(index, at));
}
