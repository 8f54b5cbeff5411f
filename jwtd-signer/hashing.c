/* Whose turn it is to hash; see hashing.h.  It hashes nothing itself. */
#include "hashing.h"

/* One that has not asked for so long does something else: others go first. */
#define AWAY_MS		((uint64_t)10 * HASHING_ASK_MS)

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

bool
hashing_turn(const struct hashing *h, size_t slot, uint64_t since,
    uint64_t now)
{
	size_t i;

	for (i = 0; i < h->places; i++)
		if (__atomic_load_n(&h->taken[i], __ATOMIC_RELAXED) == 0)
			return (!is_behind(h, slot, since, now));
	return (false);
}

bool
hashing_begin(struct hashing *h, size_t slot, uint64_t since, uint64_t now)
{
	uint32_t nobody;
	size_t i;

	if (is_behind(h, slot, since, now))
		return (false);
	for (i = 0; i < h->places; i++) {
		nobody = 0;
		if (__atomic_compare_exchange_n(&h->taken[i], &nobody,
		    (uint32_t)slot + 1, false, __ATOMIC_ACQUIRE,
		    __ATOMIC_RELAXED)) {
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
	uint32_t mine;
	size_t i;

	for (i = 0; i < h->places; i++) {
		mine = (uint32_t)slot + 1;
		(void)__atomic_compare_exchange_n(&h->taken[i], &mine, 0,
		    false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	}
}

void
hashing_wait(struct hashing *h, size_t slot, uint64_t since, uint64_t now)
{
	__atomic_store_n(&h->waiters[slot].seen, now, __ATOMIC_RELAXED);
	__atomic_store_n(&h->waiters[slot].since, since, __ATOMIC_RELAXED);
}
