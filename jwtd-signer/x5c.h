/* The certificates of a signing key, for the header of its tokens. */
#ifndef X5C_H
#define X5C_H

#include <jansson.h>
#include <openssl/evp.h>

#define X5C_MAX		4	/* certificates */

/*
 * Read a file of PEM certificates, of which the first is the key's.  Returns
 * what "x5c" is to say (RFC 7515 section 4.1.6), or NULL after a message that
 * names the file.  key_path is where the key came from.  A certificate that is
 * not valid now is no more than a warning: who verifies may not ask.
 */
json_t	*x5c_load(const char *path, EVP_PKEY *, const char *key_path,
	    uint64_t *expiry);

#endif
