/* What libssl has to be told of TLS, and libtls has no words for. */
#ifndef SSLCTX_H
#define SSLCTX_H

/* Tell every context that libtls makes from here on, for the whole process. */
void	sslctx_init(void);

#endif
