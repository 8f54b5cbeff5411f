/*
 * The name by which a worker asks for a TLS key: a hash of what is public of
 * it, so that there is no number which could be out of range or another's.
 */
#ifndef KEYNAME_H
#define KEYNAME_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "tlskey_message.h"

/* of the modulus, and of the point; false if there is none */
bool	keyname_rsa(const RSA *, uint8_t name[TLSKEY_NAME]);
bool	keyname_ec(const EC_KEY *, uint8_t name[TLSKEY_NAME]);

#endif
