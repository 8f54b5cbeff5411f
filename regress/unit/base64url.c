/* common/base64url.c: RFC 4648 sections 4, 5 and 10, RFC 7515 appendix C. */
#include "base64url.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

static const struct {
	const char	*plain;
	size_t		 len;
	const char	*standard;
	const char	*url;
} vectors[] = {
	{ "", 0, "", "" },
	{ "f", 1, "Zg==", "Zg" },
	{ "fo", 2, "Zm8=", "Zm8" },
	{ "foo", 3, "Zm9v", "Zm9v" },
	{ "foob", 4, "Zm9vYg==", "Zm9vYg" },
	{ "fooba", 5, "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", 6, "Zm9vYmFy", "Zm9vYmFy" },
	{ "\x03\xec\xff\xe0\xc1", 5, "A+z/4ME=", "A-z_4ME" },
	{ "\xfb\xff\xbf", 3, "+/+/", "-_-_" },
	{ "\0\0\0", 3, "AAAA", "AAAA" },
	{ "\xff\xff\xff\xff", 4, "/////w==", "_____w" },
};

/* neither decoder takes these */
static const char *const bad[] = {
	"Z", "Zm9vZ", "=", "==", "===", "====", "Z=", "Z==", "Z===", "Zg=",
	"Zg===", "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====", "Zg==Zg==",
	"Zg==Zm9v", "Zm=v", "=Zm9v", "Zm9v\n", "\nZm9v", "Zm\n9v", " Zm9v",
	"Zm9v ", "Zm 9v", "Zg==\n", "Zg== ", "Zm9v.", "Z\xc3\xa9v",
};

/* bits in the last character that nothing stands for, RFC 4648 section 3.5 */
static const struct {
	const char	*standard;
	const char	*url;
} stray[] = {
	{ "Zh==", "Zh" }, { "Zv==", "Zv" }, { "Zm9=", "Zm9" },
	{ "Zm+=", "Zm-" }, { "Zm9vYh==", "Zm9vYh" }, { "//==", "__" },
};

static void
test_vectors(void)
{
	uint8_t out[16];
	char text[16];
	size_t i, n;
	ssize_t len;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		n = base64url_encode(text, sizeof(text), vectors[i].plain,
		    vectors[i].len);
		is_str(text, vectors[i].url, "encode");
		ok(n == strlen(text) && n == BASE64URL_LEN(vectors[i].len),
		    "... its length");
		len = base64url_decode(out, sizeof(out), vectors[i].url,
		    strlen(vectors[i].url));
		ok(len == (ssize_t)vectors[i].len &&
		    memcmp(out, vectors[i].plain, vectors[i].len) == 0,
		    "decode \"%s\"", vectors[i].url);
		len = base64_decode(out, sizeof(out), vectors[i].standard,
		    strlen(vectors[i].standard));
		ok(len == (ssize_t)vectors[i].len &&
		    memcmp(out, vectors[i].plain, vectors[i].len) == 0,
		    "decode \"%s\"", vectors[i].standard);
	}
}

static void
test_bad(void)
{
	uint8_t out[64];
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		n = strlen(bad[i]);
		is_int(base64url_decode(out, sizeof(out), bad[i], n), -1,
		    "bad base64url");
		is_int(base64_decode(out, sizeof(out), bad[i], n), -1,
		    "bad base64");
	}
	for (i = 0; i < sizeof(stray) / sizeof(stray[0]); i++) {
		is_int(base64url_decode(out, sizeof(out), stray[i].url,
		    strlen(stray[i].url)), -1, stray[i].url);
		is_int(base64_decode(out, sizeof(out), stray[i].standard,
		    strlen(stray[i].standard)), -1, stray[i].standard);
	}
	is_int(base64url_decode(out, sizeof(out), "Zg==", 4), -1,
	    "base64url has no padding");
	is_int(base64url_decode(out, sizeof(out), "Zm8=", 4), -1,
	    "... neither one nor two");
	is_int(base64_decode(out, sizeof(out), "Zg", 2), -1,
	    "base64 has padding");
	is_int(base64url_decode(out, sizeof(out), "Zm8v", 3), 2,
	    "no byte after the length is looked at");
	is_int(base64url_decode(out, 2, "Zm9v", 4), -1, "no room");
	is_int(base64url_decode(out, 3, "Zm9v", 4), 3, "just enough room");
	is_int(base64_decode(out, 2, "Zm9v", 4), -1, "no room");
}

/* every byte at every place of a quantum: in the alphabet, or refused */
static void
test_every_byte(void)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char text[4];
	uint8_t out[3];
	int c, place, both, url, standard, wrong;

	wrong = 0;
	for (place = 0; place < 4; place++)
		for (c = 0; c < 256; c++) {
			memset(text, 'A', sizeof(text));
			text[place] = (char)c;
			both = memchr(alphabet, c, sizeof(alphabet) - 1) !=
			    NULL;
			url = both || c == '-' || c == '_';
			standard = both || c == '+' || c == '/' ||
			    (c == '=' && place == 3);
			wrong += url != (base64url_decode(out, sizeof(out),
			    text, 4) == 3);
			wrong += standard != (base64_decode(out, sizeof(out),
			    text, 4) == (c == '=' ? 2 : 3));
		}
	is_int(wrong, 0, "every byte at every place");
}

/* all there and back, in buffers of their exact size */
static void
test_round_trip(void)
{
	uint8_t plain[64], *back;
	char *text;
	size_t i, n;
	int wrong;

	wrong = 0;
	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 37 + 11);
	for (i = 0; i <= sizeof(plain); i++) {
		text = malloc(BASE64URL_LEN(i) + 1);
		back = malloc(i + (i == 0));
		if (text == NULL || back == NULL)
			abort();
		n = base64url_encode(text, BASE64URL_LEN(i) + 1, plain, i);
		wrong += base64url_decode(back, i, text, n) != (ssize_t)i ||
		    memcmp(back, plain, i) != 0;
		free(text);
		free(back);
	}
	is_int(wrong, 0, "0 to 64 bytes there and back");
}

/* What libsodium says; its 1.0.18 takes a byte above 0x7f for a digit. */
static ssize_t
reference(uint8_t *out, size_t size, const char *in, size_t len)
{
	const char *end;
	size_t i, n;

	for (i = 0; i < len; i++)
		if ((uint8_t)in[i] > 0x7f)
			return (-1);
	if (sodium_base642bin(out, size, in, len, NULL, &n, &end,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || end != in + len)
		return (-1);
	return ((ssize_t)n);
}

static int
differs(const char *in, size_t len, size_t size)
{
	uint8_t want[64], got[64];
	ssize_t n;

	n = reference(want, size, in, len);
	return (base64url_decode(got, size, in, len) != n ||
	    (n > 0 && memcmp(got, want, (size_t)n) != 0));
}

/* All texts of up to two bytes, and all of three that begin with "k". */
static void
test_all_short(void)
{
	int a, b, c, wrong;
	char in[3];

	wrong = differs("", 0, 64) + differs("", 0, 0);
	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++) {
			in[0] = (char)a;
			in[1] = (char)b;
			wrong += differs(in, 1, 64) + differs(in, 2, 1) +
			    differs(in, 2, 0);
		}
	in[0] = 'k';
	for (b = 0; b < 256; b++)
		for (c = 0; c < 256; c++) {
			in[1] = (char)b;
			in[2] = (char)c;
			wrong += differs(in, 3, 2) + differs(in, 3, 1);
		}
	is_int(wrong, 0, "as libsodium does, all short ones");
}

/* digits, and in two of three somewhere one other byte */
static void
test_random(void)
{
	char in[80];
	size_t i, j, len, size;
	int wrong;

	wrong = 0;
	for (i = 0; i < 100000; i++) {
		len = randombytes_uniform(sizeof(in) + 1);
		for (j = 0; j < len; j++)
			in[j] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
			    "uvwxyz0123456789-_"[randombytes_uniform(64)];
		if (len > 0 && i % 3 != 0)
			in[randombytes_uniform((uint32_t)len)] =
			    (char)randombytes_uniform(256);
		size = len * 3 / 4 - (len > 1 && i % 16 == 0);
		wrong += differs(in, len, size);
	}
	is_int(wrong, 0, "as libsodium does, random ones");
}

int
main(void)
{
	if (sodium_init() == -1)
		abort();
	test_vectors();
	test_bad();
	test_every_byte();
	test_round_trip();
	test_all_short();
	test_random();
	return (done());
}
