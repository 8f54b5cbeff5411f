/*
 * base64url and base64: what decodes is the one text that encodes to it, and
 * what is encoded decodes; and of base64url libsodium says the same.
 */
#include "base64url.h"

#include <sodium.h>

#include "fuzz.h"

static bool
ascii(const char *in, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)in[i] > 0x7f)
			return (false);
	return (true);
}

/* libsodium 1.0.18 takes a byte above 0x7f for a digit */
static void
check_same(const char *in, size_t len, const char *out, ssize_t got)
{
	const char *end;
	unsigned char *want;
	size_t n;

	want = (unsigned char *)fuzz_copy(in, len);
	if (ascii(in, len) && sodium_base642bin(want, len, in, len, NULL, &n,
	    &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	    end == in + len)
		must(got == (ssize_t)n && memcmp(out, want, n) == 0);
	else
		must(got == -1);
	free(want);
}

static void
check_url(const char *in, size_t len)
{
	ssize_t n;
	size_t size;
	char *out, *text;

	size = len * 3 / 4;
	out = fuzz_copy(in, size);
	n = base64url_decode(out, size, in, len);
	must(n >= -1 && n <= (ssize_t)size);
	check_same(in, len, out, n);
	if (n != -1) {
		if ((text = malloc(len + 1)) == NULL)
			abort();
		must(BASE64URL_LEN((size_t)n) == len);
		must(base64url_encode(text, len + 1, out, (size_t)n) == len);
		must(memcmp(text, in, len) == 0);
		free(text);
	}
	free(out);
}

static void
check_standard(const char *in, size_t len)
{
	ssize_t n;
	size_t size;
	char *out, *text;

	size = len * 3 / 4;
	out = fuzz_copy(in, size);
	n = base64_decode(out, size, in, len);
	must(n >= -1 && n <= (ssize_t)size);
	if (n != -1) {
		if ((text = malloc(len + 1)) == NULL)
			abort();
		must(sodium_base64_encoded_len((size_t)n,
		    sodium_base64_VARIANT_ORIGINAL) == len + 1);
		sodium_bin2base64(text, len + 1, (unsigned char *)out,
		    (size_t)n, sodium_base64_VARIANT_ORIGINAL);
		must(memcmp(text, in, len) == 0);
		free(text);
	}
	free(out);
}

static void
round_trip(const char *in, size_t len)
{
	size_t n;
	char *text, *out;

	if ((text = malloc(BASE64URL_LEN(len) + 1)) == NULL)
		abort();
	n = base64url_encode(text, BASE64URL_LEN(len) + 1, in, len);
	must(n == BASE64URL_LEN(len));
	out = fuzz_copy(text, len);
	must(base64url_decode(out, len, text, n) == (ssize_t)len);
	must(memcmp(out, in, len) == 0);
	free(text);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;

	copy = fuzz_copy(data, size);
	check_url(copy, size);
	check_standard(copy, size);
	round_trip(copy, size);
	free(copy);
	return (0);
}
