/*
 * Paths: decoded, a path has no control character and no dot segment, is not
 * longer, and comes out the same when all of it is escaped.
 */
#include "http.h"

#include "fuzz.h"
#include "utf8.h"

static void
check_segments(const char *p)
{
	size_t n;

	must(*p == '/');
	while (*p == '/') {
		n = strcspn(++p, "/");
		must(!(n == 1 && p[0] == '.'));
		must(!(n == 2 && p[0] == '.' && p[1] == '.'));
		p += n;
	}
	must(*p == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[HTTP_PATH_MAX + 1], again[HTTP_PATH_MAX + 1], *copy, *small;
	char escaped[HTTP_PATH_MAX * 3 + 1];
	struct span path;
	ssize_t n;
	size_t i;

	copy = fuzz_copy(data, size);
	path.p = copy;
	path.len = size;
	n = http_path_decode(path, out, sizeof(out));
	if (n == -1) {
		free(copy);
		return (0);
	}
	must(n > 0 && (size_t)n <= size && (size_t)n == strlen(out));
	must(utf8_no_controls(out, (size_t)n));
	check_segments(out);
	/* into just enough room, and one byte less */
	small = fuzz_copy(out, (size_t)n + 1);
	must(http_path_decode(path, small, (size_t)n + 1) == n);
	must(strcmp(small, out) == 0);
	must(http_path_decode(path, small, (size_t)n) == -1);
	free(small);
	free(copy);
	/* all but the first, which must be there as it is */
	escaped[0] = '/';
	for (i = 1; i < (size_t)n; i++)
		snprintf(escaped + i * 3 - 2, 4, "%%%02X", (uint8_t)out[i]);
	path.p = escaped;
	path.len = (size_t)n * 3 - 2;
	must(http_path_decode(path, again, sizeof(again)) == n);
	must(strcmp(again, out) == 0);
	return (0);
}
