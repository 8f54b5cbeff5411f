/*
 * Chunked bodies.  The first byte says what the rest is: a body as it came, fed
 * whole and in pieces with one result, or the plain bytes of one, to be encoded
 * here and decoded there.
 */
#include "http.h"

#include "fuzz.h"

/* Feed step at a time; raw bytes that are not consumed may not change. */
static enum http_result
feed(struct http_chunked *c, char *buf, const char *in, size_t len, size_t step,
    int *status)
{
	enum http_result r;
	size_t n, had, before;

	memset(c, 0, sizeof(*c));
	r = HTTP_MORE;
	had = n = 0;
	do {
		n = len - n < step ? len : n + step;
		memcpy(buf + had, in + had, n - had);
		had = n;
		before = c->out;
		r = http_chunked_parse(c, buf, n, status);
		must(c->out >= before && c->out <= c->in && c->in <= n);
		must(c->out <= HTTP_BODY_MAX && c->in <= HTTP_CHUNKED_MAX);
		must(memcmp(buf + c->in, in + c->in, n - c->in) == 0);
	} while (r == HTTP_MORE && n < len);
	return (r);
}

static void
decode(const char *in, size_t len, size_t step)
{
	struct http_chunked whole, piece;
	enum http_result r, s;
	char *a, *b;
	int status, piece_status;

	a = fuzz_copy(in, len);
	b = fuzz_copy(in, len);
	r = feed(&whole, a, in, len, len, &status);
	s = feed(&piece, b, in, len, step, &piece_status);
	must(r == s);
	must(r != HTTP_BAD || (status == piece_status &&
	    (status == 400 || status == 413)));
	must(r == HTTP_BAD || (whole.in == piece.in && whole.out == piece.out &&
	    memcmp(a, b, whole.out) == 0));
	free(a);
	free(b);
}

/* chunks of chunk bytes, an end, and one byte more that is not ours */
static void
round_trip(const char *body, size_t len, size_t chunk, size_t step)
{
	static char raw[HTTP_BODY_MAX * 8], buf[HTTP_BODY_MAX * 8];
	struct http_chunked c;
	enum http_result r;
	size_t i, n, raw_len;
	int status;

	raw_len = 0;
	for (i = 0; i < len; i += n) {
		n = len - i < chunk ? len - i : chunk;
		raw_len += (size_t)snprintf(raw + raw_len,
		    sizeof(raw) - raw_len, i % 2 ? "%zX\r\n" : "%zx;a=b\r\n",
		    n);
		memcpy(raw + raw_len, body + i, n);
		raw_len += n;
		memcpy(raw + raw_len, "\r\n", 2);
		raw_len += 2;
	}
	memcpy(raw + raw_len, "0\r\n\r\n!", 6);
	raw_len += 5;
	r = feed(&c, buf, raw, raw_len + 1, step, &status);
	if (raw_len > HTTP_CHUNKED_MAX || len > HTTP_BODY_MAX) {
		must(r == HTTP_BAD && status == 413);
		return;
	}
	must(r == HTTP_DONE && c.in == raw_len && c.out == len);
	must(memcmp(buf, body, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step;

	if (size < 2)
		return (0);
	step = (size_t)(data[1] & 0x0f) + size / 1024 + 1;
	if (data[0] % 2 == 0)
		decode((const char *)data + 2, size - 2, step);
	else if (size <= HTTP_BODY_MAX + 2)
		round_trip((const char *)data + 2, size - 2,
		    (size_t)(data[0] / 2) * 8 + 4, step);
	return (0);
}
