/*
 * A worker's way to the TLS keys.  libtls believes that it has them; what it
 * would sign with them goes to the process that does.
 */
#ifndef TLSKEY_CLIENT_H
#define TLSKEY_CLIENT_H

/*
 * From here on, whatever this process signs with an RSA or EC key of libcrypto
 * is signed by that process.  fd is the worker's end of packet_pair().  To be
 * called before the first tls_configure(3).
 */
void	tlskey_client_init(int fd);

#endif
