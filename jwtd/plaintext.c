/*
 * libssl decrypts into a buffer that lives as long as the connection, and in
 * which the last password would stay.  It can be told to wipe that, and to give
 * the buffer back while the connection is idle; but libtls has no words for
 * either.  What libtls makes are contexts of libssl, though, and libssl tells
 * whoever asks of each new one.
 */
#include "plaintext.h"

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
}

void
plaintext_wipe(void)
{
	if (SSL_CTX_get_ex_new_index(0, NULL, on_new_context, NULL, NULL) ==
	    -1)
		fatalx("libssl does not tell of new contexts");
}
