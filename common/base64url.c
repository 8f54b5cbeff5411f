/*
 * RFC 4648 section 5 base64url without padding, and section 4 base64, by way of
 * libsodium, whose decoders run in constant time and are strict.
 */
#include "base64url.h"

#include <sodium.h>
#include <string.h>

size_t
base64url_encode(char *out, size_t size, const void *in, size_t len)
{
	sodium_bin2base64(out, size, in, len,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return (BASE64URL_LEN(len));
}

static ssize_t
decode(void *out, size_t size, const char *in, size_t len, int variant)
{
	const char *end;
	size_t i, n;

	/* libsodium 1.0.18 takes a byte above 0x7f for the digit 63 */
	for (i = 0; i < len; i++)
		if ((unsigned char)in[i] > 0x7f)
			return (-1);
	if (sodium_base642bin(out, size, in, len, NULL, &n, &end,
	    variant) != 0 || end != in + len)
		return (-1);
	return ((ssize_t)n);
}

ssize_t
base64url_decode(void *out, size_t size, const char *in, size_t len)
{
	return (decode(out, size, in, len,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING));
}

ssize_t
base64_decode(void *out, size_t size, const char *in, size_t len)
{
	return (decode(out, size, in, len, sodium_base64_VARIANT_ORIGINAL));
}
