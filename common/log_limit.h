/* How many lines of a kind are logged; a token bucket that is full at first. */
#ifndef LOG_LIMIT_H
#define LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct log_limit {
	unsigned int	 rate;		/* lines a second, and at once */
	uint64_t	 room;		/* thousandths of a line */
	uint64_t	 last;		/* ms */
	uint64_t	 left_out;
};

void		 log_limit_init(struct log_limit *, unsigned int rate,
		    uint64_t now);
/* May one be logged?  If not, it counts as left out. */
bool		 log_limit_take(struct log_limit *, uint64_t now);
/* How many were left out since this was asked. */
uint64_t	 log_limit_left_out(struct log_limit *);

#endif
