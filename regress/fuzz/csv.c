/*
 * CSV: fields lie in the buffer, one after the other, and those that are quoted
 * here come out there.
 */
#include "csv.h"

#include "fuzz.h"

#define FIELDS	64

/* A record of its first fields, all in quotes.  Returns its length. */
static size_t
encode(const struct span *fields, size_t n, char *out)
{
	size_t i, j, len;

	len = 0;
	for (i = 0; i < n; i++) {
		out[len++] = '"';
		for (j = 0; j < fields[i].len; j++) {
			if (fields[i].p[j] == '"')
				out[len++] = '"';
			out[len++] = fields[i].p[j];
		}
		out[len++] = '"';
		out[len++] = i + 1 < n ? ',' : '\n';
	}
	return (len);
}

static void
round_trip(const struct span *fields, size_t n)
{
	struct span again[FIELDS];
	struct csv csv;
	const char *why;
	size_t i, len, total;
	char *buf, *copy;

	for (total = i = 0; i < n; i++)
		total += fields[i].len;
	if ((buf = malloc(total * 2 + n * 3)) == NULL)
		abort();
	len = encode(fields, n, buf);
	copy = fuzz_copy(buf, len);
	csv_init(&csv, copy, len);
	must(csv_next(&csv, again, FIELDS, &i, &why) == CSV_RECORD);
	must(i == n && csv.line == 1);
	for (i = 0; i < n; i++)
		must(again[i].len == fields[i].len && memcmp(again[i].p,
		    fields[i].p, fields[i].len) == 0);
	must(csv_next(&csv, again, FIELDS, &i, &why) == CSV_END);
	free(copy);
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span fields[FIELDS];
	enum csv_result result;
	struct csv csv;
	const char *past, *why;
	unsigned int line;
	size_t i, n;
	char *buf;

	buf = fuzz_copy(data, size);
	csv_init(&csv, buf, size);
	past = buf;
	line = 0;
	while ((result = csv_next(&csv, fields, FIELDS, &n,
	    &why)) == CSV_RECORD) {
		must(n > 0 && csv.line > line);
		line = csv.line;
		if (n > FIELDS)
			n = FIELDS;
		for (i = 0; i < n; i++) {
			must(fuzz_inside(fields[i], buf, size));
			must(fields[i].p >= past);
			must(memchr(fields[i].p, '\0', fields[i].len) == NULL);
			past = fields[i].p + fields[i].len;
		}
		round_trip(fields, n);
	}
	must(result == CSV_END ? csv.pos == size : *why != '\0');
	free(buf);
	return (0);
}
