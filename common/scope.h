/* OAuth scope strings, RFC 6749 section 3.3. */
#ifndef SCOPE_H
#define SCOPE_H

#include <stdbool.h>
#include <stddef.h>

/* scope-tokens, each separated by one space; the empty string is valid here */
bool	scope_valid(const char *);
/* is every token of wanted in held?  Both are valid. */
bool	scope_covers(const char *held, const char *wanted);

#endif
