/*
 * Request heads: spans lie in the head, the pieces it comes in make no
 * difference, and what is let through keeps the header's promises.
 */
#include "http.h"

#include "fuzz.h"

static bool
same_span(struct span a, struct span b)
{
	return (a.p == b.p && a.len == b.len);
}

static bool
same_forwarded(const struct http_head *a, const struct http_head *b)
{
	size_t i;

	if (a->nforwarded != b->nforwarded)
		return (false);
	for (i = 0; i < a->nforwarded; i++)
		if (!same_span(a->forwarded[i], b->forwarded[i]))
			return (false);
	return (true);
}

static bool
same_head(const struct http_head *a, const struct http_head *b)
{
	return (a->len == b->len && a->method == b->method &&
	    same_span(a->path, b->path) && same_span(a->query, b->query) &&
	    same_span(a->host, b->host) &&
	    same_span(a->authorization, b->authorization) &&
	    same_span(a->content_type, b->content_type) &&
	    same_forwarded(a, b) &&
	    a->keep_alive == b->keep_alive && a->http10 == b->http10 &&
	    a->expect_continue == b->expect_continue &&
	    a->chunked == b->chunked &&
	    a->content_length == b->content_length);
}

static void
check_span(struct span s, const char *buf, size_t len)
{
	size_t i;

	must(fuzz_inside(s, buf, len));
	for (i = 0; i < s.len; i++)
		must(((uint8_t)s.p[i] >= 0x20 && s.p[i] != 0x7f) ||
		    s.p[i] == '\t');
}

static void
check_head(const struct http_head *h, const char *buf, size_t len)
{
	size_t i;

	must(h->len >= 4 && h->len <= len && h->len <= HTTP_HEAD_MAX);
	must(memcmp(buf + h->len - 4, "\r\n\r\n", 4) == 0);
	must(memmem(buf + 2, h->len - 3, "\r\n\r\n", 4) == NULL);
	check_span(h->path, buf, h->len);
	check_span(h->query, buf, h->len);
	check_span(h->host, buf, h->len);
	check_span(h->authorization, buf, h->len);
	check_span(h->content_type, buf, h->len);
	must(h->nforwarded <= HTTP_FORWARDED_MAX);
	for (i = 0; i < h->nforwarded; i++)
		check_span(h->forwarded[i], buf, h->len);
	must(span_is(h->path, "*") || (h->path.len > 0 &&
	    h->path.p[0] == '/'));
	must(memchr(h->path.p, '?', h->path.len) == NULL);
	must(h->http10 || h->host.p != NULL);
	for (i = 0; i < h->host.len; i++)
		must(strchr(" \t@/?#\\<>\"", h->host.p[i]) == NULL &&
		    (uint8_t)h->host.p[i] < 0x7f);
	must(h->content_length <= HTTP_BODY_MAX);
	must(!h->chunked || (h->content_length == 0 && !h->http10));
	must(!h->expect_continue || !h->http10);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head whole, piece;
	enum http_result r, s;
	size_t n, scanned, before, step;
	int status, piece_status;
	char *buf;

	buf = fuzz_copy(data, size);
	scanned = 0;
	r = http_head_parse(buf, size, &scanned, &whole, &status);
	must(scanned <= size);
	if (r == HTTP_DONE)
		check_head(&whole, buf, size);
	else if (r == HTTP_BAD)
		must(status == 400 || status == 413 || status == 417 ||
		    status == 431 || status == 501 || status == 505);
	/* large ones not by single bytes, or this is all the time spent */
	step = size / 1024 + 1;
	s = HTTP_MORE;
	scanned = 0;
	for (n = 0; s == HTTP_MORE && n < size;) {
		n = size - n < step ? size : n + step;
		before = scanned;
		s = http_head_parse(buf, n, &scanned, &piece, &piece_status);
		must(scanned >= before && scanned <= n);
	}
	must(r == s);
	must(r != HTTP_BAD || status == piece_status);
	must(r != HTTP_DONE || (same_head(&whole, &piece) &&
	    n < whole.len + step));
	free(buf);
	return (0);
}
