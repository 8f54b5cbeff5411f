/* Time that only goes forward, for deadlines; wall time is time(3)'s. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* milliseconds of CLOCK_MONOTONIC, the same in every process */
uint64_t	clock_ms(void);
/* and microseconds */
uint64_t	clock_us(void);

#endif
