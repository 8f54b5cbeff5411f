/* The form of RFC 7009 section 2.1 and of RFC 7662 section 2.1. */
#ifndef TOKEN_REQUEST_H
#define TOKEN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "grant_request.h"
#include "span.h"

/*
 * Read the body, decoding it in place; the token points into it.  Returns false
 * with what is wrong in the error.  Pure.
 */
bool	token_request_read(char *buf, size_t len, struct span *token,
	    struct grant_error *);

#endif
