/*
 * Lines of the file of what was revoked.  Pure: bytes in, bytes out; no file is
 * opened here and no clock is read.
 */
#include "revoked_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "jwt.h"
#include "message.h"
#include "users.h"
#include "users_table.h"

#define LINE_MAX_BYTES	(MESSAGE_USER_MAX + 64)

static bool
split(const char *line, size_t len, struct span part[3])
{
	const char *first, *last;

	first = memchr(line, ':', len);
	last = memrchr(line, ':', len);
	if (first == NULL || first == last)
		return (false);
	part[0].p = line;
	part[0].len = (size_t)(first - line);
	part[1].p = first + 1;
	part[1].len = (size_t)(last - first) - 1;
	part[2].p = last + 1;
	part[2].len = (size_t)(line + len - last) - 1;
	return (true);
}

/* as a worker may send it, and our own are */
static bool
id_valid(struct span id)
{
	size_t i;

	for (i = 0; i < id.len; i++)
		if (!((id.p[i] >= 'a' && id.p[i] <= 'z') ||
		    (id.p[i] >= 'A' && id.p[i] <= 'Z') ||
		    (id.p[i] >= '0' && id.p[i] <= '9') ||
		    id.p[i] == '-' || id.p[i] == '_' || id.p[i] == '.'))
			return (false);
	return (id.len > 0 && id.len <= MESSAGE_TOKEN_ID_MAX);
}

static bool
time_valid(struct span text, int64_t *time)
{
	const char *errstr;
	char digits[16];
	size_t i;

	if (text.len == 0 || text.len >= sizeof(digits))
		return (false);
	for (i = 0; i < text.len; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return (false);
	memcpy(digits, text.p, text.len);
	digits[text.len] = '\0';
	*time = strtonum(digits, 1, REVOKED_TIME_MAX, &errstr);
	return (errstr == NULL);
}

enum revoked_result
revoked_line_parse(const char *line, size_t len, struct revoked_line *out,
    const char **why)
{
	struct span part[3];

	if (len == 0 || line[0] == '#')
		return (REVOKED_BLANK);
	*why = "not \"token:ID:TIME\" or \"user:NAME:TIME\"";
	if (!split(line, len, part))
		return (REVOKED_BAD);
	out->id = part[1];
	if (span_is(part[0], "token")) {
		out->kind = REVOKED_TOKEN;
		*why = "invalid token id";
		if (!id_valid(out->id))
			return (REVOKED_BAD);
	} else if (span_is(part[0], "user")) {
		out->kind = REVOKED_USER;
		if (!users_name_valid(out->id.p, out->id.len, why))
			return (REVOKED_BAD);
	} else
		return (REVOKED_BAD);
	*why = "invalid time";
	return (time_valid(part[2], &out->time) ? REVOKED_LINE : REVOKED_BAD);
}

bool
revoked_line_over(const struct revoked_line *line, int64_t now)
{
	int64_t until;

	/* the last token from before that time may have lived this long */
	until = line->time + JWT_LEEWAY;
	if (line->kind == REVOKED_USER)
		until += CONF_LIFETIME_MAX;
	return (until <= now);
}

static bool
replaces(const struct revoked_line *new, const struct revoked_line *old)
{
	return (new->kind == old->kind && new->id.len == old->id.len &&
	    memcmp(new->id.p, old->id.p, new->id.len) == 0);
}

char *
revoked_lines_add(const char *old, size_t old_len,
    const struct revoked_line *new, int64_t now, size_t *len)
{
	struct revoked_line line;
	const char *why;
	struct span text;
	int64_t time;
	size_t pos;
	char *out;
	int n;

	if ((out = malloc(old_len + 1 + LINE_MAX_BYTES)) == NULL)
		return (NULL);
	time = new->time;
	*len = pos = 0;
	while (users_next_line(old, old_len, &pos, &text)) {
		if (revoked_line_parse(text.p, text.len, &line, &why) ==
		    REVOKED_LINE) {
			if (replaces(new, &line)) {
				time = line.time > time ? line.time : time;
				continue;
			}
			if (revoked_line_over(&line, now))
				continue;
		}
		memcpy(out + *len, text.p, text.len);
		*len += text.len;
		out[(*len)++] = '\n';
	}
	n = snprintf(out + *len, LINE_MAX_BYTES, "%s:%.*s:%lld\n",
	    new->kind == REVOKED_TOKEN ? "token" : "user", (int)new->id.len,
	    new->id.p, (long long)time);
	if (n < 0 || n >= LINE_MAX_BYTES) {
		free(out);
		return (NULL);
	}
	*len += (size_t)n;
	return (out);
}
