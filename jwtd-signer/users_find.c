/*
 * An index of a users file, and users found by it.  It reads through
 * users_lines.c, keeps no line and logs nothing.
 */
#include "users_find.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "users_table.h"

_Static_assert(USERS_FILE_MAX < UINT32_MAX, "an index holds every offset");

static bool
has_name(struct span line, const char *name, size_t len)
{
	struct span other;

	return (users_lines_name(line, &other) && other.len == len &&
	    memcmp(other.p, name, len) == 0);
}

/* Add every line that may be a user's.  Returns -1 with errno. */
static int
add_all(struct users_index *index, const struct users_text *text)
{
	struct users_lines lines;
	struct span line, name;
	size_t at;
	int rc;

	if (users_lines_begin(&lines, text, 0, 0) == -1)
		return (-1);
	rc = 0;
	while (rc == 0 && users_lines_next(&lines, &line, &at))
		if (users_lines_name(line, &name))
			rc = users_index_add(index, name.p, name.len, at);
	if (lines.failed)
		rc = -1;
	users_lines_end(&lines);
	return (rc);
}

/* what is needed to compare two lines */
struct two_lines {
	struct users_line_buf	one, other;
};

/*
 * Do these lines, the first of which is before the other, have one name?  If
 * so, *keep is the one that may count.  Returns 1, 0, or -1 with errno.
 */
static int
same_name(const struct users_text *text, struct two_lines *two, size_t first,
    size_t second, size_t *keep)
{
	struct span line, other, name;
	struct users_line user;
	const char *why;

	if (users_lines_read(text, first, &two->one, &line) == -1 ||
	    users_lines_read(text, second, &two->other, &other) == -1)
		return (-1);
	if (!users_lines_name(other, &name) ||
	    !has_name(line, name.p, name.len))
		return (0);
	*keep = users_parse_line(line.p, line.len, &user, &why) ==
	    USERS_LINE ? first : second;
	return (1);
}

/*
 * Of lines with one hash, keep one for each name, at the run's beginning.
 * Returns how many these are, 0 with errno.
 */
static size_t
thin_out(const struct users_text *text, struct two_lines *two,
    struct users_place *run, size_t n)
{
	size_t i, kept, keep, j;
	int same;

	kept = 1;
	for (i = 1; i < n; i++) {
		for (j = same = 0; j < kept && same == 0; j++) {
			same = same_name(text, two, run[j].at, run[i].at,
			    &keep);
			if (same == 1)
				run[j].at = (uint32_t)keep;
		}
		if (same == -1)
			return (0);
		if (same == 0)
			run[kept++] = run[i];
	}
	return (kept);
}

/* Leave the lines that count.  Returns -1 with errno. */
static int
leave_one_each(struct users_index *index, const struct users_text *text)
{
	struct two_lines *two;
	struct users_place *entries;
	size_t from, to, run, kept;

	if ((two = calloc(1, sizeof(*two))) == NULL)
		return (-1);
	entries = index->entries;
	for (from = to = 0; from < index->n; from += run, to += kept) {
		run = users_index_run(index, from);
		kept = run == 1 ? 1 :
		    thin_out(text, two, entries + from, run);
		if (kept == 0)
			break;
		memmove(entries + to, entries + from, kept * sizeof(*entries));
	}
	freezero(two, sizeof(*two));
	if (from < index->n)
		return (-1);
	index->n = to;
	return (0);
}

struct users_index *
users_find_index(const struct users_text *text)
{
	struct users_index *index;
	int saved;

	if ((index = users_index_new()) == NULL)
		return (NULL);
	if (add_all(index, text) == 0 && users_index_sort(index) == 0 &&
	    leave_one_each(index, text) == 0)
		return (index);
	saved = errno;
	users_index_free(index);
	errno = saved;
	return (NULL);
}

enum users_find
users_find(const struct users_index *index, const struct users_text *text,
    const char *name, size_t len, struct users_line_buf *buf,
    struct users_line *user, size_t *at)
{
	struct span line;
	const char *why;
	size_t i, n;

	for (n = users_index_find(index, name, len, &i); n > 0; n--, i++) {
		*at = index->entries[i].at;
		if (users_lines_read(text, *at, buf, &line) == -1)
			return (USERS_FAILED);
		if (!has_name(line, name, len))
			continue;
		return (users_parse_line(line.p, line.len, user, &why) ==
		    USERS_LINE ? USERS_FOUND : USERS_NOT_FOUND);
	}
	return (USERS_NOT_FOUND);
}

int
users_find_counts(const struct users_index *index,
    const struct users_text *text, struct span name, size_t at,
    struct users_line_buf *buf)
{
	struct span line;
	size_t i, n;

	for (n = users_index_find(index, name.p, name.len, &i); n > 0; n--) {
		if (index->entries[i].at == at)
			break;
		if (users_lines_read(text, index->entries[i++].at, buf,
		    &line) == -1)
			return (-1);
		if (has_name(line, name.p, name.len))
			return (0);
	}
	return (1);
}
