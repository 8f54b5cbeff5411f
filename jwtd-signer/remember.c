/*
 * Passwords that were right; see remember.h.  It holds no password, and its key
 * was made at start and is nowhere but in the signers' memory.
 */
#include "remember.h"

#include <string.h>

struct tag {
	uint64_t	v[2];
};

void
remember_init(struct remember *r, unsigned int seconds)
{
	crypto_generichash_keygen(r->key);
	r->ms = (uint64_t)seconds * 1000;
}

/* None of the three has a NUL inside, so with their own they are kept apart. */
static void
make_tag(const struct remember *r, const char *hash, const char *user,
    const char *password, struct tag *tag)
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, r->key, sizeof(r->key),
	    sizeof(tag->v));
	(void)crypto_generichash_update(&state, (const unsigned char *)hash,
	    strlen(hash) + 1);
	(void)crypto_generichash_update(&state, (const unsigned char *)user,
	    strlen(user) + 1);
	(void)crypto_generichash_update(&state,
	    (const unsigned char *)password, strlen(password) + 1);
	(void)crypto_generichash_final(&state, (unsigned char *)tag->v,
	    sizeof(tag->v));
	explicit_bzero(&state, sizeof(state));
}

static size_t
set_of(const struct tag *tag)
{
	return ((size_t)(tag->v[0] & (REMEMBER_SETS - 1)));
}

/*
 * The time is read before and after the tag: an entry that is being replaced
 * has none, or another one.
 */
static bool
is_there(const struct remember_entry *entry, const struct tag *tag,
    uint64_t now)
{
	uint64_t expires, again;
	struct tag got;
	bool same;

	expires = __atomic_load_n(&entry->expires, __ATOMIC_ACQUIRE);
	got.v[0] = __atomic_load_n(&entry->tag[0], __ATOMIC_RELAXED);
	got.v[1] = __atomic_load_n(&entry->tag[1], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	again = __atomic_load_n(&entry->expires, __ATOMIC_RELAXED);
	same = sodium_memcmp(&got, tag, sizeof(got)) == 0;
	return (same & (expires == again) & (expires > now));
}

bool
remember_known(const struct remember *r, const char *hash, const char *user,
    const char *password, uint64_t now)
{
	struct tag tag;
	bool found;
	size_t i;

	if (r->ms == 0)
		return (false);
	make_tag(r, hash, user, password, &tag);
	found = false;
	for (i = 0; i < REMEMBER_WAYS; i++)
		found |= is_there(&r->sets[set_of(&tag)][i], &tag, now);
	explicit_bzero(&tag, sizeof(tag));
	return (found);
}

/* The entry with that tag, or that which is the first to expire. */
static struct remember_entry *
find_entry(struct remember *r, const struct tag *tag)
{
	struct remember_entry *entry, *first;
	uint64_t expires, soonest;
	size_t i;

	first = NULL;
	soonest = UINT64_MAX;
	for (i = 0; i < REMEMBER_WAYS; i++) {
		entry = &r->sets[set_of(tag)][i];
		if (__atomic_load_n(&entry->tag[0], __ATOMIC_RELAXED) ==
		    tag->v[0])
			return (entry);
		expires = __atomic_load_n(&entry->expires, __ATOMIC_RELAXED);
		if (expires < soonest) {
			soonest = expires;
			first = entry;
		}
	}
	return (first);
}

/*
 * If two signers replace the same entry, or one dies at it, what is left is
 * nobody's.
 */
void
remember_add(struct remember *r, const char *hash, const char *user,
    const char *password, uint64_t now)
{
	struct remember_entry *entry;
	struct tag tag;

	if (r->ms == 0)
		return;
	make_tag(r, hash, user, password, &tag);
	if ((entry = find_entry(r, &tag)) != NULL) {
		__atomic_store_n(&entry->expires, 0, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		__atomic_store_n(&entry->tag[0], tag.v[0], __ATOMIC_RELAXED);
		__atomic_store_n(&entry->tag[1], tag.v[1], __ATOMIC_RELAXED);
		__atomic_store_n(&entry->expires, now + r->ms,
		    __ATOMIC_RELEASE);
	}
	explicit_bzero(&tag, sizeof(tag));
}
