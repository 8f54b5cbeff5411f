/*
 * A users file copied with changes: every other byte stays as it is.  It knows
 * nothing of what is in a line; hashes pass through its buffers, which it
 * wipes.
 */
#include "users_rewrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define OUT_SIZE	(128UL * 1024)

int
users_changes_line(struct users_changes *changes,
    const struct users_change *change)
{
	struct users_change *list;
	size_t room;

	if (changes->n == changes->room) {
		room = changes->room * 2 + 16;
		list = reallocarray(changes->list, room, sizeof(*list));
		if (list == NULL)
			return (-1);
		changes->list = list;
		changes->room = room;
	}
	changes->list[changes->n++] = *change;
	return (0);
}

int
users_changes_add(struct users_changes *changes, const char *text, size_t len)
{
	size_t size;
	char *bigger;

	/* moved by hand so that no copy stays */
	if (changes->added_size - changes->added_len < len) {
		size = changes->added_size * 2 + len;
		if ((bigger = malloc(size)) == NULL)
			return (-1);
		if (changes->added_len > 0)
			memcpy(bigger, changes->added, changes->added_len);
		freezero(changes->added, changes->added_size);
		changes->added = bigger;
		changes->added_size = size;
	}
	memcpy(changes->added + changes->added_len, text, len);
	changes->added_len += len;
	return (0);
}

void
users_changes_clear(struct users_changes *changes)
{
	size_t i;

	for (i = 0; i < changes->n; i++)
		freezero(changes->list[i].text, changes->list[i].len);
	free(changes->list);
	freezero(changes->added, changes->added_size);
	memset(changes, 0, sizeof(*changes));
}

size_t
users_rewrite_size(const struct users_text *text,
    const struct users_changes *changes)
{
	size_t i, size;

	size = text->len + changes->added_len;
	for (i = 0; i < changes->n; i++) {
		size += changes->list[i].len;
		size -= changes->list[i].end - changes->list[i].at;
	}
	return (size);
}

/* where the new file goes to, by way of a buffer */
struct out {
	int	 fd;
	char	*buf;
	size_t	 len;		/* in buf */
	char	 last;		/* byte so far; '\n' before there is one */
};

static int
flush(struct out *out)
{
	int rc;

	rc = file_write_fd(out->fd, out->buf, out->len);
	out->len = 0;
	return (rc);
}

static int
emit(struct out *out, const char *text, size_t len)
{
	size_t n;

	for (; len > 0; text += n, len -= n) {
		if (out->len == OUT_SIZE && flush(out) == -1)
			return (-1);
		n = OUT_SIZE - out->len;
		if (n > len)
			n = len;
		memcpy(out->buf + out->len, text, n);
		out->len += n;
		out->last = text[n - 1];
	}
	return (0);
}

/* What is in the old text from there to there. */
static int
copy(struct out *out, const struct users_text *text, size_t from, size_t to)
{
	size_t want;
	ssize_t n;

	for (; from < to; from += (size_t)n) {
		if (out->len == OUT_SIZE && flush(out) == -1)
			return (-1);
		want = OUT_SIZE - out->len;
		if (want > to - from)
			want = to - from;
		n = users_text_read(text, out->buf + out->len, want, from);
		if (n == 0)
			errno = EIO;	/* it has shrunk */
		if (n <= 0)
			return (-1);
		out->len += (size_t)n;
		out->last = out->buf[out->len - 1];
	}
	return (0);
}

static int
compose(struct out *out, const struct users_text *text,
    const struct users_changes *changes)
{
	const struct users_change *next;
	size_t from, i;

	from = 0;
	for (i = 0; i < changes->n; i++) {
		next = &changes->list[i];
		if (copy(out, text, from, next->at) == -1 ||
		    emit(out, next->text, next->len) == -1)
			return (-1);
		from = next->end;
	}
	if (copy(out, text, from, text->len) == -1)
		return (-1);
	if (changes->added_len > 0 && out->last != '\n' &&
	    emit(out, "\n", 1) == -1)
		return (-1);
	if (emit(out, changes->added, changes->added_len) == -1)
		return (-1);
	return (flush(out));
}

static int
compare(const void *a, const void *b)
{
	const struct users_change *one, *other;

	one = a;
	other = b;
	return (one->at < other->at ? -1 : one->at > other->at);
}

int
users_rewrite(int fd, const struct users_text *text,
    struct users_changes *changes)
{
	struct out out;
	int rc;

	if (changes->n > 0)
		qsort(changes->list, changes->n, sizeof(*changes->list),
		    compare);
	out.fd = fd;
	out.len = 0;
	out.last = '\n';
	if ((out.buf = malloc(OUT_SIZE)) == NULL)
		return (-1);
	rc = compose(&out, text, changes);
	freezero(out.buf, OUT_SIZE);
	return (rc);
}
