/*
 * Every line of a users file, parsed to say which are bad.  That takes seconds
 * for a million of them and no login waits for it.  It logs nothing itself.
 */
#include "users_check.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "users.h"
#include "users_find.h"

#define SOME_BYTES	(64UL * 1024)

void
users_check_begin(struct users_check *check)
{
	check->at = 0;
	check->number = 0;
	check->n = 0;
	check->hash = 0;
}

/* A hash of what was folded so far and of this. */
static void
fold(uint64_t *hash, const void *data, size_t len)
{
	uint8_t key[crypto_shorthash_KEYBYTES] = { 0 };
	uint8_t out[crypto_shorthash_BYTES];

	memcpy(key, hash, sizeof(*hash));
	(void)crypto_shorthash(out, data, len, key);
	memcpy(hash, out, sizeof(*hash));
}

/* They come in order.  Other lines may change without a new hash. */
static void
note(struct users_check *check, unsigned int number, struct span line,
    const char *why)
{
	if (check->n < USERS_CHECK_MAX) {
		check->first[check->n].line = number;
		check->first[check->n].why = why;
	}
	check->n++;
	fold(&check->hash, &number, sizeof(number));
	fold(&check->hash, line.p, line.len);
}

static int
check_line(struct users_check *check, const struct users_index *index,
    const struct users_text *text, const struct users_lines *lines,
    struct span line, size_t at)
{
	struct users_line user;
	const char *why;
	int counts;

	switch (users_parse_line(line.p, line.len, &user, &why)) {
	case USERS_BLANK:
		return (0);
	case USERS_BAD:
		note(check, lines->number, line, why);
		return (0);
	case USERS_LINE:
		break;
	}
	counts = users_find_counts(index, text, user.name, at, &check->buf);
	if (counts == 0)
		note(check, lines->number, line,
		    "an earlier line has the same name");
	return (counts == -1 ? -1 : 0);
}

int
users_check_some(struct users_check *check, const struct users_index *index,
    const struct users_text *text)
{
	struct users_lines lines;
	struct span line;
	size_t at, end;
	int rc;

	if (users_lines_begin(&lines, text, check->at, check->number) == -1)
		return (-1);
	end = check->at + SOME_BYTES;
	rc = 1;
	while (rc == 1 && lines.at < end) {
		if (!users_lines_next(&lines, &line, &at))
			rc = lines.failed ? -1 : 0;
		else if (check_line(check, index, text, &lines, line, at) == -1)
			rc = -1;
	}
	check->at = lines.at;
	check->number = lines.number;
	users_lines_end(&lines);
	users_line_wipe(&check->buf);
	return (rc);
}
