/*
 * Forms: pairs lie in the buffer and never overlap, no control character comes
 * out, and pairs that are encoded here come out there.
 */
#include "form.h"

#include "fuzz.h"
#include "utf8.h"

#define PAIRS	64

static size_t
encode(struct span s, char *out)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		snprintf(out + i * 3, 4, "%%%02x", (uint8_t)s.p[i]);
	return (s.len * 3);
}

/* Encode what came out with all bytes escaped; it must come out the same. */
static void
round_trip(const struct span *pairs, size_t n, size_t total)
{
	struct form form;
	struct span name, value;
	size_t i, len;
	char *buf;

	if ((buf = malloc(total * 3 + n * 2 + 1)) == NULL)
		abort();
	len = 0;
	for (i = 0; i < n; i++) {
		len += encode(pairs[i * 2], buf + len);
		buf[len++] = '=';
		len += encode(pairs[i * 2 + 1], buf + len);
		buf[len++] = '&';
	}
	form_init(&form, buf, len);
	for (i = 0; i < n; i++) {
		must(form_next(&form, &name, &value) == FORM_PAIR);
		must(name.len == pairs[i * 2].len &&
		    memcmp(name.p, pairs[i * 2].p, name.len) == 0);
		must(value.len == pairs[i * 2 + 1].len &&
		    memcmp(value.p, pairs[i * 2 + 1].p, value.len) == 0);
	}
	must(form_next(&form, &name, &value) == FORM_END);
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span pairs[PAIRS * 2], name, value;
	struct form form;
	enum form_result r;
	const char *past;
	size_t n, total;
	char *buf;

	buf = fuzz_copy(data, size);
	form_init(&form, buf, size);
	past = buf;
	n = total = 0;
	while ((r = form_next(&form, &name, &value)) == FORM_PAIR) {
		must(fuzz_inside(name, buf, size) && name.p >= past);
		must(fuzz_inside(value, buf, size));
		must(value.p >= name.p + name.len);
		must(utf8_no_controls(name.p, name.len));
		must(utf8_no_controls(value.p, value.len));
		past = value.p + value.len;
		if (n < PAIRS) {
			pairs[n * 2] = name;
			pairs[n * 2 + 1] = value;
			total += name.len + value.len;
			n++;
		}
	}
	must(form_next(&form, &name, &value) == r);
	must(total <= size);
	round_trip(pairs, n, total);
	free(buf);
	return (0);
}
