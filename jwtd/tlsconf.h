/* The TLS side of a listener: certificates, protocols, ciphers. */
#ifndef TLSCONF_H
#define TLSCONF_H

#include <jansson.h>
#include <tls.h>

#include "conf.h"

/* forward secrecy only, by the names that both LibreSSL and libretls take */
#define TLSCONF_CIPHERS	"ECDHE+AESGCM:ECDHE+CHACHA20"

/*
 * A server context with the certificate of every server on that listener; the
 * client's SNI selects among them and the first is the default.  The
 * certificates are those of certificates.h, and tlskey_client_init() was
 * called.  Does not return if one cannot be used.
 */
struct tls	*tlsconf_new(const struct conf *, const struct conf_listener *,
		    const json_t *certificates);

#endif
