/*
 * Lines of the file of what was revoked: what is taken is within its limits,
 * and an edit keeps what it must.  The first byte chooses what is added.
 */
#include "revoked_lines.h"

#include "fuzz.h"
#include "message.h"
#include "users.h"
#include "users_table.h"

#define NOW	1790000000

static size_t
check(const char *buf, size_t len, int64_t now)
{
	struct revoked_line line;
	const char *why;
	struct span text;
	size_t n, pos;

	n = pos = 0;
	while (users_next_line(buf, len, &pos, &text)) {
		why = NULL;
		switch (revoked_line_parse(text.p, text.len, &line, &why)) {
		case REVOKED_LINE:
			must(fuzz_inside(line.id, buf, len));
			must(line.id.len > 0 && line.time > 0);
			must(line.time <= REVOKED_TIME_MAX);
			must(line.kind == REVOKED_USER ?
			    users_name_valid(line.id.p, line.id.len, &why) :
			    line.id.len <= MESSAGE_TOKEN_ID_MAX);
			must(!revoked_line_over(&line, line.time));
			n += !revoked_line_over(&line, now);
			break;
		case REVOKED_BLANK:
			break;
		case REVOKED_BAD:
			must(why != NULL);
			break;
		}
	}
	return (n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct revoked_line line;
	size_t before, len;
	char *buf, *new, *again;
	size_t again_len;

	if (size == 0)
		return (0);
	line.kind = data[0] % 2 == 0 ? REVOKED_TOKEN : REVOKED_USER;
	line.id.p = "a";
	line.id.len = 1;
	line.time = NOW + data[0];
	buf = fuzz_copy(data + 1, size - 1);
	before = check(buf, size - 1, NOW);
	if ((new = revoked_lines_add(buf, size - 1, &line, NOW, &len)) == NULL)
		abort();
	must(len <= size + 64 && len > 0 && new[len - 1] == '\n');
	/* one more, if it was not there; other lines of it are one now */
	must(check(new, len, NOW) <= before + 1);
	must(check(new, len, NOW) >= 1);
	again = revoked_lines_add(new, len, &line, NOW, &again_len);
	must(again != NULL && again_len == len && memcmp(new, again, len) == 0);
	free(again);
	free(new);
	free(buf);
	return (0);
}
