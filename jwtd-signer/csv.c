/*
 * CSV, RFC 4180.  Pure functions: no file, no log, and no memory but the
 * buffer, in which they write.
 */
#include "csv.h"

#include <string.h>

#define BOM	"\xef\xbb\xbf"

void
csv_init(struct csv *csv, char *buf, size_t len)
{
	csv->buf = buf;
	csv->len = len;
	csv->pos = 0;
	csv->next_line = 1;
	csv->line = 0;
	if (len >= strlen(BOM) && memcmp(buf, BOM, strlen(BOM)) == 0)
		csv->pos = strlen(BOM);
}

/* How many bytes of line end there are at the position, 0 for none. */
static size_t
line_end(const struct csv *csv)
{
	const char *p;
	size_t left;

	p = csv->buf + csv->pos;
	left = csv->len - csv->pos;
	if (left >= 1 && p[0] == '\n')
		return (1);
	return (left >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0);
}

/* Remove the quotes; a doubled one is one. */
static const char *
quoted_field(struct csv *csv, struct span *field)
{
	char *out;
	char c;

	out = csv->buf + csv->pos;
	field->p = out;
	for (csv->pos++; csv->pos < csv->len; csv->pos++) {
		c = csv->buf[csv->pos];
		if (c == '\0')
			return ("a NUL byte");
		if (c == '\n')
			csv->next_line++;
		if (c == '"') {
			csv->pos++;
			if (csv->pos == csv->len || csv->buf[csv->pos] != '"') {
				field->len = (size_t)(out - field->p);
				return (NULL);
			}
		}
		*out++ = c;
	}
	return ("a quote is not closed");
}

static const char *
plain_field(struct csv *csv, struct span *field)
{
	field->p = csv->buf + csv->pos;
	for (; csv->pos < csv->len && line_end(csv) == 0; csv->pos++) {
		switch (csv->buf[csv->pos]) {
		case '"':
			return ("a quote inside of a field without quotes");
		case '\0':
			return ("a NUL byte");
		case '\r':
			return ("a carriage return without a newline");
		case ',':
			break;
		default:
			continue;
		}
		break;
	}
	field->len = (size_t)(csv->buf + csv->pos - field->p);
	return (NULL);
}

/* The fields up to the end of the line, which is left where it is. */
static const char *
read_record(struct csv *csv, struct span *fields, size_t max, size_t *n)
{
	struct span field;
	const char *why;

	for (*n = 0;; csv->pos++) {
		if (csv->pos < csv->len && csv->buf[csv->pos] == '"')
			why = quoted_field(csv, &field);
		else
			why = plain_field(csv, &field);
		if (why != NULL)
			return (why);
		if (*n < max)
			fields[*n] = field;
		++*n;
		if (csv->pos == csv->len || line_end(csv) != 0)
			return (NULL);
		if (csv->buf[csv->pos] != ',')
			return ("more after a closing quote");
	}
}

enum csv_result
csv_next(struct csv *csv, struct span *fields, size_t max, size_t *n,
    const char **why)
{
	size_t end;

	while ((end = line_end(csv)) != 0) {
		csv->pos += end;
		csv->next_line++;
	}
	if (csv->pos == csv->len)
		return (CSV_END);
	csv->line = csv->next_line;
	if ((*why = read_record(csv, fields, max, n)) != NULL)
		return (CSV_BAD);
	if ((end = line_end(csv)) != 0) {
		csv->pos += end;
		csv->next_line++;
	}
	return (CSV_RECORD);
}
