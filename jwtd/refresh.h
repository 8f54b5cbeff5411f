/* When a key set is fetched next.  Pure functions, in seconds. */
#ifndef REFRESH_H
#define REFRESH_H

#include <stdint.h>

#define REFRESH_ASKED	10	/* between two, if somebody needs the second */

/* after a good answer of that max-age, or FETCH_NO_AGE */
unsigned int	refresh_after(uint32_t max_age);
/* after so many failures in a row */
unsigned int	refresh_retry(unsigned int failures);

#endif
