/* Whose turn it is to hash; see hashing.h.  It hashes nothing itself. */
#include "hashing.h"

/* One that has not asked for so long does something else: others go first. */
#define AWAY_MS		((uint64_t)10 * HASHING_ASK_MS)

#define SLOT_BITS	8
#define SLOT_MASK	((1ULL << SLOT_BITS) - 1)
_Static_assert(CONF_MAX_SIGNERS < SLOT_MASK, "a slot fits");

void
hashing_init(struct hashing *h, unsigned int signers, long processors)
{
	h->places = processors > 1 ? (size_t)processors : 1;
	if (h->places >= signers)
		h->places = signers > 1 ? signers - 1 : 1;
}

/* Does somebody else wait for longer?  Of two with the same time one does. */
static bool
is_behind(const struct hashing *h, size_t slot, uint64_t since, uint64_t now)
{
	uint64_t other;
	size_t i;

	for (i = 0; i < CONF_MAX_SIGNERS; i++) {
		other = __atomic_load_n(&h->waiters[i].since,
		    __ATOMIC_RELAXED);
		if (other != 0 && (other < since ||
		    (other == since && i < slot)) &&
		    __atomic_load_n(&h->waiters[i].seen, __ATOMIC_RELAXED) +
		    AWAY_MS >= now)
			return (true);
	}
	return (false);
}

/* A place is one word, so that it is taken and given back at once. */
static uint64_t
word_of(size_t slot, uint64_t now)
{
	return (now << SLOT_BITS | (uint64_t)(slot + 1));
}

static bool
is_free(uint64_t word, uint64_t now)
{
	return (word == 0 || (word >> SLOT_BITS) + HASHING_LEASE < now);
}

bool
hashing_turn(const struct hashing *h, size_t slot, uint64_t since,
    uint64_t now)
{
	size_t i;

	for (i = 0; i < h->places; i++)
		if (is_free(__atomic_load_n(&h->taken[i], __ATOMIC_RELAXED),
		    now))
			return (!is_behind(h, slot, since, now));
	return (false);
}

bool
hashing_begin(struct hashing *h, size_t slot, uint64_t since, uint64_t now)
{
	uint64_t word;
	size_t i;

	if (is_behind(h, slot, since, now))
		return (false);
	for (i = 0; i < h->places; i++) {
		word = __atomic_load_n(&h->taken[i], __ATOMIC_RELAXED);
		if (is_free(word, now) && __atomic_compare_exchange_n(
		    &h->taken[i], &word, word_of(slot, now), false,
		    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			/* it waits no more, and asks again after it */
			hashing_wait(h, slot, 0, now);
			return (true);
		}
	}
	return (false);
}

void
hashing_done(struct hashing *h, size_t slot)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < h->places; i++) {
		word = __atomic_load_n(&h->taken[i], __ATOMIC_RELAXED);
		if ((word & SLOT_MASK) == slot + 1)
			(void)__atomic_compare_exchange_n(&h->taken[i], &word,
			    0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	}
}

void
hashing_wait(struct hashing *h, size_t slot, uint64_t since, uint64_t now)
{
	__atomic_store_n(&h->waiters[slot].seen, now, __ATOMIC_RELAXED);
	__atomic_store_n(&h->waiters[slot].since, since, __ATOMIC_RELAXED);
}
