/* common/percent.c: RFC 3986 section 2.1, and its form variant. */
#include "percent.h"

#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

#define S(s)	(s), sizeof(s) - 1

static const struct {
	const char	*in;
	size_t		 len;
	const char	*path;		/* NULL: refused */
	const char	*form;
} decodes[] = {
	{ S(""), "", "" },
	{ S("abc"), "abc", "abc" },
	{ S("%41"), "A", "A" },
	{ S("%7e%7E"), "~~", "~~" },
	{ S("%c3%A4"), "\xc3\xa4", "\xc3\xa4" },
	{ S("\xc3\xa4"), "\xc3\xa4", "\xc3\xa4" },
	{ S("%ff\xfe"), "\xff\xfe", "\xff\xfe" },
	{ S("a+b"), "a+b", "a b" },
	{ S("a%2Bb"), "a+b", "a+b" },
	{ S("a%20b"), "a b", "a b" },
	{ S("a b"), "a b", "a b" },
	{ S("%25"), "%", "%" },
	{ S("%2541"), "%41", "%41" },
	{ S("%"), NULL, NULL },
	{ S("%4"), NULL, NULL },
	{ S("a%"), NULL, NULL },
	{ S("%%41"), NULL, NULL },
	{ S("%4g"), NULL, NULL },
	{ S("%g4"), NULL, NULL },
	{ S("% 1"), NULL, NULL },
	{ S("%-1"), NULL, NULL },
	{ S("%+1"), NULL, NULL },
	{ S("%0x"), NULL, NULL },
	{ S("%u0041"), NULL, NULL },
	{ S("%00"), NULL, NULL },
	{ S("%0a"), NULL, NULL },
	{ S("%1F"), NULL, NULL },
	{ S("%7f"), NULL, NULL },
	{ S("a\0b"), NULL, NULL },
	{ S("a\nb"), NULL, NULL },
	{ S("a\tb"), NULL, NULL },
	{ S("\x7f"), NULL, NULL },
};

static const struct {
	const char	*in;
	size_t		 len;
	const char	*out;
} encodes[] = {
	{ S(""), "" },
	{ S("alice"), "alice" },
	{ S("!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"),
	    "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~" },
	{ S("%"), "%25" },
	{ S("%41"), "%2541" },
	{ S("a b"), "a b" },
	{ S(" "), "%20" },
	{ S("  "), "%20%20" },
	{ S("   "), "%20 %20" },
	{ S(" a"), "%20a" },
	{ S("a "), "a%20" },
	{ S("\xc3\xa4\xe2\x82\xac"), "%C3%A4%E2%82%AC" },
	{ S("a\r\nX: y"), "a%0D%0AX: y" },
	{ S("\t"), "%09" },
	{ S("a\0b"), "a%00b" },
	{ S("\x7f\x80\xff"), "%7F%80%FF" },
};

static const struct {
	const char	*in;
	size_t		 len;
	const char	*out;
} paths[] = {
	{ S(""), "" },
	{ S("/token"), "/token" },
	{ S("/AZaz09-._~!$&'()*+,;=:@//"), "/AZaz09-._~!$&'()*+,;=:@//" },
	{ S("/a b "), "/a%20b%20" },
	{ S("/%41?#"), "/%2541%3F%23" },
	{ S("\"<>[\\]^`{|}"), "%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D" },
	{ S("/t\xc3\xb6k\xff"), "/t%C3%B6k%FF" },
	{ S("\0\t\x7f"), "%00%09%7F" },
};

typedef ssize_t encoder(char *, size_t, const char *, size_t);

/* in memory of exactly size bytes, so that a sanitizer sees one more */
static void *
exactly(const void *bytes, size_t size)
{
	char *p;

	if ((p = malloc(size + (size == 0))) == NULL)
		abort();
	if (bytes != NULL)
		memcpy(p, bytes, size);
	return (p);
}

static void
decode(size_t i, bool form)
{
	const char *want;
	char *in, *out;
	ssize_t n;

	want = form ? decodes[i].form : decodes[i].path;
	in = exactly(decodes[i].in, decodes[i].len);
	out = exactly(NULL, decodes[i].len + 1);
	n = percent_decode(out, decodes[i].len + 1, in, decodes[i].len, form);
	if (want == NULL)
		is_int(n, -1, "refused");
	else {
		is_int(n, (long long)strlen(want), "decoded length");
		is_str(out, want, decodes[i].in);
	}
	/* in place, as the form parser has it */
	n = percent_decode(in, decodes[i].len, in, decodes[i].len, form);
	ok(want == NULL ? n == -1 : n == (ssize_t)strlen(want) &&
	    memcmp(in, want, (size_t)n) == 0, "... in place");
	free(in);
	free(out);
}

static void
test_decode_room(void)
{
	char *out;

	out = exactly(NULL, 2);
	is_int(percent_decode(out, 2, S("%41b"), false), 2, "it just fits");
	ok(memcmp(out, "Ab", 2) == 0, "... without a NUL");
	is_int(percent_decode(out, 2, S("abc"), false), -1, "no room");
	is_int(percent_decode(out, 0, S(""), false), 0, "nothing into nothing");
	is_int(percent_decode(out, 0, S("a"), false), -1, "one into nothing");
	free(out);
}

static void
encodes_to(encoder *encode, const char *from, size_t from_len, const char *want)
{
	size_t len, size;
	char *in, *out;
	ssize_t n;
	int wrong;

	len = strlen(want);
	in = exactly(from, from_len);
	out = exactly(NULL, len + 1);
	n = encode(out, len + 1, in, from_len);
	is_int(n, (long long)len, "encoded length");
	is_str(n == -1 ? NULL : out, want, "encoded");
	free(out);
	for (wrong = 0, size = 0; size <= len; size++) {
		out = exactly(NULL, size);
		wrong += encode(out, size, in, from_len) != -1;
		free(out);
	}
	is_int(wrong, 0, "no smaller size is enough");
	free(in);
}

static void
test_encode(void)
{
	size_t i;

	for (i = 0; i < sizeof(encodes) / sizeof(encodes[0]); i++)
		encodes_to(percent_encode_unprintable, encodes[i].in,
		    encodes[i].len, encodes[i].out);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		encodes_to(percent_encode_path, paths[i].in, paths[i].len,
		    paths[i].out);
}

/* what comes out is printable, and no two texts become the same */
static void
test_every_byte(void)
{
	char in[3], out[10], back[10];
	int a, wrong;
	ssize_t n;
	size_t i;

	wrong = 0;
	for (a = 0; a < 256; a++) {
		in[0] = in[1] = in[2] = (char)a;
		n = percent_encode_unprintable(out, sizeof(out), in, 3);
		for (i = 0; n != -1 && i < (size_t)n; i++)
			wrong += (uint8_t)out[i] < 0x20 ||
			    (uint8_t)out[i] > 0x7e;
		if (n <= 0 || out[0] == ' ' || out[n - 1] == ' ')
			wrong++;
		else if (a >= 0x20 && a != 0x7f)
			wrong += percent_decode(back, sizeof(back), out,
			    (size_t)n, false) != 3 || memcmp(back, in, 3) != 0;
	}
	is_int(wrong, 0, "every byte there and back");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(decodes) / sizeof(decodes[0]); i++) {
		decode(i, false);
		decode(i, true);
	}
	test_decode_room();
	test_encode();
	test_every_byte();
	return (done());
}
