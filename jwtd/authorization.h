/* The Authorization header: Basic, RFC 7617, and Bearer, RFC 6750. */
#ifndef AUTHORIZATION_H
#define AUTHORIZATION_H

#include <stddef.h>

#include "span.h"

enum auth_result {
	AUTH_OK,
	AUTH_ABSENT,		/* no header, or another scheme */
	AUTH_MALFORMED
};

/*
 * Decode user and password, with NULs, as the bytes that the client sent.  The
 * user is not empty; neither holds a control character.  On failure both are
 * wiped.
 */
enum auth_result authorization_basic(struct span header, char *user,
		    size_t user_size, char *password, size_t password_size);

/* The token68 of a Bearer header. */
enum auth_result authorization_bearer(struct span header, struct span *token);

#endif
