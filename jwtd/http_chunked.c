/*
 * Chunked bodies, RFC 9112 section 7.1, decoded in place.  Pure: it writes only
 * over bytes that it has consumed.  Sizes, ends and trailers are taken a whole
 * line at a time, so that nothing is remembered within a line.
 */
#include "http.h"

#include "percent.h"

#define SIZE_DIGITS	8
#define LINE_MAX_LEN	512	/* a size with its extensions, a trailer */

enum state {
	ST_SIZE,
	ST_DATA,
	ST_DATA_END,
	ST_TRAILER,
	ST_DONE
};

/* Exactly CRLF at p, after *used bytes of a line. */
static enum http_result
line_end(const char *p, size_t len, size_t *used)
{
	if (*used == len)
		return (HTTP_MORE);
	if (p[*used] != '\r')
		return (HTTP_BAD);
	if (*used + 1 == len)
		return (HTTP_MORE);
	if (p[*used + 1] != '\n')
		return (HTTP_BAD);
	*used += 2;
	return (HTTP_DONE);
}

/* Pass over what may be in an extension or a trailer's value. */
static size_t
skip_text(const char *p, size_t len, size_t i)
{
	while (i < len && ((uint8_t)p[i] >= 0x20 || p[i] == '\t') &&
	    p[i] != 0x7f)
		i++;
	return (i);
}

/* chunk-size [ chunk-ext ] CRLF; the extension is bounded and ignored */
static enum http_result
size_line(const char *p, size_t len, size_t *used, size_t *size)
{
	size_t i;
	int v;

	*size = 0;
	for (i = 0; i < len && (v = percent_hex(p[i])) != -1; i++) {
		if (i == SIZE_DIGITS)
			return (HTTP_BAD);
		*size = *size << 4 | (size_t)v;
	}
	if (i == len)
		return (HTTP_MORE);
	if (i == 0)
		return (HTTP_BAD);
	if (p[i] != '\r') {
		while (i < len && (p[i] == ' ' || p[i] == '\t'))
			i++;
		if (i == len)
			return (HTTP_MORE);
		if (p[i] != ';')
			return (HTTP_BAD);
		i = skip_text(p, len, i);
	}
	*used = i;
	return (line_end(p, len, used));
}

/* A field line, or the empty line: then *used is 2. */
static enum http_result
trailer_line(const char *p, size_t len, size_t *used)
{
	size_t i;

	for (i = 0; i < len && http_tchar[(uint8_t)p[i]]; i++)
		;
	if (i == len)
		return (HTTP_MORE);
	if (i > 0) {
		if (p[i] != ':')
			return (HTTP_BAD);
		i = skip_text(p, len, i);
	}
	*used = i;
	return (line_end(p, len, used));
}

/* One step from a line; c->in moves past it if it is whole. */
static enum http_result
take_line(struct http_chunked *c, const char *p, size_t len, size_t body_max,
    int *status)
{
	enum http_result r;
	size_t used, size;

	used = size = 0;
	if (c->state == ST_SIZE)
		r = size_line(p, len, &used, &size);
	else if (c->state == ST_TRAILER)
		r = trailer_line(p, len, &used);
	else
		r = line_end(p, len, &used);
	if (r == HTTP_MORE && len == LINE_MAX_LEN)
		return (HTTP_BAD);
	if (r != HTTP_DONE)
		return (r);
	if (size > body_max - c->out) {
		*status = 413;
		return (HTTP_BAD);
	}
	c->in += used;
	if (c->state == ST_SIZE) {
		c->left = size;
		c->state = size == 0 ? ST_TRAILER : ST_DATA;
	} else if (c->state == ST_DATA_END)
		c->state = ST_SIZE;
	else if (used == 2)
		c->state = ST_DONE;
	return (HTTP_DONE);
}

static void
take_data(struct http_chunked *c, char *buf, size_t len)
{
	size_t n;

	n = len - c->in < c->left ? len - c->in : c->left;
	memmove(buf + c->out, buf + c->in, n);
	c->in += n;
	c->out += n;
	c->left -= n;
	if (c->left == 0)
		c->state = ST_DATA_END;
}

enum http_result
http_chunked_parse_max(struct http_chunked *c, char *buf, size_t len,
    size_t body_max, size_t raw_max, int *status)
{
	enum http_result r;
	size_t limit, n;

	*status = 400;
	limit = len < raw_max ? len : raw_max;
	while (c->state != ST_DONE) {
		if (c->state == ST_DATA) {
			if (c->in == limit)
				break;
			take_data(c, buf, limit);
			continue;
		}
		n = limit - c->in < LINE_MAX_LEN ? limit - c->in : LINE_MAX_LEN;
		r = take_line(c, buf + c->in, n, body_max, status);
		if (r == HTTP_BAD)
			return (HTTP_BAD);
		if (r == HTTP_MORE)
			break;
	}
	if (c->state == ST_DONE)
		return (HTTP_DONE);
	if (len < raw_max)
		return (HTTP_MORE);
	*status = 413;
	return (HTTP_BAD);
}

enum http_result
http_chunked_parse(struct http_chunked *c, char *buf, size_t len, int *status)
{
	return (http_chunked_parse_max(c, buf, len, HTTP_BODY_MAX,
	    HTTP_CHUNKED_MAX, status));
}
