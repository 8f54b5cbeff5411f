/*
 * JSON from outside, read strictly.  Pure functions.  jansson does the parsing;
 * the depth is looked at first, because jansson recurses, and numbers that it
 * cannot hold are set aside.
 */
#include "json.h"

#include <stdint.h>
#include <stdlib.h>

/* a literal this short always fits: 18 digits, or a small exponent */
#define NUMBER_SAFE	18

/*
 * Pass over a string; i is at its first quote.  Returns where the next thing
 * begins, or len if the string does not end.
 */
static size_t
after_string(const char *buf, size_t len, size_t i)
{
	for (i++; i < len && buf[i] != '"'; i++)
		if (buf[i] == '\\')
			i++;
	return (i < len ? i + 1 : len);
}

/* How often that character is there; past JSON_MAX_DEPTH, at least so often. */
static size_t
count(const char *buf, size_t len, char c)
{
	const char *p, *end;
	size_t n;

	end = buf + len;
	for (n = 0, p = buf; n <= JSON_MAX_DEPTH &&
	    (p = memchr(p, c, (size_t)(end - p))) != NULL; p++)
		n++;
	return (n);
}

/* Does the text nest deeper than we read?  Strings are passed over. */
static bool
too_deep(const char *buf, size_t len)
{
	size_t i;
	int depth;

	/* most have not even that many brackets */
	if (count(buf, len, '{') + count(buf, len, '[') <= JSON_MAX_DEPTH)
		return (false);
	depth = 0;
	for (i = 0; i < len; i++) {
		if (buf[i] == '"')
			i = after_string(buf, len, i) - 1;
		else if (buf[i] == '{' || buf[i] == '[') {
			if (++depth > JSON_MAX_DEPTH)
				return (true);
		} else if (buf[i] == '}' || buf[i] == ']')
			depth--;
	}
	return (false);
}

static size_t
digits(const char *p, size_t len)
{
	size_t n;

	for (n = 0; n < len && p[n] >= '0' && p[n] <= '9'; n++)
		;
	return (n);
}

/* RFC 8259 section 6.  Returns the length of the number at p, or 0. */
static size_t
number_length(const char *p, size_t len)
{
	size_t i, n;

	i = len > 0 && p[0] == '-' ? 1 : 0;
	if ((n = digits(p + i, len - i)) == 0 || (n > 1 && p[i] == '0'))
		return (0);
	i += n;
	if (i < len && p[i] == '.') {
		if ((n = digits(p + i + 1, len - i - 1)) == 0)
			return (0);
		i += n + 1;
	}
	if (i < len && (p[i] == 'e' || p[i] == 'E')) {
		i++;
		if (i < len && (p[i] == '+' || p[i] == '-'))
			i++;
		if ((n = digits(p + i, len - i)) == 0)
			return (0);
		i += n;
	}
	return (i);
}

/* How many bytes there are of those that numbers are made of. */
static size_t
number_bytes(const char *p, size_t len)
{
	static const char bytes[] = "0123456789+-.eE";
	size_t n;

	for (n = 0; n < len && memchr(bytes, p[n], sizeof(bytes) - 1) != NULL;
	    n++)
		;
	return (n);
}

/*
 * Put a small real in the place of each valid number that may be too large.  A
 * real, so that nobody takes it for a time.  The text keeps its length.  What
 * touches a number and is none, as in 1-2, stays, and jansson says that it is
 * wrong.
 */
static void
set_numbers_aside(char *buf, size_t len)
{
	static const char real[] = "0.5";
	size_t i, n;

	for (i = 0; i < len; i++) {
		if (buf[i] == '"') {
			i = after_string(buf, len, i) - 1;
			continue;
		}
		if (buf[i] != '-' && digits(buf + i, 1) == 0)
			continue;
		n = number_bytes(buf + i, len - i);
		if (number_length(buf + i, n) == n &&
		    (n > NUMBER_SAFE || (n >= sizeof(real) - 1 &&
		    (memchr(buf + i, 'e', n) != NULL ||
		    memchr(buf + i, 'E', n) != NULL)))) {
			memset(buf + i, ' ', n);
			memcpy(buf + i, real, sizeof(real) - 1);
		}
		i += n - 1;
	}
}

static json_t *
parse_large_numbers(const char *buf, size_t len, json_error_t *error)
{
	json_t *json;
	char *copy;

	if ((copy = malloc(len)) == NULL)
		return (NULL);
	memcpy(copy, buf, len);
	set_numbers_aside(copy, len);
	json = json_loadb(copy, len, JSON_REJECT_DUPLICATES, error);
	freezero(copy, len);
	return (json);
}

json_t *
json_object_parse(const char *buf, size_t len, const char **why)
{
	json_error_t error;
	json_t *json;

	if (too_deep(buf, len)) {
		*why = "JSON nests too deep";
		return (NULL);
	}
	json = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL &&
	    json_error_code(&error) == json_error_numeric_overflow)
		json = parse_large_numbers(buf, len, &error);
	if (json == NULL) {
		switch (json_error_code(&error)) {
		case json_error_duplicate_key:
			*why = "JSON has the same name twice";
			break;
		case json_error_out_of_memory:
			*why = "out of memory";
			break;
		default:
			*why = "invalid JSON";
			break;
		}
		return (NULL);
	}
	if (!json_is_object(json)) {
		json_decref(json);
		*why = "not a JSON object";
		return (NULL);
	}
	return (json);
}

static bool
is_space(char c)
{
	return (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

/* Pass over a value; i is at its first byte. */
static size_t
after_value(const char *buf, size_t len, size_t i)
{
	int depth;

	if (buf[i] == '"')
		return (after_string(buf, len, i));
	for (depth = 0; i < len; i++) {
		if (buf[i] == '"') {
			i = after_string(buf, len, i) - 1;
			continue;
		}
		if (buf[i] == '{' || buf[i] == '[')
			depth++;
		else if (depth == 0 && (buf[i] == ',' || buf[i] == '}' ||
		    is_space(buf[i])))
			break;
		else if ((buf[i] == '}' || buf[i] == ']') && --depth == 0)
			return (i + 1);
	}
	return (i);
}

bool
json_next_member(const char *buf, size_t len, size_t *pos, struct span *name,
    struct span *value)
{
	size_t i;

	i = *pos;
	while (i < len && (is_space(buf[i]) || buf[i] == ',' ||
	    (buf[i] == '{' && *pos == 0)))
		i++;
	if (i >= len || buf[i] != '"')
		return (false);
	name->p = buf + i;
	i = after_string(buf, len, i);
	name->len = (size_t)(buf + i - name->p);
	while (i < len && (is_space(buf[i]) || buf[i] == ':'))
		i++;
	if (i >= len)
		return (false);
	value->p = buf + i;
	i = after_value(buf, len, i);
	value->len = (size_t)(buf + i - value->p);
	*pos = i;
	return (true);
}

bool
json_name_is(struct span name, const char *text)
{
	json_t *json;
	bool same;

	/* without escapes it says what it looks like */
	if (memchr(name.p, '\\', name.len) == NULL)
		return (name.len == strlen(text) + 2 &&
		    memcmp(name.p + 1, text, name.len - 2) == 0);
	json = json_loadb(name.p, name.len, JSON_DECODE_ANY, NULL);
	same = json_is_string(json) &&
	    strcmp(json_string_value(json), text) == 0;
	json_decref(json);
	return (same);
}

struct span
json_member(const char *buf, size_t len, const char *wanted)
{
	struct span name, value;
	size_t pos;

	pos = 0;
	while (json_next_member(buf, len, &pos, &name, &value))
		if (json_name_is(name, wanted))
			return (value);
	value.p = NULL;
	value.len = 0;
	return (value);
}

/* The code point of valid UTF-8 at p, and its length. */
static uint32_t
code_point(const char *p, size_t *n)
{
	const uint8_t *u;

	u = (const uint8_t *)p;
	if (u[0] < 0x80) {
		*n = 1;
		return (u[0]);
	}
	if (u[0] < 0xe0) {
		*n = 2;
		return ((u[0] & 0x1fu) << 6 | (u[1] & 0x3fu));
	}
	if (u[0] < 0xf0) {
		*n = 3;
		return ((u[0] & 0xfu) << 12 | (u[1] & 0x3fu) << 6 |
		    (u[2] & 0x3fu));
	}
	*n = 4;
	return ((u[0] & 7u) << 18 | (u[1] & 0x3fu) << 12 |
	    (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu));
}

/* \uXXXX, RFC 8259 section 7.  Returns its length. */
static size_t
escape_unit(char *out, uint32_t unit)
{
	static const char hex[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'u';
	out[2] = hex[unit >> 12 & 0xf];
	out[3] = hex[unit >> 8 & 0xf];
	out[4] = hex[unit >> 4 & 0xf];
	out[5] = hex[unit & 0xf];
	return (6);
}

static size_t
escape(char out[12], uint32_t code)
{
	if (code < 0x10000)
		return (escape_unit(out, code));
	code -= 0x10000;
	return (escape_unit(out, 0xd800 | code >> 10) +
	    escape_unit(out + 6, 0xdc00 | (code & 0x3ff)));
}

ssize_t
json_compact(char *out, size_t size, struct span text, bool ascii)
{
	char piece[12];
	const char *from;
	size_t i, n, used, len;
	bool in_string;

	in_string = false;
	for (i = n = 0; i < text.len; i += used) {
		used = len = 1;
		from = text.p + i;
		if (!in_string && is_space(*from))
			continue;
		if (*from == '"')
			in_string = !in_string;
		else if (in_string && *from == '\\')
			used = len = 2;
		else if (ascii && (uint8_t)*from >= 0x7f) {
			len = escape(piece, code_point(from, &used));
			from = piece;
		}
		if (len > size - n)
			return (-1);
		/* out may be where the text is */
		memmove(out + n, from, len);
		n += len;
	}
	return ((ssize_t)n);
}
