/* jwtd/http_chunked.c: chunked bodies, cut at every place. */
#include "http.h"

#include <stdlib.h>

#include "tap.h"

#define C(s)	(s), sizeof(s) - 1

static const struct {
	const char	*in;
	size_t		 len;
	const char	*body;
	size_t		 left;		/* bytes after the end */
} good[] = {
	{ C("0\r\n\r\n"), "", 0 },
	{ C("00000000\r\n\r\n"), "", 0 },
	{ C("5\r\nhello\r\n0\r\n\r\n"), "hello", 0 },
	{ C("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), "hello", 16 },
	{ C("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"), "hello", 0 },
	{ C("00000005\r\nhello\r\n0\r\n\r\n"), "hello", 0 },
	{ C("A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n"),
	    "0123456789abcdefghij", 0 },
	{ C("5\r\n\r\n0\r\n\r\n0\r\n\r\n"), "\r\n0\r\n", 0 },
	{ C("5;a\r\nhello\r\n0\r\n\r\n"), "hello", 0 },
	{ C("5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n"), "hello", 0 },
	{ C("5 \t; a = b\r\nhello\r\n0\r\n\r\n"), "hello", 0 },
	{ C("5;\r\nhello\r\n0\r\n\r\n"), "hello", 0 },
	{ C("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), "hello", 0 },
	{ C("5\r\nhello\r\n0\r\nX:\r\nContent-Length: 9\r\n\r\n0\r\n\r\n"),
	    "hello", 5 },
	{ C("1\r\n\xff\r\n0\r\nX: \xff\t \r\n\r\n"), "\xff", 0 },
};

static const struct {
	const char	*in;
	size_t		 len;
	int		 status;
} bad[] = {
	{ C("\r\n"), 400 },
	{ C("\n"), 400 },
	{ C("x"), 400 },
	{ C("g\r\n"), 400 },
	{ C("-1\r\n"), 400 },
	{ C("+1\r\n"), 400 },
	{ C(" 5\r\n"), 400 },
	{ C("0x5\r\n"), 400 },
	{ C("5h\r\n"), 400 },
	{ C("5 \r\n"), 400 },
	{ C("5\t\r\n"), 400 },
	{ C("5 5\r\n"), 400 },
	{ C("5,5\r\n"), 400 },
	{ C("5.\r\n"), 400 },
	{ C("\"5\"\r\n"), 400 },
	{ C(";a\r\n"), 400 },
	{ C("5\n"), 400 },
	{ C("5\rh"), 400 },
	{ C("5\r\r\n"), 400 },
	{ C("5\0\r\n"), 400 },
	{ C("5;a\n"), 400 },
	{ C("5;a\rb"), 400 },
	{ C("5;a\0b"), 400 },
	{ C("5;a\x7f"), 400 },
	{ C("5;a\x01"), 400 },
	{ C("000000005\r\n"), 400 },
	{ C("000000000\r\n"), 400 },
	{ C("123456789"), 400 },
	{ C("fffffffffffffffff\r\n"), 400 },
	{ C("5\r\nhello0\r\n\r\n"), 400 },
	{ C("5\r\nhello\n0\r\n\r\n"), 400 },
	{ C("5\r\nhello\r0\r\n\r\n"), 400 },
	{ C("5\r\nhello \r\n"), 400 },
	{ C("5\r\nhello!\r\n"), 400 },
	{ C("4\r\nhello\r\n0\r\n\r\n"), 400 },
	{ C("6\r\nhello\r\n0\r\n\r\n"), 400 },
	{ C("5\r\nhello\r\n\r\n"), 400 },
	{ C("5\r\nhello\r\nz"), 400 },
	{ C("0\n\n"), 400 },
	{ C("0\r\n\n"), 400 },
	{ C("0\r\n\r\r"), 400 },
	{ C("0\r\n X: y\r\n\r\n"), 400 },
	{ C("0\r\nX: y\r\n z\r\n\r\n"), 400 },
	{ C("0\r\nX : y\r\n\r\n"), 400 },
	{ C("0\r\n: y\r\n\r\n"), 400 },
	{ C("0\r\nX\r\n\r\n"), 400 },
	{ C("0\r\nX: y\n\r\n"), 400 },
	{ C("0\r\nX: y\rz"), 400 },
	{ C("0\r\nX: \0"), 400 },
	{ C("0\r\nX\xff: y"), 400 },
	{ C("0\r\nX: y\x7f"), 400 },
	{ C("2001\r\n"), 413 },
	{ C("ffffffff\r\n"), 413 },
	{ C("80000000\r\n"), 413 },
	{ C("00002001\r\n"), 413 },
	{ C("1\r\nx\r\n2000\r\n"), 413 },
	{ C("1\r\nx\r\nffffffff\r\n"), 413 },
};

/* The first bytes at once, the rest step at a time; buf holds len bytes. */
static enum http_result
feed(struct http_chunked *c, char *buf, const char *in, size_t len,
    size_t first, size_t step, int *status)
{
	enum http_result r;
	size_t had, n;

	memset(c, 0, sizeof(*c));
	had = 0;
	for (n = first;; n = len - n < step ? len : n + step) {
		/* as recv(2) does: new bytes go after those that are there */
		memcpy(buf + had, in + had, n - had);
		had = n;
		r = http_chunked_parse(c, buf, n, status);
		if (c->out > c->in || c->in > n || c->out > HTTP_BODY_MAX)
			abort();
		if (r != HTTP_MORE || n == len)
			return (r);
	}
}

static void
test_good(void)
{
	struct http_chunked c;
	enum http_result r;
	char *buf, name[32];
	size_t i, first, step, want, cut;
	int wrong, status;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		want = strlen(good[i].body);
		wrong = 0;
		if ((buf = malloc(good[i].len)) == NULL)
			abort();
		for (first = 0; first <= good[i].len; first++)
			for (step = 1; step <= good[i].len; step++) {
				r = feed(&c, buf, good[i].in, good[i].len,
				    first, step, &status);
				wrong += r != HTTP_DONE || c.out != want ||
				    memcmp(buf, good[i].body, want) != 0 ||
				    c.in != good[i].len - good[i].left;
			}
		snprintf(name, sizeof(name), "good body %zu", i);
		is_int(wrong, 0, name);
		wrong = 0;
		for (cut = 0; cut < good[i].len - good[i].left; cut++)
			wrong += feed(&c, buf, good[i].in, cut, cut, 1,
			    &status) != HTTP_MORE;
		is_int(wrong, 0, "... and no less is enough");
		free(buf);
	}
}

static void
test_bad(void)
{
	struct http_chunked c;
	enum http_result r;
	char *buf, name[32];
	size_t i, first, step;
	int wrong, status;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wrong = 0;
		if ((buf = malloc(bad[i].len)) == NULL)
			abort();
		for (first = 0; first <= bad[i].len; first++)
			for (step = 1; step <= bad[i].len; step++) {
				r = feed(&c, buf, bad[i].in, bad[i].len, first,
				    step, &status);
				wrong += r != HTTP_BAD ||
				    status != bad[i].status;
			}
		snprintf(name, sizeof(name), "bad body %zu: %d", i,
		    bad[i].status);
		is_int(wrong, 0, name);
		free(buf);
	}
}

/* what is said of a body made of three parts, fed step at a time */
static int
outcome(const char *start, size_t fill, char c, const char *end, size_t step,
    size_t *out)
{
	static char in[HTTP_CHUNKED_MAX * 2], buf[HTTP_CHUNKED_MAX * 2];
	struct http_chunked state;
	size_t n, len;
	int status;

	n = strlen(start);
	len = n + fill + strlen(end);
	memcpy(in, start, n);
	memset(in + n, c, fill);
	memcpy(in + n + fill, end, len - n - fill);
	switch (feed(&state, buf, in, len, step, step, &status)) {
	case HTTP_DONE:
		*out = state.out;
		return (200);
	case HTTP_MORE:
		return (0);
	default:
		return (status);
	}
}

static void
test_limits(void)
{
	static char many[HTTP_CHUNKED_MAX + 64];
	size_t i, n, out, step;
	int status;

	for (step = 1; step < 1000; step += 499) {
		status = outcome("2000\r\n", 8192, 'x', "\r\n0\r\n\r\n", step,
		    &out);
		ok(status == 200 && out == 8192, "a body of 8192 bytes");
		is_int(outcome("2000\r\n", 8192, 'x', "\r\n1\r\n", step, &out),
		    413, "and one more");
		is_int(outcome("1;", 508, 'x', "\r\na\r\n0\r\n\r\n", step,
		    &out), 200, "an extension that is long");
		is_int(outcome("1;", 509, 'x', "\r\na\r\n0\r\n\r\n", step,
		    &out), 400, "an extension that is too long");
		is_int(outcome("0\r\nX:", 508, 'x', "\r\n\r\n", step, &out),
		    200, "a trailer that is long");
		is_int(outcome("0\r\nX:", 509, 'x', "\r\n\r\n", step, &out),
		    400, "a trailer that is too long");
		is_int(outcome("0\r\n", 600, 'X', "", step, &out), 400,
		    "a trailer without an end");

		/* many small chunks: the bytes as they came are bounded too */
		for (i = n = 0; i < HTTP_CHUNKED_MAX / 6; i++)
			n += (size_t)snprintf(many + n, sizeof(many) - n,
			    "1\r\nx\r\n");
		/* 16380 bytes */
		is_int(outcome(many, 0, ' ', "", step, &out), 0,
		    "many chunks, not at the end");
		is_int(outcome(many, 0, ' ', "0\r\n\r", step, &out), 413,
		    "as many as can be, the end one byte too late");
		many[n - 6] = '\0';
		is_int(outcome(many, 0, ' ', "0\r\n\r\n", step, &out), 200,
		    "one less, and the end");
		is_int(outcome(many, 0, ' ', "0\r\n\r\n#########", step, &out),
		    200, "... and another request after it");
	}
}

/* after its end, and after an error, nothing more is taken */
static void
test_again(void)
{
	struct http_chunked c;
	char buf[] = "1\r\na\r\n0\r\n\r\n1\r\nb\r\n";
	char large[] = "ffffffff\r\n0123456789";
	int status;

	memset(&c, 0, sizeof(c));
	is_int(http_chunked_parse(&c, buf, 11, &status), HTTP_DONE, "done");
	is_int(http_chunked_parse(&c, buf, sizeof(buf) - 1, &status), HTTP_DONE,
	    "done again");
	ok(c.in == 11 && c.out == 1, "... at the same place");
	memset(&c, 0, sizeof(c));
	is_int(http_chunked_parse(&c, large, sizeof(large) - 1, &status),
	    HTTP_BAD, "too large");
	is_int(http_chunked_parse(&c, large, sizeof(large) - 1, &status),
	    HTTP_BAD, "too large again");
	ok(c.in == 0 && c.out == 0, "... and nothing was taken");
}

/* the limits that a caller sets: of the body, and of what came */
static void
test_max(void)
{
	static const char in[] = "4\r\nabcd\r\n6\r\nefghij\r\n0\r\n\r\n";
	struct http_chunked c;
	char buf[sizeof(in)];
	int status;

	memset(&c, 0, sizeof(c));
	memcpy(buf, in, sizeof(in));
	is_int(http_chunked_parse_max(&c, buf, sizeof(in) - 1, 10, 100,
	    &status), HTTP_DONE, "as much as may be");
	ok(c.out == 10 && memcmp(buf, "abcdefghij", 10) == 0, "... is there");
	memset(&c, 0, sizeof(c));
	memcpy(buf, in, sizeof(in));
	is_int(http_chunked_parse_max(&c, buf, sizeof(in) - 1, 9, 100,
	    &status), HTTP_BAD, "a body of one byte more");
	is_int(status, 413, "... is too large");
	memset(&c, 0, sizeof(c));
	memcpy(buf, in, sizeof(in));
	is_int(http_chunked_parse_max(&c, buf, sizeof(in) - 1, 100,
	    sizeof(in) - 2, &status), HTTP_BAD, "chunks of one byte more");
	is_int(status, 413, "... are too large");
}

int
main(void)
{
	test_max();
	test_good();
	test_bad();
	test_limits();
	test_again();
	return (done());
}
