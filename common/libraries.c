/*
 * What would otherwise happen behind chroot, in a sandbox, at the first request
 * that needs it.
 */
#include "libraries.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <sodium.h>

#include "log.h"

void
libraries_init(void)
{
	/* libcrypto reads its configuration */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
		fatalx("libcrypto cannot start");
	if (sodium_init() == -1)
		fatalx("libsodium cannot start");
	/* jansson asks for random bytes, which its hash tables need */
	json_object_seed(0);
}
