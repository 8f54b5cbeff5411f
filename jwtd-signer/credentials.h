/*
 * The ways in which clients write one user and password into Basic: as UTF-8
 * (RFC 7617), form-encoded first (RFC 6749 section 2.3.1), or as Latin-1.
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <stddef.h>

#include "message.h"
#include "store.h"

#define CREDENTIALS_MAX	2	/* so a bad login costs at most one more hash */

struct credentials {
	char	user[USER_NAME_MAX + 1];
	char	password[2 * MESSAGE_PASSWORD_MAX + 1];
};

/*
 * Fill in what the bytes of a request may mean, the likeliest first.  How many
 * there are depends on nothing but those bytes.  The caller wipes out.
 */
size_t	credentials_read(const char *user, const char *password,
	    struct credentials out[CREDENTIALS_MAX]);

#endif
