/*
 * Listeners that the service manager has opened and passed on, where it does
 * that: then the daemon need not be able to open any.
 */
#ifndef PASSED_H
#define PASSED_H

#include <stdbool.h>

#include "conf.h"

#define PASSED_FIRST	3	/* their numbers begin here */

/*
 * Take note of them, and take the variables that say so out of the environment.
 * Call before anything is opened.  Returns how many descriptors there are.
 */
int	passed_init(void);

/* The one at that listener's address, which is never closed; or -1. */
int	passed_find(const struct conf_listener *);

bool	passed_has(int fd);

#endif
