/* UTF-8, RFC 3629.  Pure functions. */
#include "utf8.h"

#include <stdint.h>

/*
 * The number of bytes of the sequence at p, or 0: overlong forms, surrogates
 * and what lies past U+10FFFF are refused (RFC 3629 section 3).
 */
size_t
utf8_sequence(const char *s, size_t len)
{
	const uint8_t *p;
	uint8_t low, high;
	size_t n, i;

	p = (const uint8_t *)s;
	low = 0x80;
	high = 0xbf;
	if (p[0] < 0x80)
		return (1);
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0) {
		n = 3;
		if (p[0] == 0xe0)
			low = 0xa0;
		else if (p[0] == 0xed)
			high = 0x9f;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		if (p[0] == 0xf0)
			low = 0x90;
		else if (p[0] == 0xf4)
			high = 0x8f;
	} else
		return (0);
	if (len < n || p[1] < low || p[1] > high)
		return (0);
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return (0);
	return (n);
}

bool
utf8_valid(const char *s, size_t len)
{
	size_t n;

	while (len > 0) {
		if ((n = utf8_sequence(s, len)) == 0)
			return (false);
		s += n;
		len -= n;
	}
	return (true);
}

bool
utf8_no_controls(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f)
			return (false);
	return (true);
}

ssize_t
utf8_from_latin1(char *out, size_t size, const char *in, size_t len)
{
	size_t i, n;
	uint8_t c;

	n = 0;
	for (i = 0; i < len; i++) {
		c = (uint8_t)in[i];
		if (n + (c < 0x80 ? 1 : 2) >= size)
			return (-1);
		if (c >= 0x80) {
			out[n++] = (char)(0xc0 | c >> 6);
			c = 0x80 | (c & 0x3f);
		}
		out[n++] = (char)c;
	}
	if (n >= size)
		return (-1);
	out[n] = '\0';
	return ((ssize_t)n);
}
