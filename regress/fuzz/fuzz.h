/*
 * What the fuzz targets share.  A target checks its promises with must(), and a
 * broken one is a finding like a crash.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define must(x) do {							\
	if (!(x)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);	\
		abort();						\
	}								\
} while (0)

/* A copy of its exact size, so that AddressSanitizer sees both ends. */
static inline char *
fuzz_copy(const void *p, size_t len)
{
	char *copy;

	if ((copy = malloc(len > 0 ? len : 1)) == NULL)
		abort();
	if (len > 0)
		memcpy(copy, p, len);
	return (copy);
}

static inline bool
fuzz_inside(struct span s, const char *buf, size_t len)
{
	return (s.p == NULL ? s.len == 0 : s.p >= buf && s.p <= buf + len &&
	    s.len <= (size_t)(buf + len - s.p));
}

#endif
