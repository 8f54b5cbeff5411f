/* CSV: records and their fields, and what is none. */
#include "csv.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* Fields are shown in brackets, each record with its line. */
static const struct {
	const char	*text;
	size_t		 len;		/* 0: strlen */
	const char	*want;
} files[] = {
	{ "", 0, "" },
	{ "\n", 0, "" },
	{ "\r\n\n\r\n", 0, "" },
	{ "\xef\xbb\xbf", 0, "" },
	{ "a", 0, "1[a]" },
	{ "a,b", 0, "1[a][b]" },
	{ "a,b\n", 0, "1[a][b]" },
	{ "a,b\r\n", 0, "1[a][b]" },
	{ "\xef\xbb\xbf\"a\",b\n", 0, "1[a][b]" },
	{ "a,b\nc,d", 0, "1[a][b]2[c][d]" },
	{ "a,b\r\nc,d\r\n", 0, "1[a][b]2[c][d]" },
	{ "a\n\n\r\nb\n", 0, "1[a]4[b]" },
	{ ",", 0, "1[][]" },
	{ "a,\n,b", 0, "1[a][]2[][b]" },
	{ " a , b ", 0, "1[ a ][ b ]" },
	{ "a;b\tc", 0, "1[a;b\tc]" },
	{ "\"\"", 0, "1[]" },
	{ "\"\"\n\"\",\"\"\n", 0, "1[]2[][]" },
	{ "\"a,b\",c", 0, "1[a,b][c]" },
	{ "\"a\"\"b\",\"\"\"\"", 0, "1[a\"b][\"]" },
	{ "\"\"\"a\"\"\"", 0, "1[\"a\"]" },
	{ "\"a\nb\",c\nd", 0, "1[a\nb][c]3[d]" },
	{ "\"a\r\n\r\nb\"\r\nd", 0, "1[a\r\n\r\nb]4[d]" },
	{ "\"a\rb\"", 0, "1[a\rb]" },
	{ "a,\"{\"\"x\"\":1}\"", 0, "1[a][{\"x\":1}]" },
	{ "1,2,3,4,5,6", 0, "1[1][2][3][4]+2" },
	{ "\"", 0, "!1 a quote is not closed" },
	{ "a\nb,\"c\nd\n", 0, "1[a]!2 a quote is not closed" },
	{ "\"a\"\"", 0, "!1 a quote is not closed" },
	{ "a\"b", 0, "!1 a quote inside of a field without quotes" },
	{ "a\nb,c\"d\"\n", 0,
	    "1[a]!2 a quote inside of a field without quotes" },
	{ "\"a\"b", 0, "!1 more after a closing quote" },
	{ "\"a\" ,b", 0, "!1 more after a closing quote" },
	{ "\"a\"\r", 0, "!1 more after a closing quote" },
	{ "a\rb\n", 0, "!1 a carriage return without a newline" },
	{ "a\r", 0, "!1 a carriage return without a newline" },
	{ "\r", 0, "!1 a carriage return without a newline" },
	{ "a\r\r\n", 0, "!1 a carriage return without a newline" },
	{ "a\0b", 3, "!1 a NUL byte" },
	{ "\"a\0b\"", 5, "!1 a NUL byte" },
	{ "a,\xef\xbb\xbf""b", 0, "1[a][\xef\xbb\xbf""b]" },
};

/* What was read, as it is in the list. */
static void
show(struct csv *csv, char *out, size_t size)
{
	struct span fields[4];
	enum csv_result result;
	const char *why;
	size_t i, n, used;

	out[0] = '\0';
	used = 0;
	while ((result = csv_next(csv, fields, 4, &n, &why)) == CSV_RECORD) {
		used += (size_t)snprintf(out + used, size - used, "%u",
		    csv->line);
		for (i = 0; i < n && i < 4; i++)
			used += (size_t)snprintf(out + used, size - used,
			    "[%.*s]", (int)fields[i].len, fields[i].p);
		if (n > 4)
			used += (size_t)snprintf(out + used, size - used,
			    "+%zu", n - 4);
	}
	if (result == CSV_BAD)
		(void)snprintf(out + used, size - used, "!%u %s", csv->line,
		    why);
}

int
main(void)
{
	struct csv csv;
	char got[512], *copy;
	size_t i, len;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		len = files[i].len != 0 ? files[i].len : strlen(files[i].text);
		/* exactly sized, so that a sanitizer sees a read past it */
		if ((copy = malloc(len + (len == 0))) == NULL)
			abort();
		memcpy(copy, files[i].text, len);
		csv_init(&csv, copy, len);
		show(&csv, got, sizeof(got));
		if (!is_str(got, files[i].want, "records"))
			printf("# file %zu\n", i);
		free(copy);
	}
	return (done());
}
