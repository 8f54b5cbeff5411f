/*
 * When a key set is fetched next.  Its server may say how long it stays as it
 * is, but not that it is asked all the time, or never again.
 */
#include "refresh.h"

#include "fetch_response.h"

#define DEFAULT_AGE	(60 * 60)
#define LEAST_AGE	(5 * 60)
#define MOST_AGE	(24 * 60 * 60)

#define FIRST_RETRY	10
#define LAST_RETRY	(5 * 60)

unsigned int
refresh_after(uint32_t max_age)
{
	if (max_age == FETCH_NO_AGE)
		return (DEFAULT_AGE);
	if (max_age < LEAST_AGE)
		return (LEAST_AGE);
	return (max_age > MOST_AGE ? MOST_AGE : max_age);
}

unsigned int
refresh_retry(unsigned int failures)
{
	unsigned int delay;

	for (delay = FIRST_RETRY; failures > 1 && delay < LAST_RETRY;
	    failures--)
		delay *= 2;
	return (delay < LAST_RETRY ? delay : LAST_RETRY);
}
