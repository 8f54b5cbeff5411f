/* Percent-encoding.  Pure functions. */
#include "percent.h"

#include <stdint.h>
#include <string.h>

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
			if (len - i < 3 ||
			    (high = percent_hex(in[i + 1])) == -1 ||
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

/* the others go as they are */
static ssize_t
encode(char *out, size_t size, const char *in, size_t len,
    bool (*has_to_be)(const char *, size_t, size_t))
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i, n;
	uint8_t c;

	for (i = n = 0; i < len; i++) {
		if (!has_to_be(in, len, i)) {
			if (n + 1 >= size)
				return (-1);
			out[n++] = in[i];
			continue;
		}
		c = (uint8_t)in[i];
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

/* a space at either end would not survive in an HTTP field */
static bool
unprintable(const char *in, size_t len, size_t i)
{
	uint8_t c;

	c = (uint8_t)in[i];
	if (c == 0x20)
		return (i == 0 || i + 1 == len);
	return (c < 0x20 || c >= 0x7f || c == '%');
}

ssize_t
percent_encode_unprintable(char *out, size_t size, const char *in, size_t len)
{
	return (encode(out, size, in, len, unprintable));
}

/* neither pchar nor '/': RFC 3986 section 3.3 */
static bool
not_of_path(const char *in, size_t len, size_t i)
{
	(void)len;
	return (in[i] == '\0' || strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/",
	    in[i]) == NULL);
}

ssize_t
percent_encode_path(char *out, size_t size, const char *in, size_t len)
{
	return (encode(out, size, in, len, not_of_path));
}
