/* Percent-encoding.  Pure functions. */
#include "percent.h"

#include <stdint.h>

int
percent_hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

ssize_t
percent_decode(char *out, size_t size, const char *in, size_t len, bool form)
{
	size_t i, n;
	int high, low;
	char c;

	for (i = n = 0; i < len; i++) {
		c = in[i];
		if (c == '+' && form)
			c = ' ';
		else if (c == '%') {
			if (len - i < 3 || (high = percent_hex(in[i + 1])) == -1 ||
			    (low = percent_hex(in[i + 2])) == -1)
				return (-1);
			c = (char)(high << 4 | low);
			i += 2;
		}
		if ((uint8_t)c < 0x20 || c == 0x7f || n >= size)
			return (-1);
		out[n++] = c;
	}
	if (n < size)
		out[n] = '\0';
	return ((ssize_t)n);
}

ssize_t
percent_encode_unprintable(char *out, size_t size, const char *in, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i, n;
	uint8_t c;

	for (i = n = 0; i < len; i++) {
		c = (uint8_t)in[i];
		/* a space at either end would not survive in an HTTP field */
		if (c > 0x20 && c < 0x7f ? c != '%' :
		    c == 0x20 && i > 0 && i + 1 < len) {
			if (n + 1 >= size)
				return (-1);
			out[n++] = (char)c;
			continue;
		}
		if (n + 3 >= size)
			return (-1);
		out[n++] = '%';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 0xf];
	}
	if (n >= size)
		return (-1);
	out[n] = '\0';
	return ((ssize_t)n);
}
