/* jwtd/fetch_response.c: the answer to a GET, cut at every place. */
#include "fetch_response.h"

#include <stdlib.h>

#include "tap.h"

#define C(s)	(s), sizeof(s) - 1
#define OK	"HTTP/1.1 200 OK\r\n"

static const struct {
	const char	*in;
	size_t		 len;
	const char	*body;
	uint32_t	 max_age;
	bool		 ends;		/* only its end is its end */
} good[] = {
	{ C(OK "Content-Length: 2\r\n\r\n{}"), "{}", FETCH_NO_AGE, false },
	{ C("HTTP/1.0 200 \r\ncontent-length:2\r\n\r\n{}"), "{}",
	    FETCH_NO_AGE, false },
	{ C("HTTP/1.1 200\r\nContent-Length: \t 2 \t\r\n\r\n{}more"), "{}",
	    FETCH_NO_AGE, false },
	{ C(OK "Content-Length: 0\r\n\r\n"), "", FETCH_NO_AGE, false },
	{ C(OK "\r\nabc"), "abc", FETCH_NO_AGE, true },
	{ C(OK "\r\n"), "", FETCH_NO_AGE, true },
	{ C(OK "Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n"
	    "0\r\nX: y\r\n\r\n"), "abc", FETCH_NO_AGE, false },
	{ C("HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 9\r\n\r\n"
	    "HTTP/1.1 100 Continue\r\n\r\n"
	    OK "Content-Length: 2\r\n\r\n{}"), "{}", FETCH_NO_AGE, false },
	{ C(OK "Cache-Control: max-age=600\r\nContent-Length: 1\r\n\r\nx"),
	    "x", 600, false },
	{ C(OK "cache-control: public , Max-Age=60, must-revalidate\r\n"
	    "Content-Length: 1\r\n\r\nx"), "x", 60, false },
	{ C(OK "Cache-Control: s-maxage=5,max-age=99999999999\r\n"
	    "Content-Length: 1\r\n\r\nx"), "x", 999999999, false },
	{ C(OK "Cache-Control: max-age=9\r\nCache-Control: max-age=7\r\n"
	    "Content-Length: 1\r\n\r\nx"), "x", 7, false },
	{ C(OK "Cache-Control: max-age=7, max-age=9\r\n"
	    "Content-Length: 1\r\n\r\nx"), "x", 7, false },
	{ C(OK "Cache-Control: max-age=\"9\", max-age=, max-age=-1\r\n"
	    "Content-Length: 1\r\n\r\nx"), "x", FETCH_NO_AGE, false },
	{ C(OK "Cache-Control:\r\nContent-Encoding: identity\r\n"
	    "Content-Length: 1\r\n\r\nx"), "x", FETCH_NO_AGE, false },
	{ C(OK "X: \xff\t\r\nContent-Length: 1\r\n\r\nx"), "x",
	    FETCH_NO_AGE, false },
};

static const char bad_head[] = "the answer is not HTTP/1.1";

static const struct {
	const char	*in;
	size_t		 len;
	const char	*why;
} bad[] = {
	{ C(""), "the answer is not whole" },
	{ C("HTTP/1.1"), "the answer is not whole" },
	{ C(OK "Content-Length: 2\r\n"), "the answer is not whole" },
	{ C(OK "Content-Length: 2\r\n\r\nx"), "the answer is not whole" },
	{ C(OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"),
	    "the answer is not whole" },
	{ C("\r\n" OK "\r\n"), bad_head },
	{ C("SSH-2.0-x\r\n\r\n"), bad_head },
	{ C("\x16\x03\x01\r\n\r\n"), bad_head },
	{ C("HTTP/2.0 200 OK\r\n\r\n"), bad_head },
	{ C("http/1.1 200 OK\r\n\r\n"), bad_head },
	{ C("HTTP/1.1  200 OK\r\n\r\n"), bad_head },
	{ C("HTTP/1.1 20 OK\r\n\r\n"), bad_head },
	{ C("HTTP/1.1 2000 OK\r\n\r\n"), bad_head },
	{ C("HTTP/1.1 099 OK\r\n\r\n"), bad_head },
	{ C("HTTP/1.1 200 OK\n\n"), bad_head },
	{ C(OK "X: y\n\r\n"), bad_head },
	{ C(OK "X: y\rz\r\n\r\n"), bad_head },
	{ C(OK "X: \0\r\n\r\n"), bad_head },
	{ C(OK "X: \x01\r\n\r\n"), bad_head },
	{ C(OK " X: y\r\n\r\n"), bad_head },
	{ C(OK "X: y\r\n z\r\n\r\n"), bad_head },
	{ C(OK "X : y\r\n\r\n"), bad_head },
	{ C(OK "X\r\n\r\n"), bad_head },
	{ C(OK ": y\r\n\r\n"), bad_head },
	{ C("HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\n"),
	    "the status is not 200" },
	{ C("HTTP/1.1 204 None\r\n\r\n"), "the status is not 200" },
	{ C("HTTP/1.1 206 Part\r\nContent-Length: 1\r\n\r\nx"),
	    "the status is not 200" },
	{ C("HTTP/1.1 101 Switch\r\n\r\n" OK "\r\n"),
	    "the status is not 200" },
	{ C("HTTP/1.1 500 x\r\nContent-Length: 1\r\n\r\nx"),
	    "the status is not 200" },
	{ C(OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
	    "more than one Content-Length" },
	{ C(OK "Content-Length: 1, 1\r\n\r\nx"),
	    "an invalid Content-Length" },
	{ C(OK "Content-Length: +1\r\n\r\nx"), "an invalid Content-Length" },
	{ C(OK "Content-Length: -1\r\n\r\nx"), "an invalid Content-Length" },
	{ C(OK "Content-Length: 0x1\r\n\r\nx"), "an invalid Content-Length" },
	{ C(OK "Content-Length:\r\n\r\nx"), "an invalid Content-Length" },
	{ C(OK "Content-Length: 1048577\r\n\r\n"),
	    "the answer is too large" },
	{ C(OK "Content-Length: 99999999999999999999999\r\n\r\n"),
	    "the answer is too large" },
	{ C(OK "Content-Length: 4294967297\r\n\r\nx"),
	    "the answer is too large" },
	{ C(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "1\r\nx\r\n0\r\n\r\n"), "Content-Length and Transfer-Encoding" },
	{ C(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	    "a Transfer-Encoding that is not chunked" },
	{ C(OK "Transfer-Encoding: identity\r\n\r\n"),
	    "a Transfer-Encoding that is not chunked" },
	{ C(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n"), "a Transfer-Encoding that is not chunked" },
	{ C(OK "Content-Encoding: gzip\r\n\r\n"),
	    "a Content-Encoding that was not asked for" },
	{ C(OK "Transfer-Encoding: chunked\r\n\r\nx\r\n"),
	    "the chunks are malformed" },
	{ C(OK "Transfer-Encoding: chunked\r\n\r\nffffff\r\n"),
	    "the answer is too large" },
};

/* Feed step bytes at a time, from memory of its exact size, then the end. */
static enum http_result
feed(struct fetch_response *r, const char *in, size_t len, size_t step,
    bool *ended, char **kept, const char **why)
{
	enum http_result result;
	size_t n, had;
	char *buf, *more;

	memset(r, 0, sizeof(*r));
	*ended = false;
	*why = NULL;
	buf = NULL;
	for (had = 0;; had = n) {
		n = len - had < step ? len : had + step;
		if ((more = malloc(n + (n == 0))) == NULL)
			abort();
		if (had > 0)
			memcpy(more, buf, had);
		memcpy(more + had, in + had, n - had);
		free(buf);
		buf = more;
		result = fetch_response_parse(r, buf, n, *ended, why);
		if (result != HTTP_MORE || *ended)
			break;
		*ended = n == len;
	}
	*kept = buf;
	return (result);
}

static void
test_good(void)
{
	struct fetch_response r;
	const char *why;
	size_t i, step;
	char *buf;
	bool ended;
	int wrong;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		wrong = 0;
		for (step = 1; step <= good[i].len; step++) {
			if (feed(&r, good[i].in, good[i].len, step, &ended,
			    &buf, &why) != HTTP_DONE ||
			    r.body_len != strlen(good[i].body) ||
			    memcmp(r.body, good[i].body, r.body_len) != 0 ||
			    r.status != 200 || r.max_age != good[i].max_age ||
			    ended != good[i].ends)
				wrong++;
			free(buf);
		}
		if (!ok(wrong == 0, "good %zu", i))
			printf("# %s\n", why != NULL ? why : "(null)");
	}
}

static void
test_bad(void)
{
	struct fetch_response r;
	const char *why;
	size_t i, step;
	char *buf;
	bool ended;
	int wrong;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wrong = 0;
		for (step = 1; step <= bad[i].len + 1; step++) {
			if (feed(&r, bad[i].in, bad[i].len, step, &ended, &buf,
			    &why) != HTTP_BAD ||
			    strcmp(why, bad[i].why) != 0)
				wrong++;
			free(buf);
		}
		if (!ok(wrong == 0, "bad %zu", i))
			printf("# %s\n", why != NULL ? why : "(null)");
	}
}

/* begin, then n times x, then end; what becomes of it */
static const char *
large(const char *begin, const char *x, size_t n, const char *end,
    size_t *body_len)
{
	struct fetch_response r;
	enum http_result result;
	const char *why;
	size_t i, len, one;
	char *buf;

	one = strlen(x);
	len = strlen(begin) + n * one + strlen(end);
	if ((buf = malloc(len + 1)) == NULL)
		abort();
	memcpy(buf, begin, strlen(begin));
	for (i = 0; i < n; i++)
		memcpy(buf + strlen(begin) + i * one, x, one);
	memcpy(buf + strlen(begin) + n * one, end, strlen(end));
	memset(&r, 0, sizeof(r));
	why = NULL;
	result = fetch_response_parse(&r, buf, len, true, &why);
	*body_len = r.body_len;
	free(buf);
	return (result == HTTP_DONE ? NULL : why);
}

static void
test_large(void)
{
	static const char too_large[] = "the answer is too large";
	size_t len;

	is_str(large(OK "\r\n", "x", FETCH_BODY_MAX, "", &len), NULL,
	    "as large as may be, until the end");
	is_int((long long)len, FETCH_BODY_MAX, "... it is all there");
	is_str(large(OK "\r\n", "x", FETCH_BODY_MAX, "x", &len), too_large,
	    "one byte more");
	is_str(large(OK "Content-Length: 1048576\r\n\r\n", "x", FETCH_BODY_MAX,
	    "", &len), NULL, "... with its length");
	is_str(large(OK "Transfer-Encoding: chunked\r\n\r\n100000\r\n", "x",
	    FETCH_BODY_MAX, "\r\n0\r\n\r\n", &len), NULL, "... in a chunk");
	is_int((long long)len, FETCH_BODY_MAX, "... it is all there");
	is_str(large(OK "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n",
	    FETCH_BODY_MAX / 2, "0\r\n\r\n", &len), too_large,
	    "in too small chunks");
	is_str(large(OK, "X: y\r\n", 2000, "Content-Length: 0\r\n\r\n", &len),
	    NULL, "a large head");
	is_str(large(OK, "X: y\r\n", 3000, "Content-Length: 0\r\n\r\n", &len),
	    too_large, "a larger one");
	is_str(large("", "HTTP/1.1 100 Go\r\n\r\n", 1000, OK "\r\n", &len),
	    too_large, "too many heads");
}

int
main(void)
{
	test_good();
	test_bad();
	test_large();
	return (done());
}
