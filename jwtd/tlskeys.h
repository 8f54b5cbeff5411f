/* The TLS keys: loading them, and signing what a handshake is signed with. */
#ifndef TLSKEYS_H
#define TLSKEYS_H

#include <stdbool.h>

#include <jansson.h>

#include "conf.h"
#include "tlskey_message.h"

struct tlskeys;

/*
 * The keys of all servers that have TLS, each checked against its certificate.
 * *certificates is what certificates.h reads.  Reads the files, so call it
 * before chroot.  Does not return if one cannot be used.
 */
struct tlskeys	*tlskeys_load(const struct conf *, json_t **certificates);
void		 tlskeys_free(struct tlskeys *);

/*
 * The signature that a valid request asks for, of at most TLSKEY_RSA_MAX bytes.
 * Returns its length, or 0 if it is refused.
 */
size_t		 tlskeys_sign(const struct tlskeys *,
		    const struct tlskey_request *, uint8_t out[TLSKEY_RSA_MAX]);

#endif
