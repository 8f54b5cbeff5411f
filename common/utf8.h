/* UTF-8, RFC 3629. */
#ifndef UTF8_H
#define UTF8_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* bytes of the character that begins here, of which len > 0 are there; or 0 */
size_t	utf8_sequence(const char *, size_t len);
bool	utf8_valid(const char *, size_t);
/* no byte below 0x20 and no 0x7f */
bool	utf8_no_controls(const char *, size_t);
/*
 * ISO 8859-1 to UTF-8, with a NUL.  Returns the length, or -1 if it does not
 * fit into size.
 */
ssize_t	utf8_from_latin1(char *out, size_t size, const char *in, size_t len);

#endif
