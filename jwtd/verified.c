/*
 * Tokens that were verified; see verified.h.  It decides nothing by itself: an
 * entry says what a verification under the same keys would say again, and who
 * changes the keys calls verified_forget().
 */
#include "verified.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct verified_tag	 tag;
	const void		*place;		/* NULL: it is free */
	struct jwt_times	 times;
	uint64_t		 used;		/* the count when it was */
	char			*fields;
	size_t			 fields_len;
};

struct verified {
	uint8_t		 key[crypto_shorthash_siphashx24_KEYBYTES];
	uint64_t	 count;
	struct entry	 entries[VERIFIED_ENTRIES];
};

struct verified *
verified_new(void)
{
	struct verified *v;

	if ((v = calloc(1, sizeof(*v))) != NULL)
		randombytes_buf(v->key, sizeof(v->key));
	return (v);
}

static_assert(sizeof(struct verified_tag) == crypto_verify_16_BYTES &&
    crypto_verify_16_BYTES == crypto_shorthash_siphashx24_BYTES,
    "a tag has another size");

/* 128 bits under a key that nobody knows: no two tokens have the same. */
void
verified_tag(const struct verified *v, const char *token, size_t len,
    struct verified_tag *tag)
{
	if (v == NULL)
		memset(tag, 0, sizeof(*tag));
	else
		(void)crypto_shorthash_siphashx24(tag->hash,
		    (const unsigned char *)token, len, v->key);
}

static struct entry *
set_of(struct verified *v, const struct verified_tag *tag)
{
	uint32_t n;
	size_t first;

	memcpy(&n, tag->hash, sizeof(n));
	first = (size_t)n % VERIFIED_ENTRIES;
	return (&v->entries[first - first % VERIFIED_WAYS]);
}

static void
clear(struct entry *entry)
{
	free(entry->fields);
	memset(entry, 0, sizeof(*entry));
}

static bool
is_of(const struct entry *entry, const void *place,
    const struct verified_tag *tag)
{
	return (entry->place == place &&
	    crypto_verify_16(entry->tag.hash, tag->hash) == 0);
}

const char *
verified_find(struct verified *v, const void *place,
    const struct verified_tag *tag, int64_t now, size_t *fields_len)
{
	struct entry *set;
	size_t i;

	if (v == NULL)
		return (NULL);
	set = set_of(v, tag);
	for (i = 0; i < VERIFIED_WAYS && !is_of(&set[i], place, tag); i++)
		;
	if (i == VERIFIED_WAYS)
		return (NULL);
	/* the clock may go back, too: then it is verified anew */
	if (jwt_check_times(&set[i].times, now) != JWT_OK) {
		clear(&set[i]);
		return (NULL);
	}
	set[i].used = ++v->count;
	*fields_len = set[i].fields_len;
	return (set[i].fields);
}

void
verified_keep(struct verified *v, const void *place,
    const struct verified_tag *tag, const struct jwt_times *times,
    const char *fields, size_t fields_len)
{
	struct entry *set, *entry;
	char *copy;
	size_t i;

	if (v == NULL || fields_len > VERIFIED_FIELDS_MAX ||
	    (copy = malloc(fields_len + 1)) == NULL)
		return;
	memcpy(copy, fields, fields_len);
	copy[fields_len] = '\0';
	entry = set = set_of(v, tag);
	for (i = 0; i < VERIFIED_WAYS && !is_of(entry, place, tag); i++)
		if (is_of(&set[i], place, tag) || set[i].used < entry->used)
			entry = &set[i];
	clear(entry);
	entry->tag = *tag;
	entry->place = place;
	entry->times = *times;
	entry->used = ++v->count;
	entry->fields = copy;
	entry->fields_len = fields_len;
}

void
verified_forget(struct verified *v)
{
	size_t i;

	for (i = 0; v != NULL && i < VERIFIED_ENTRIES; i++)
		clear(&v->entries[i]);
}
