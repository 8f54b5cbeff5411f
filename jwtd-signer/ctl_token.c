/*
 * jwtctl token: reads a token from standard input, and shows it.  The token is
 * wiped and never written.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base64url.h"
#include "ctl.h"
#include "file.h"
#include "json.h"
#include "jwt.h"
#include "log.h"
#include "span.h"

#define INPUT_MAX	65536

static struct span
trim(struct span s)
{
	while (s.len > 0 && isspace((unsigned char)s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return (s);
}

/*
 * The token in what was pasted: as it is, after "Bearer ", or in the answer of
 * a grant, which stays in *answer for as long as the span is used.
 */
static struct span
find_token(const char *buf, size_t len, json_t **answer)
{
	const char *text, *why;
	struct span s;

	s.p = buf;
	s.len = len;
	s = trim(s);
	if (s.len > 0 && s.p[0] == '{' &&
	    (*answer = json_object_parse(s.p, s.len, &why)) != NULL) {
		text = json_string_value(json_object_get(*answer,
		    "access_token"));
		s.p = text != NULL ? text : "";
		s.len = strlen(s.p);
	}
	if (s.len > 7 && strncasecmp(s.p, "Bearer ", 7) == 0) {
		s.p += 7;
		s.len -= 7;
		s = trim(s);
	}
	return (s);
}

int
ctl_with_token(int (*use)(struct span, void *), void *arg)
{
	json_t *answer;
	const char *why;
	struct span token;
	size_t len;
	char *buf;
	int status;

	buf = file_read_stream(STDIN_FILENO, INPUT_MAX, &len, &why);
	if (buf == NULL) {
		log_warnx("standard input: %s", why);
		return (CTL_FAILED);
	}
	answer = NULL;
	token = find_token(buf, len, &answer);
	if (token.len == 0) {
		log_warnx("there is no token on standard input");
		status = CTL_FAILED;
	} else
		status = use(token, arg);
	json_decref(answer);
	freezero(buf, len);
	return (status);
}

bool
ctl_has_c1(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0)
			return (true);
	return (false);
}

static void
print_line(int depth)
{
	printf("\n%*s", depth * 2, "");
}

/* Print compact JSON with a line for each member. */
static void
print_indented(const char *s)
{
	bool in_string;
	int depth;

	depth = 0;
	in_string = false;
	for (; *s != '\0'; s++) {
		if ((*s == '}' || *s == ']') && !in_string)
			print_line(--depth);
		putchar(*s);
		if (*s == '"')
			in_string = !in_string;
		else if (in_string && *s == '\\')
			putchar(*++s);
		else if (in_string)
			continue;
		else if (*s == ':')
			putchar(' ');
		else if (*s == ',')
			print_line(depth);
		else if (*s == '{' || *s == '[') {
			if (s[1] == '}' || s[1] == ']')
				putchar(*++s);
			else
				print_line(++depth);
		}
	}
	putchar('\n');
}

/*
 * Print a part of a token that jwt_peek() has read.  Its text, because a number
 * may be too large for jansson.
 */
static int
print_part(struct span part)
{
	struct span json;
	ssize_t n;
	size_t size;
	char *text, *out;

	/* \u in the place of two bytes takes six */
	size = part.len * 3 + 1;
	text = malloc(size);
	out = malloc(size);
	if (text == NULL || out == NULL ||
	    (n = base64url_decode(text, size, part.p, part.len)) == -1)
		goto fail;
	text[n] = '\0';
	json.p = text;
	json.len = (size_t)n;
	n = json_compact(out, size - 1, json, ctl_has_c1(text));
	if (n == -1)
		goto fail;
	out[n] = '\0';
	print_indented(out);
	free(text);
	free(out);
	return (0);
fail:
	log_warnx("out of memory");
	free(text);
	free(out);
	return (-1);
}

/* The part of a token before the next '.', and the token after it. */
static struct span
next_part(struct span *token)
{
	struct span part;
	const char *dot;

	part = *token;
	if ((dot = memchr(token->p, '.', token->len)) != NULL) {
		part.len = (size_t)(dot - token->p);
		token->p = dot + 1;
		token->len -= part.len + 1;
	}
	return (part);
}

void
ctl_format_span(char *out, size_t size, uint64_t seconds)
{
	static const struct {
		unsigned int	seconds;
		char		letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i;

	for (i = 0; i < 3 && seconds < units[i].seconds; i++)
		;
	(void)snprintf(out, size, "%llu%c",
	    (unsigned long long)(seconds / units[i].seconds), units[i].letter);
}

static void
print_time(const json_t *claims, const char *name, time_t now)
{
	const json_t *value;
	char text[32], span[32];
	struct tm tm;
	time_t t;

	value = json_object_get(claims, name);
	if (!json_is_integer(value))
		return;
	t = (time_t)json_integer_value(value);
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < -1900 ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	ctl_format_span(span, sizeof(span),
	    (uint64_t)(t > now ? t - now : now - t));
	printf("# %s %s (%s%s%s)\n", name, text, t > now ? "in " : "", span,
	    t > now ? "" : " ago");
}

static int
show(struct span token, void *arg)
{
	json_t *header, *claims;
	time_t now;
	int status;

	(void)arg;
	if (jwt_peek(token.p, token.len, &header, &claims) == -1) {
		log_warnx("not a JSON Web Token");
		return (CTL_FAILED);
	}
	status = CTL_FAILED;
	if (print_part(next_part(&token)) == 0 &&
	    print_part(next_part(&token)) == 0) {
		now = time(NULL);
		print_time(claims, "iat", now);
		print_time(claims, "nbf", now);
		print_time(claims, "exp", now);
		status = CTL_OK;
	}
	json_decref(header);
	json_decref(claims);
	return (status);
}

int
ctl_token_show(struct ctl *ctl, int argc, char **argv)
{
	(void)ctl;
	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	return (ctl_with_token(show, NULL));
}
