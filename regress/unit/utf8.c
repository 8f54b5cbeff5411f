/* common/utf8.c: RFC 3629. */
#include "utf8.h"

#include "tap.h"

#define U(s)	(s), sizeof(s) - 1

static const struct {
	const char	*s;
	size_t		 len;
	bool		 valid;
	const char	*what;
} texts[] = {
	{ U(""), true, "nothing" },
	{ U("plain"), true, "ASCII" },
	{ U("a\0b"), true, "NUL" },
	{ U("\x7f"), true, "7f" },
	{ U("\xc2\xa3"), true, "U+00A3" },
	{ U("\xc2\x80"), true, "U+0080" },
	{ U("\xdf\xbf"), true, "U+07FF" },
	{ U("\xe0\xa0\x80"), true, "U+0800" },
	{ U("\xe2\x82\xac"), true, "U+20AC" },
	{ U("\xed\x9f\xbf"), true, "U+D7FF" },
	{ U("\xee\x80\x80"), true, "U+E000" },
	{ U("\xef\xbf\xbf"), true, "U+FFFF" },
	{ U("\xf0\x90\x80\x80"), true, "U+10000" },
	{ U("\xf4\x8f\xbf\xbf"), true, "U+10FFFF" },
	{ U("\x80"), false, "continuation alone" },
	{ U("\xbf"), false, "continuation alone" },
	{ U("a\x80"), false, "continuation after ASCII" },
	{ U("\xc2"), false, "cut after 1 of 2" },
	{ U("\xe2\x82"), false, "cut after 2 of 3" },
	{ U("\xe2"), false, "cut after 1 of 3" },
	{ U("\xf0\x90\x80"), false, "cut after 3 of 4" },
	{ U("\xc2" "a"), false, "ASCII as continuation" },
	{ U("\xe2\x82" "a"), false, "ASCII as third" },
	{ U("\xf0\x90\x80" "a"), false, "ASCII as fourth" },
	{ U("\xe2\xc2\xa3"), false, "start as continuation" },
	{ U("\xc0\x80"), false, "overlong NUL" },
	{ U("\xc0\xaf"), false, "overlong slash of 2" },
	{ U("\xc1\xbf"), false, "overlong of 2" },
	{ U("\xe0\x80\xaf"), false, "overlong slash of 3" },
	{ U("\xe0\x9f\xbf"), false, "overlong of 3" },
	{ U("\xf0\x80\x80\xaf"), false, "overlong slash of 4" },
	{ U("\xf0\x8f\xbf\xbf"), false, "overlong of 4" },
	{ U("\xed\xa0\x80"), false, "surrogate U+D800" },
	{ U("\xed\xbf\xbf"), false, "surrogate U+DFFF" },
	{ U("\xed\xa0\xbd\xed\xb8\x80"), false, "a pair of surrogates" },
	{ U("\xf4\x90\x80\x80"), false, "U+110000" },
	{ U("\xf5\x80\x80\x80"), false, "f5" },
	{ U("\xf8\x88\x80\x80\x80"), false, "five bytes" },
	{ U("\xfe"), false, "fe" },
	{ U("\xff"), false, "ff" },
	{ U("test:123\xa3"), false, "Latin-1" },
};

/* every code point, and what lies beside them */
static void
test_all(void)
{
	char s[4];
	unsigned long c;
	size_t n, cut;
	int wrong;

	wrong = 0;
	for (c = 0; c <= 0x10ffff; c++) {
		n = 0;
		if (c >= 0x10000) {
			s[n++] = (char)(0xf0 | c >> 18);
			s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		} else if (c >= 0x800)
			s[n++] = (char)(0xe0 | c >> 12);
		if (c >= 0x800)
			s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		else if (c >= 0x80)
			s[n++] = (char)(0xc0 | c >> 6);
		s[n] = (char)(n > 0 ? 0x80 | (c & 0x3f) : c);
		n++;
		wrong += utf8_valid(s, n) != (c < 0xd800 || c > 0xdfff);
		for (cut = 1; cut < n; cut++)
			wrong += utf8_valid(s, cut) ||
			    utf8_valid(s + cut, n - cut);
	}
	is_int(wrong, 0, "every code point, and each of them cut");
}

static void
test_latin1(void)
{
	char in[256], out[512];
	int c;

	is_int(utf8_from_latin1(out, sizeof(out), "123\xa3", 4), 5, "Latin-1");
	is_str(out, "123\xc2\xa3", "... to UTF-8");
	is_int(utf8_from_latin1(out, 6, "123\xa3", 4), 5, "just enough room");
	is_int(utf8_from_latin1(out, 5, "123\xa3", 4), -1, "no room for NUL");
	is_int(utf8_from_latin1(out, 4, "123\xa3", 4), -1, "no room");
	is_int(utf8_from_latin1(out, 1, "", 0), 0, "nothing");
	is_int(utf8_from_latin1(out, 0, "", 0), -1, "nothing, and no room");
	for (c = 0; c < 256; c++)
		in[c] = (char)c;
	is_int(utf8_from_latin1(out, sizeof(out), in, 256), 384, "all of it");
	ok(utf8_valid(out, 384), "... is UTF-8");
	ok(memcmp(out + 382, "\xc3\xbf", 2) == 0, "... to its end");
}

int
main(void)
{
	char c;
	size_t i;
	int v, wrong;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_int(utf8_valid(texts[i].s, texts[i].len), texts[i].valid,
		    texts[i].what);
	test_all();
	test_latin1();
	wrong = 0;
	for (v = 0; v < 256; v++) {
		c = (char)v;
		wrong += utf8_no_controls(&c, 1) != (v >= 0x20 && v != 0x7f);
	}
	is_int(wrong, 0, "which bytes are controls");
	ok(utf8_no_controls("", 0), "nothing has no controls");
	ok(!utf8_no_controls("abc\0", 4), "a NUL at the end is one");
	return (done());
}
