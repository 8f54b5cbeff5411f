/*
 * The answer to a GET, RFC 9112, of a server that may be anybody.  Pure: bytes
 * in, a span of the same bytes out.  What is not plainly 200 with one body of a
 * bounded size is refused.
 */
#include "fetch_response.h"

#include <string.h>

#include "span.h"

#define DIGITS_MAX	9	/* of a length or an age: no sum overflows */

static const char bad_head[] = "the answer is not HTTP/1.1";
static const char too_large[] = "the answer is too large";

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* A number that is all of the span; larger ones than fit become the largest. */
static bool
number(struct span s, uint32_t *out)
{
	size_t i;

	if (s.len == 0)
		return (false);
	*out = 0;
	for (i = 0; i < s.len; i++) {
		if (!is_digit(s.p[i]))
			return (false);
		if (i < DIGITS_MAX)
			*out = *out * 10 + (uint32_t)(s.p[i] - '0');
		else
			*out = 999999999;
	}
	return (true);
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return (s);
}

/* RFC 9111 section 5.2.2.1; among other directives, which do not matter here */
static void
cache_control(struct fetch_response *r, struct span value)
{
	struct span one;
	const char *comma;
	uint32_t age;

	for (;;) {
		comma = memchr(value.p, ',', value.len);
		one.p = value.p;
		one.len = comma != NULL ? (size_t)(comma - value.p) : value.len;
		one = trim(one);
		if (one.len > 8 && strncasecmp(one.p, "max-age=", 8) == 0) {
			one.p += 8;
			one.len -= 8;
			if (number(one, &age) && age < r->max_age)
				r->max_age = age;
		}
		if (comma == NULL)
			return;
		value.len -= (size_t)(comma + 1 - value.p);
		value.p = comma + 1;
	}
}

/* RFC 9112 section 6: one way only to know where the body ends */
static const char *
content_length(struct fetch_response *r, struct span value)
{
	uint32_t n;

	if (r->has_length)
		return ("more than one Content-Length");
	if (!number(value, &n))
		return ("an invalid Content-Length");
	if (n > FETCH_BODY_MAX)
		return (too_large);
	r->has_length = true;
	r->content_length = n;
	return (NULL);
}

static const char *
field(struct fetch_response *r, struct span name, struct span value)
{
	if (span_case_is(name, "Content-Length"))
		return (content_length(r, value));
	if (span_case_is(name, "Transfer-Encoding")) {
		if (r->is_chunked || !span_case_is(value, "chunked"))
			return ("a Transfer-Encoding that is not chunked");
		r->is_chunked = true;
	} else if (span_case_is(name, "Content-Encoding")) {
		if (!span_case_is(value, "identity"))
			return ("a Content-Encoding that was not asked for");
	} else if (span_case_is(name, "Cache-Control"))
		cache_control(r, value);
	return (NULL);
}

/* HTTP-version SP 3DIGIT [ SP reason ], RFC 9112 section 4 */
static bool
status_line(struct fetch_response *r, const char *p, size_t len)
{
	if (len < 12 || memcmp(p, "HTTP/1.", 7) != 0 ||
	    (p[7] != '0' && p[7] != '1') || p[8] != ' ' ||
	    !is_digit(p[9]) || !is_digit(p[10]) || !is_digit(p[11]) ||
	    (len > 12 && p[12] != ' '))
		return (false);
	r->status = (unsigned int)(p[9] - '0') * 100 +
	    (unsigned int)(p[10] - '0') * 10 + (unsigned int)(p[11] - '0');
	return (r->status >= 100);
}

/* One field line without its end, RFC 9112 section 5; none is folded. */
static const char *
field_line(struct fetch_response *r, const char *p, size_t len)
{
	struct span name, value;
	size_t i;

	for (i = 0; i < len && http_tchar[(uint8_t)p[i]]; i++)
		;
	if (i == 0 || i == len || p[i] != ':')
		return (bad_head);
	name.p = p;
	name.len = i;
	value.p = p + i + 1;
	value.len = len - i - 1;
	return (field(r, name, trim(value)));
}

/* The end of the line at p: its LF; NULL if it is not there or not after CR. */
static const char *
line_end(const char *p, size_t len, bool *bad)
{
	const char *lf;
	size_t i;

	*bad = false;
	lf = memchr(p, '\n', len);
	if (lf != NULL)
		len = (size_t)(lf - p);
	for (i = 0; i < len; i++)
		if (p[i] != '\t' && ((uint8_t)p[i] < 0x20 || p[i] == 0x7f) &&
		    !(p[i] == '\r' && i + 1 == len))
			*bad = true;
	if (lf != NULL && (len == 0 || p[len - 1] != '\r'))
		*bad = true;
	return (*bad ? NULL : lf);
}

/* One whole head at buf + from.  On HTTP_DONE *from is after it. */
static enum http_result
head(struct fetch_response *r, const char *buf, size_t len, size_t *from,
    const char **why)
{
	const char *p, *end, *lf;
	bool bad, first;

	memset(r, 0, sizeof(*r));
	r->max_age = FETCH_NO_AGE;
	end = buf + len;
	first = true;
	for (p = buf + *from;; p = lf + 1) {
		lf = line_end(p, (size_t)(end - p), &bad);
		*why = bad ? bad_head : NULL;
		if (lf != NULL && first && !status_line(r, p,
		    (size_t)(lf - 1 - p)))
			*why = bad_head;
		else if (lf != NULL && !first && lf - p > 1)
			*why = field_line(r, p, (size_t)(lf - 1 - p));
		if (*why != NULL)
			return (HTTP_BAD);
		if (lf == NULL)
			return (HTTP_MORE);
		if (!first && lf - p == 1) {
			*from = (size_t)(lf + 1 - buf);
			return (HTTP_DONE);
		}
		first = false;
	}
}

/* All heads: RFC 9110 section 15.2 lets interim ones come first. */
static enum http_result
heads(struct fetch_response *r, const char *buf, size_t len, const char **why)
{
	enum http_result result;
	size_t from, limit;

	limit = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	from = 0;
	do
		result = head(r, buf, limit, &from, why);
	while (result == HTTP_DONE && r->status < 200 && r->status != 101);
	if (result == HTTP_MORE && len >= HTTP_HEAD_MAX) {
		*why = too_large;
		return (HTTP_BAD);
	}
	if (result != HTTP_DONE)
		return (result);
	if (r->status != 200) {
		*why = "the status is not 200";
		return (HTTP_BAD);
	}
	if (r->is_chunked && r->has_length) {
		*why = "Content-Length and Transfer-Encoding";
		return (HTTP_BAD);
	}
	r->head_len = from;
	return (HTTP_DONE);
}

static enum http_result
body(struct fetch_response *r, char *buf, size_t len, bool ended,
    const char **why)
{
	enum http_result result;
	int status;

	r->body = buf;
	if (r->is_chunked) {
		result = http_chunked_parse_max(&r->chunked, buf, len,
		    FETCH_BODY_MAX, FETCH_MAX - HTTP_HEAD_MAX, &status);
		if (result == HTTP_BAD)
			*why = status == 413 ? too_large :
			    "the chunks are malformed";
		r->body_len = r->chunked.out;
		return (result);
	}
	r->body_len = r->has_length ? r->content_length : len;
	if (r->body_len > FETCH_BODY_MAX) {
		*why = too_large;
		return (HTTP_BAD);
	}
	if (r->has_length)
		return (len >= r->content_length ? HTTP_DONE : HTTP_MORE);
	return (ended ? HTTP_DONE : HTTP_MORE);
}

enum http_result
fetch_response_parse(struct fetch_response *r, char *buf, size_t len,
    bool ended, const char **why)
{
	enum http_result result;

	result = HTTP_DONE;
	if (r->head_len == 0)
		result = heads(r, buf, len, why);
	if (result == HTTP_DONE)
		result = body(r, buf + r->head_len, len - r->head_len, ended,
		    why);
	if (result == HTTP_MORE && ended) {
		*why = "the answer is not whole";
		return (HTTP_BAD);
	}
	return (result);
}
