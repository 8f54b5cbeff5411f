/*
 * RFC 4648 section 5 base64url without padding, and section 4 base64.  Both
 * decoders are strict.  base64_decode() reads passwords and is libsodium's,
 * which takes the same time whatever they are.  base64url_decode() reads what
 * its owner shows to others, tokens and public keys, with a table, in a tenth
 * of that time: no secret of ours must ever go through it.
 */
#include "base64url.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

#define X		0x80		/* no digit */

/* RFC 4648 section 5, table 2 */
static const uint8_t digits[256] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, 63,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
};

size_t
base64url_encode(char *out, size_t size, const void *in, size_t len)
{
	sodium_bin2base64(out, size, in, len,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return (BASE64URL_LEN(len));
}

/*
 * The last two or three characters, if there are any: the bits that stand for
 * nothing have to be 0, RFC 4648 section 3.5.
 */
static bool
decode_rest(uint8_t *out, const uint8_t *in, size_t len)
{
	uint8_t a, b, c;

	if (len == 0)
		return (true);
	a = digits[in[0]];
	b = digits[in[1]];
	c = len == 3 ? digits[in[2]] : 0;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	if (len == 3)
		out[1] = (uint8_t)(b << 4 | c >> 2);
	return (((a | b | c) & X) == 0 && (len == 3 ? c & 3 : b & 0xf) == 0);
}

ssize_t
base64url_decode(void *out, size_t size, const char *in, size_t len)
{
	const uint8_t *p;
	uint8_t *o, a, b, c, d, all;

	if (len % 4 == 1 || len / 4 * 3 + len % 4 * 3 / 4 > size)
		return (-1);
	p = (const uint8_t *)in;
	o = out;
	all = 0;
	for (; len >= 4; len -= 4, p += 4, o += 3) {
		a = digits[p[0]];
		b = digits[p[1]];
		c = digits[p[2]];
		d = digits[p[3]];
		all |= a | b | c | d;
		o[0] = (uint8_t)(a << 2 | b >> 4);
		o[1] = (uint8_t)(b << 4 | c >> 2);
		o[2] = (uint8_t)(c << 6 | d);
	}
	if ((all & X) != 0 || !decode_rest(o, p, len))
		return (-1);
	return (o - (uint8_t *)out + (ssize_t)(len * 3 / 4));
}

ssize_t
base64_decode(void *out, size_t size, const char *in, size_t len)
{
	const char *end;
	size_t i, n;

	/* libsodium 1.0.18 takes a byte above 0x7f for the digit 63 */
	for (i = 0; i < len; i++)
		if ((unsigned char)in[i] > 0x7f)
			return (-1);
	if (sodium_base642bin(out, size, in, len, NULL, &n, &end,
	    sodium_base64_VARIANT_ORIGINAL) != 0 || end != in + len)
		return (-1);
	return ((ssize_t)n);
}
