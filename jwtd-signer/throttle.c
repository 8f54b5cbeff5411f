/*
 * The count of failures; see throttle.h.  It knows nothing of who exists and
 * who does not, and no name: an entry is one word, a mark made with a random
 * key and a time.
 *
 * A failure takes an interval to decay, one after the other, so the time at
 * which the last one will have is all that there is to know: what is left of
 * it is the number of failures.
 */
#include "throttle.h"

#include <string.h>

#include "store.h"

#define TIME_BITS	40		/* of ms: 34 years */
#define TIME_MASK	((1ULL << TIME_BITS) - 1)

/* where failures of somebody are: the set, and the mark in the high bits */
struct place {
	size_t		 set;
	uint64_t	 mark;
};

void
throttle_init(struct throttle *t, unsigned int count, unsigned int seconds)
{
	uint64_t ms;

	if (count == 0)
		return;
	crypto_shorthash_keygen(t->key);
	ms = (uint64_t)seconds * 1000;
	/* more than one each ms are more than any machine could check */
	t->interval = count < ms ? ms / count : 1;
	t->limit = count < ms ? t->interval * count : ms;
}

static struct place
find_place(const struct throttle *t, const char *user,
    const struct message_request *request)
{
	uint8_t text[1 + MESSAGE_NETWORK_BYTES + USER_NAME_MAX];
	struct place place;
	uint64_t hash;
	size_t len;

	text[0] = (uint8_t)request->network_kind;
	memcpy(text + 1, request->network, MESSAGE_NETWORK_BYTES);
	len = strnlen(user, USER_NAME_MAX);
	memcpy(text + 1 + MESSAGE_NETWORK_BYTES, user, len);
	(void)crypto_shorthash((unsigned char *)&hash, text,
	    1 + MESSAGE_NETWORK_BYTES + len, t->key);
	place.set = (size_t)(hash & (THROTTLE_SETS - 1));
	place.mark = hash & ~TIME_MASK;
	return (place);
}

/*
 * The way that has the mark, with its word; or if there is none, that whose
 * failures decay first.
 */
static size_t
find_way(const struct throttle *t, const struct place *place, uint64_t *word)
{
	uint64_t now[THROTTLE_WAYS];
	size_t i, first;

	for (i = 0; i < THROTTLE_WAYS; i++)
		now[i] = __atomic_load_n(&t->sets[place->set][i],
		    __ATOMIC_RELAXED);
	first = 0;
	for (i = 0; i < THROTTLE_WAYS; i++) {
		if (now[i] != 0 && (now[i] & ~TIME_MASK) == place->mark) {
			*word = now[i];
			return (i);
		}
		if ((now[i] & TIME_MASK) < (now[first] & TIME_MASK))
			first = i;
	}
	*word = now[first];
	return (first);
}

/* When will all failures in that word have decayed? */
static uint64_t
decayed(const struct place *place, uint64_t word, uint64_t now)
{
	if ((word & ~TIME_MASK) != place->mark || (word & TIME_MASK) < now)
		return (now);
	return (word & TIME_MASK);
}

uint64_t
throttle_wait(const struct throttle *t, const char *user,
    const struct message_request *request, uint64_t now)
{
	struct place place;
	uint64_t word, then;

	if (t->limit == 0)
		return (0);
	place = find_place(t, user, request);
	(void)find_way(t, &place, &word);
	/* is there room for one more? */
	then = decayed(&place, word, now) + t->interval;
	return (then > now + t->limit ? then - now - t->limit : 0);
}

void
throttle_failed(struct throttle *t, const char *user,
    const struct message_request *request, uint64_t now)
{
	struct place place;
	uint64_t word, then;
	size_t way;

	if (t->limit == 0)
		return;
	place = find_place(t, user, request);
	do {
		way = find_way(t, &place, &word);
		then = decayed(&place, word, now) + t->interval;
		/* those that were being checked when it was the last */
		if (then > now + t->limit)
			then = now + t->limit;
	} while (!__atomic_compare_exchange_n(&t->sets[place.set][way], &word,
	    place.mark | (then & TIME_MASK), false, __ATOMIC_RELAXED,
	    __ATOMIC_RELAXED));
}
