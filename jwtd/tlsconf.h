/* The TLS side of a listener: certificates, protocols, ciphers. */
#ifndef TLSCONF_H
#define TLSCONF_H

#include <tls.h>

#include "conf.h"

/* forward secrecy only, by the names that both LibreSSL and libretls take */
#define TLSCONF_CIPHERS	"ECDHE+AESGCM:ECDHE+CHACHA20"

/*
 * A server context with the certificate of every server on that listener; the
 * client's SNI selects among them and the first is the default.  Reads the files,
 * so call it before chroot.  Does not return if one cannot be used.
 */
struct tls	*tlsconf_new(const struct conf_listener *);

#endif
