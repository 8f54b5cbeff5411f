/*
 * Private keys for signing, in PEM files.  A key lives in the process that
 * loaded it and in nothing that leaves it.
 */
#ifndef KEYFILE_H
#define KEYFILE_H

#include <stddef.h>

#include <openssl/evp.h>

#include "conf.h"
#include "jwk.h"

/*
 * Load a private key: nobody else may be able to read the file, it is not
 * encrypted, and what is in it is consistent and fit to sign with.  Returns it,
 * or NULL with a text in err that names the file.
 */
EVP_PKEY *keyfile_load(const char *path, char *err, size_t errsize);

/* The same for a key of the configuration, with what it signs. */
EVP_PKEY *keyfile_load_conf(const struct conf_key *, enum jwk_alg *, char *err,
	    size_t errsize);

#endif
