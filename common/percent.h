/* Percent-encoding, RFC 3986 section 2.1, and its form variant. */
#ifndef PERCENT_H
#define PERCENT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* the value of a hexadecimal digit, or -1 */
int	percent_hex(char);

/*
 * Decode in into out, which may be the same memory, with a NUL if there is room
 * for one past the text.  With form, '+' is a space.  Returns the length, or -1
 * for a bad escape, a control character, or when it does not fit.
 */
ssize_t	percent_decode(char *out, size_t size, const char *in, size_t len,
	    bool form);

/*
 * Encode every byte outside printable ASCII, '%' so that two texts never become
 * the same, and a space at either end.  Returns the length without the NUL, or
 * -1 when it does not fit.
 */
ssize_t	percent_encode_unprintable(char *out, size_t size, const char *in,
	    size_t len);

/*
 * Encode every byte that a path of RFC 3986 section 3.3 cannot have, but not
 * its slashes.  Returns the length without the NUL, or -1 when it does not fit.
 */
ssize_t	percent_encode_path(char *out, size_t size, const char *in,
	    size_t len);

#endif
