/* What clients have sent over TLS, and libssl has decrypted. */
#ifndef PLAINTEXT_H
#define PLAINTEXT_H

/*
 * Have every connection from now on wipe it as soon as it was read, and keep no
 * buffer for it in between.  To be called once, before tls_configure(3).
 */
void	plaintext_wipe(void);

#endif
