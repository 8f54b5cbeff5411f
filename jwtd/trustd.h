/* The trust process: has the key sets of other issuers, and checks them. */
#ifndef TRUSTD_H
#define TRUSTD_H

#define TRUST_USER	"_jwtdfetch"

/* Run as it, on the descriptors that the parent left.  Does not return. */
void	trustd_main(int foreground, int verbose) __attribute__((noreturn));

#endif
