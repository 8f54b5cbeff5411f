/*
 * Answers of a server: fed whole and in pieces, with one result.  The first
 * byte says how large the pieces are.
 */
#include "fetch_response.h"

#include "fuzz.h"

static enum http_result
feed(struct fetch_response *r, char *buf, const char *in, size_t len,
    size_t step, const char **why)
{
	enum http_result result;
	size_t n, had;

	memset(r, 0, sizeof(*r));
	*why = NULL;
	for (had = 0; had < len; had = n) {
		n = len - had < step ? len : had + step;
		memcpy(buf + had, in + had, n - had);
		result = fetch_response_parse(r, buf, n, false, why);
		if (result != HTTP_MORE)
			return (result);
	}
	return (fetch_response_parse(r, buf, len, true, why));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fetch_response whole, piece;
	enum http_result a, b;
	const char *why, *piece_why;
	char *in, *x, *y;
	size_t step;

	if (size < 1)
		return (0);
	step = (size_t)data[0] % 64 + size / 256 + 1;
	size--;
	in = fuzz_copy(data + 1, size);
	x = fuzz_copy(in, size);
	y = fuzz_copy(in, size);
	a = feed(&whole, x, in, size, size > 0 ? size : 1, &why);
	b = feed(&piece, y, in, size, step, &piece_why);
	must(a != HTTP_MORE && a == b);
	if (a == HTTP_BAD)
		must(why != NULL && piece_why != NULL &&
		    strcmp(why, piece_why) == 0);
	else {
		must(whole.status == 200 && whole.max_age == piece.max_age);
		must(whole.body_len <= FETCH_BODY_MAX);
		must(whole.body >= x &&
		    whole.body + whole.body_len <= x + size);
		must(whole.body_len == piece.body_len &&
		    memcmp(whole.body, piece.body, whole.body_len) == 0);
	}
	free(in);
	free(x);
	free(y);
	return (0);
}
