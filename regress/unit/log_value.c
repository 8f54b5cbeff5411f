/* common/log_value.c: what others say, in quotes. */
#include "log_value.h"

#include <stdbool.h>
#include <stdlib.h>

#include "utf8.h"

#include "tap.h"

static const struct {
	size_t		 size;
	const char	*in;
	const char	*out;
	const char	*what;
} values[] = {
	{ 64, "", "\"\"", "nothing" },
	{ 64, "alice", "\"alice\"", "plain" },
	{ 64, "a b=c", "\"a b=c\"", "a space and =" },
	{ 64, "x\" client=10.0.0.1", "\"x\\\" client=10.0.0.1\"", "a quote" },
	{ 64, "x\\", "\"x\\\\\"", "a backslash at the end" },
	{ 64, "\\\"", "\"\\\\\\\"\"", "a backslash and a quote" },
	{ 64, "a\nb\r\t\033[1m\x7f", "\"a\\x0ab\\x0d\\x09\\x1b[1m\\x7f\"",
	    "controls" },
	{ 64, "\xc2\x85\xc2\x9b\xc2\xa0", "\"\\xc2\\x85\\xc2\\x9b\xc2\xa0\"",
	    "controls of U+0080 to U+009F, and U+00A0" },
	{ 64, "\xe2\x80\xa8|\xe2\x80\xae|\xe2\x80\xaf",
	    "\"\\xe2\\x80\\xa8|\\xe2\\x80\\xae|\xe2\x80\xaf\"",
	    "U+2028, U+202E and U+202F" },
	{ 64, "\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
	    "\"\xe2\x81\xa5\\xe2\\x81\\xa6\\xe2\\x81\\xa9\xe2\x81\xaa\"",
	    "U+2065, U+2066, U+2069 and U+206A" },
	{ 64, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91",
	    "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91\"", "UTF-8" },
	{ 64, "\xff\xc3", "\"\\xff\\xc3\"", "no UTF-8" },
	{ 64, "\xe2\x82", "\"\\xe2\\x82\"", "cut UTF-8" },
	{ 9, "123456", "\"123456\"", "just fits" },
	{ 9, "1234567", "\"123...\"", "cut" },
	{ 9, "12345\"", "\"123...\"", "cut at what would be escaped" },
	{ 9, "12\"\"\"", "\"12...\"", "cut before what was escaped" },
	{ 9, "12\xe2\x82\xac" "45", "\"12...\"", "cut before a character" },
	{ 9, "\"\"\"", "\"\\\"\\\"\\\"\"", "three quotes just fit" },
	{ 8, "\001\001", "\"...\"", "cut at the first" }
};

/* Are there quotes at the ends, and none in between that ends it? */
static bool
closed(const char *s)
{
	size_t i, n;

	n = strlen(s);
	if (n < 2 || s[0] != '"' || s[n - 1] != '"')
		return (false);
	for (i = 1; i < n - 1; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == '"')
			return (false);
		if (s[i] == '\\')
			i++;
	}
	return (i == n - 1);
}

int
main(void)
{
	char out[64], in[40];
	size_t i, j, len, bad;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		log_value_quote(out, values[i].size, values[i].in);
		is_str(out, values[i].out, values[i].what);
	}
	/* any bytes in any room */
	srandom(1);
	for (i = bad = 0; i < 200000; i++) {
		len = (size_t)random() % sizeof(in);
		for (j = 0; j < len; j++)
			in[j] = "\\\"a\n\xc3\xbc\xe2\x80\xa8 \xff"
			    [(size_t)random() % 11];
		in[len < sizeof(in) ? len : len - 1] = '\0';
		len = 8 + (size_t)random() % 57;
		memset(out, 'x', sizeof(out));
		log_value_quote(out, len, in);
		bad += strlen(out) >= len || !closed(out) ||
		    !utf8_valid(out, strlen(out));
	}
	is_int((long long)bad, 0, "any bytes: closed, whole, in bounds");
	return (done());
}
