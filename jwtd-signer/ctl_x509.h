/* Certificates that keys sign for themselves. */
#ifndef CTL_X509_H
#define CTL_X509_H

#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * A certificate of the key's public half, from now on for so many days, for
 * signatures and as nobody's authority; not signed yet.  The name is that of
 * its subject and issuer.  NULL if it cannot be made; the caller frees it.
 */
X509	*ctl_x509_new(EVP_PKEY *, const char *name, int days);

/* Both return 0 or -1.  value is never text from outside. */
int	 ctl_x509_extend(X509 *, int nid, const char *value);
int	 ctl_x509_sign(X509 *, EVP_PKEY *);

#endif
