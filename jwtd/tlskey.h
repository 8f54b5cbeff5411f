/* The process that holds the TLS keys. */
#ifndef TLSKEY_H
#define TLSKEY_H

#define TLSKEY_USER	"_jwtdtls"

/* Run as it, on the descriptors that the parent left.  Does not return. */
void	tlskey_main(int foreground, int verbose) __attribute__((noreturn));

#endif
