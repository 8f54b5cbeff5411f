/*
 * What libssl has to be told of TLS, and libtls has no words for.  What libtls
 * makes are contexts of libssl, though, and libssl tells whoever asks of each
 * new one.
 *
 * It decrypts into a buffer that lives as long as the connection, and in which
 * the last password would stay: it is to wipe that, and to give it back while
 * the connection is idle.
 *
 * It looks for the issuers of a certificate in each handshake, if its file has
 * none: there is nowhere to look.
 *
 * It sends two session tickets after each handshake (RFC 8446 section 4.6.1),
 * though no session is kept that they could name.
 */
#include "sslctx.h"

#include <openssl/ssl.h>

#include "log.h"

static void
on_new_context(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index,
    long argl, void *argp)
{
	SSL_CTX *ctx;

	(void)ptr;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	ctx = parent;
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	/* LibreSSL has no such option: it always wipes what it gives back */
#ifdef SSL_OP_CLEANSE_PLAINTEXT
	(void)SSL_CTX_set_options(ctx, SSL_OP_CLEANSE_PLAINTEXT);
#endif
#ifdef SSL_MODE_NO_AUTO_CHAIN
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
#endif
}

/* A context is told of it too early: it gets its default afterwards. */
static void
on_new_connection(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index,
    long argl, void *argp)
{
	(void)ptr;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	(void)SSL_set_num_tickets(parent, 0);
}

void
sslctx_init(void)
{
	if (SSL_CTX_get_ex_new_index(0, NULL, on_new_context, NULL, NULL) ==
	    -1 || SSL_get_ex_new_index(0, NULL, on_new_connection, NULL,
	    NULL) == -1)
		fatalx("libssl does not tell of new contexts");
}
