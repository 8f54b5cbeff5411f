/*
 * What both tests of http_head_parse() do: feed it a head in pieces of one
 * size, and write down what it said.  For one program per file, as tap.h is.
 */
#ifndef HTTP_FEED_H
#define HTTP_FEED_H

#include <stdlib.h>

#include "http.h"
#include "tap.h"

struct text {
	const char	*p;
	size_t		 len;
};
#define TEXT(s)		{ (s), sizeof(s) - 1 }

/* a request line, and a Host, for those that are about something else */
#define L		"GET / HTTP/1.1\r\n"
#define H		L "Host: h\r\n"
#define E		"\r\n\r\n"

static inline void
append(char *out, size_t size, const char *label, struct span s)
{
	size_t n;

	if (s.p == NULL)
		return;
	n = strlen(out);
	snprintf(out + n, size - n, "%s%.*s", label, (int)s.len, s.p);
}

static inline void
describe(const struct http_head *h, char *out, size_t size)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "OTHER" };
	size_t i, n;

	snprintf(out, size, "%s", methods[h->method]);
	append(out, size, " ", h->path);
	append(out, size, "?", h->query);
	append(out, size, " host=", h->host);
	n = strlen(out);
	snprintf(out + n, size - n, "%s%s%s%s", h->keep_alive ? " keep" : "",
	    h->http10 ? " 1.0" : "", h->expect_continue ? " expect" : "",
	    h->chunked ? " chunked" : "");
	n = strlen(out);
	if (h->content_length != 0)
		snprintf(out + n, size - n, " length=%zu", h->content_length);
	append(out, size, " auth=", h->authorization);
	append(out, size, " type=", h->content_type);
	append(out, size, " none=", h->if_none_match);
	for (i = 0; i < h->nforwarded; i++)
		append(out, size, " for=", h->forwarded[i]);
}

/* "DONE len description", "BAD status" or "MORE", from step bytes at a time */
static inline void
run(struct text in, size_t step, char *out, size_t size)
{
	struct http_head head;
	enum http_result r;
	char *copy, text[512];
	size_t len, scanned;
	int status;

	r = HTTP_MORE;
	scanned = 0;
	for (len = 0; r == HTTP_MORE && len < in.len;) {
		len = in.len - len < step ? in.len : len + step;
		/* of its exact size, so that its end is seen */
		if ((copy = malloc(len)) == NULL)
			abort();
		memcpy(copy, in.p, len);
		r = http_head_parse(copy, len, &scanned, &head, &status);
		if (r == HTTP_DONE) {
			describe(&head, text, sizeof(text));
			snprintf(out, size, "DONE %zu %s", head.len, text);
		}
		free(copy);
	}
	if (r == HTTP_BAD)
		snprintf(out, size, "BAD %d", status);
	else if (r == HTTP_MORE)
		snprintf(out, size, "MORE");
}

/* for names of tests: printable, on one line */
static inline const char *
shown(struct text in)
{
	static char out[256];
	size_t i, n;

	n = 0;
	for (i = 0; i < in.len && n < sizeof(out) - 5; i++)
		if (in.p[i] == '\r' || in.p[i] == '\n')
			n += (size_t)snprintf(out + n, 5, "%s",
			    in.p[i] == '\r' ? "\\r" : "\\n");
		else if (in.p[i] >= ' ' && in.p[i] < 0x7f && in.p[i] != '#')
			out[n++] = in.p[i];
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02x",
			    (uint8_t)in.p[i]);
	out[n] = '\0';
	return (out);
}

/* the same, whatever the pieces it comes in */
static inline int
same_in_pieces(struct text in, const char *want)
{
	char got[640];
	size_t step;

	for (step = 1; step <= 17; step++) {
		run(in, step, got, sizeof(got));
		if (strcmp(got, want) != 0) {
			printf("# %zu at a time: %s\n", step, got);
			return (0);
		}
	}
	return (1);
}

#endif
