/*
 * What somebody claims, made fit for a log line.  A pure function; it must
 * never let a value end its quotes, or begin a line or an escape sequence.
 */
#include "log_value.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define CUT		"..."

/*
 * Controls, and what ends lines or turns the direction of writing: U+2028 to
 * U+202E and U+2066 to U+2069.
 */
static bool
is_unsafe(const uint8_t *p, size_t n)
{
	if (n == 1)
		return (p[0] < 0x20 || p[0] == 0x7f);
	if (n == 2)
		return (p[0] == 0xc2 && p[1] < 0xa0);
	if (n == 3 && p[0] == 0xe2 && p[1] == 0x80)
		return (p[2] >= 0xa8 && p[2] <= 0xae);
	if (n == 3 && p[0] == 0xe2 && p[1] == 0x81)
		return (p[2] >= 0xa6 && p[2] <= 0xa9);
	return (n == 0);
}

/* One character of n bytes, or a byte that is none.  Returns its length. */
static size_t
write_one(char out[17], const char *in, size_t n)
{
	size_t i, len;

	len = 0;
	if (is_unsafe((const uint8_t *)in, n)) {
		for (i = 0; i < (n > 0 ? n : 1); i++)
			len += (size_t)snprintf(out + len, 17 - len, "\\x%02x",
			    (uint8_t)in[i]);
		return (len);
	}
	if (*in == '"' || *in == '\\')
		out[len++] = '\\';
	memcpy(out + len, in, n);
	return (len + n);
}

void
log_value_quote(char *out, size_t size, const char *in)
{
	char one[17];
	size_t cut, left, n, used, len, room;

	/* besides the quotes and the NUL */
	room = size - 3;
	*out++ = '"';
	cut = len = 0;
	for (left = strlen(in); left > 0; left -= n, in += n) {
		n = utf8_sequence(in, left);
		used = write_one(one, in, n);
		if (len + used > room) {
			memcpy(out + cut, CUT, sizeof(CUT) - 1);
			len = cut + sizeof(CUT) - 1;
			break;
		}
		memcpy(out + len, one, used);
		len += used;
		if (len + sizeof(CUT) - 1 <= room)
			cut = len;
		n += n == 0;
	}
	out[len] = '"';
	out[len + 1] = '\0';
}
