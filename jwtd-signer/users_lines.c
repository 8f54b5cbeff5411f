/*
 * Lines of an open users file, read with pread(2), or of a text in memory.  No
 * more of it is here at a time than fits into one buffer, which is wiped,
 * because hashes are in it.
 */
#include "users_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUF_SIZE	(128UL * 1024)
#define LINE_USUAL	512		/* most lines are shorter */

_Static_assert(BUF_SIZE > USERS_LINE_MAX + 1, "a valid line fits");

ssize_t
users_text_read(const struct users_text *text, char *buf, size_t n,
    size_t at)
{
	ssize_t got;

	if (at >= text->len)
		return (0);
	if (n > text->len - at)
		n = text->len - at;
	if (text->mem != NULL) {
		memcpy(buf, text->mem + at, n);
		return ((ssize_t)n);
	}
	do
		got = pread(text->fd, buf, n, (off_t)at);
	while (got == -1 && errno == EINTR);
	return (got);
}

int
users_lines_begin(struct users_lines *lines, const struct users_text *text,
    size_t at, unsigned int number)
{
	memset(lines, 0, sizeof(*lines));
	lines->text = text;
	lines->size = BUF_SIZE;
	lines->at = at;
	lines->number = number;
	return ((lines->buf = malloc(lines->size)) == NULL ? -1 : 0);
}

void
users_lines_end(struct users_lines *lines)
{
	freezero(lines->buf, lines->size);
	lines->buf = NULL;
}

/* Read on, after what is left.  Returns false at the end of the text. */
static bool
fill(struct users_lines *lines)
{
	ssize_t n;

	lines->end -= lines->pos;
	memmove(lines->buf, lines->buf + lines->pos, lines->end);
	lines->pos = 0;
	n = users_text_read(lines->text, lines->buf + lines->end,
	    lines->size - lines->end, lines->at + lines->end);
	lines->failed = n == -1;
	if (n > 0)
		lines->end += (size_t)n;
	return (n > 0);
}

static void
pass(struct users_lines *lines, size_t n)
{
	lines->pos += n;
	lines->at += n;
}

/*
 * Pass over the rest of a line that fills the buffer, which keeps what is in
 * it until the next call.
 */
static void
skip_rest(struct users_lines *lines)
{
	char buf[4096];
	const char *newline;
	ssize_t n;

	do {
		n = users_text_read(lines->text, buf, sizeof(buf), lines->at);
		if (n <= 0)
			break;
		newline = memchr(buf, '\n', (size_t)n);
		lines->at += newline == NULL ? (size_t)n :
		    (size_t)(newline - buf) + 1;
	} while (newline == NULL);
	lines->failed = n == -1;
	explicit_bzero(buf, sizeof(buf));
}

bool
users_lines_next(struct users_lines *lines, struct span *line, size_t *at)
{
	const char *newline;
	bool more;

	for (more = true;; more = fill(lines)) {
		line->p = lines->buf + lines->pos;
		line->len = lines->end - lines->pos;
		newline = memchr(line->p, '\n', line->len);
		if (newline != NULL || !more || line->len == lines->size)
			break;
	}
	if (lines->failed || line->len == 0)
		return (false);
	*at = lines->at;
	lines->number++;
	if (newline != NULL)
		line->len = (size_t)(newline - line->p);
	pass(lines, line->len + (newline != NULL));
	if (newline == NULL && more)
		skip_rest(lines);
	return (!lines->failed);
}

int
users_lines_read(const struct users_text *text, size_t at,
    struct users_line_buf *buf, struct span *line)
{
	const char *newline;
	size_t want;
	ssize_t n;

	want = LINE_USUAL;
	for (;;) {
		n = users_text_read(text, buf->text, want, at);
		if (n == -1)
			return (-1);
		if ((size_t)n > buf->len)
			buf->len = (size_t)n;
		newline = memchr(buf->text, '\n', (size_t)n);
		if (newline != NULL || (size_t)n < want ||
		    want == sizeof(buf->text))
			break;
		want = sizeof(buf->text);
	}
	line->p = buf->text;
	line->len = newline != NULL ? (size_t)(newline - buf->text) : (size_t)n;
	return (0);
}

void
users_line_wipe(struct users_line_buf *buf)
{
	explicit_bzero(buf->text, buf->len);
	buf->len = 0;
}

bool
users_lines_name(struct span line, struct span *name)
{
	const char *colon;

	if (line.len == 0 || line.p[0] == '#')
		return (false);
	colon = memchr(line.p, ':', line.len < USER_NAME_MAX + 1 ? line.len :
	    USER_NAME_MAX + 1);
	if (colon == NULL || colon == line.p)
		return (false);
	name->p = line.p;
	name->len = (size_t)(colon - line.p);
	return (true);
}
