/* Values in log lines: within bounds, closed by their own quotes, UTF-8. */
#include "log_value.h"

#include "utf8.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *in, *out;
	size_t i, room, n;

	if (size < 1)
		return (0);
	room = 8 + (size_t)data[0] * 2;
	in = malloc(size);
	out = malloc(room);
	if (in == NULL || out == NULL)
		abort();
	memcpy(in, data + 1, size - 1);
	in[size - 1] = '\0';
	log_value_quote(out, room, in);
	n = strlen(out);
	must(n >= 2 && n < room && out[0] == '"' && out[n - 1] == '"');
	must(utf8_valid(out, n) && utf8_no_controls(out, n));
	for (i = 1; i < n - 1; i++) {
		must(out[i] != '"');
		if (out[i] == '\\')
			i++;
	}
	must(i == n - 1);
	free(in);
	free(out);
	return (0);
}
