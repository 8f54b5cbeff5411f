/* Values of others in a log line of key=value. */
#ifndef LOG_VALUE_H
#define LOG_VALUE_H

#include <stddef.h>

/*
 * Write the string in quotes, so that it ends where it seems to: quotes and
 * backslashes have a backslash before them, and bytes that no text has are
 * written as \xNN.  What does not fit into size, which is 8 or more, is cut
 * after a whole character, and "..." stands for it.
 */
void	log_value_quote(char *out, size_t size, const char *in);

#endif
