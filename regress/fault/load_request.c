/*
 * The requests of the load client, and whether an answer is the right one.  It
 * believes nothing: neither a status nor whose token it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64url.h"
#include "load.h"

#define ANSWER_MAX	((size_t)65536)

static void
choose(struct load_options *options, struct load_request *request)
{
	unsigned int r;

	request->user = &options->users[arc4random_uniform(
	    (uint32_t)options->nusers)];
	r = arc4random_uniform(1000);
	request->kind = LOAD_RESOURCE;
	if (r < options->wrong)
		request->kind = LOAD_WRONG_PASSWORD;
	else if (r < options->wrong + options->grants ||
	    request->user->token[0] == '\0')
		request->kind = LOAD_GRANT;
	else if (r >= 980)
		request->kind = LOAD_WRONG_TOKEN;
	else if (r >= 960)
		request->kind = LOAD_WRONG_SCOPE;
}

/* RFC 7617 section 2; base64 with padding is what it wants */
static void
basic(const char *user, const char *password, char out[512])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char in[256];
	size_t i, n;
	uint32_t v;
	char *p;

	memset(in, 0, sizeof(in));
	n = (size_t)snprintf((char *)in, sizeof(in) - 2, "%s:%s", user,
	    password);
	p = out;
	for (i = 0; i < n; i += 3) {
		v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 |
		    in[i + 2];
		*p++ = digits[v >> 18];
		*p++ = digits[v >> 12 & 63];
		*p++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*p++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*p = '\0';
}

void
load_request_make(struct load_options *options, struct load_request *request)
{
	char token[LOAD_TOKEN], credentials[512], *p;
	const char *path, *end;
	int n;

	choose(options, request);
	path = request->kind == LOAD_WRONG_SCOPE ? "/scope" : "/verify";
	end = arc4random_uniform(1000) < options->ends ?
	    "Connection: close\r\n" : "";
	if (request->kind == LOAD_GRANT ||
	    request->kind == LOAD_WRONG_PASSWORD) {
		basic(request->user->name, request->kind == LOAD_GRANT ?
		    request->user->password : "wrong", credentials);
		n = snprintf(request->text, sizeof(request->text),
		    "GET /token HTTP/1.1\r\nHost: localhost\r\n"
		    "%sAuthorization: Basic %s\r\n\r\n", end, credentials);
	} else {
		(void)strlcpy(token, request->user->token, sizeof(token));
		/* in the middle of the signature, where all bits count */
		if (request->kind == LOAD_WRONG_TOKEN &&
		    (p = strrchr(token, '.')) != NULL && strlen(p) > 16)
			p[8] = p[8] == 'A' ? 'B' : 'A';
		n = snprintf(request->text, sizeof(request->text),
		    "GET %s HTTP/1.1\r\nHost: localhost\r\n"
		    "%sAuthorization: Bearer %s\r\n\r\n", path, end, token);
	}
	if (n < 0 || (size_t)n >= sizeof(request->text))
		abort();
	request->len = (size_t)n;
}

/* The value of a field; NULL if it is not there. */
static const char *
field(const struct load_answer *answer, const char *name, size_t *len)
{
	const char *line, *end, *stop;
	size_t n;

	n = strlen(name);
	stop = answer->head + answer->head_len;
	for (line = answer->head; line < stop; line = end + 2) {
		if ((end = memmem(line, (size_t)(stop - line), "\r\n", 2)) ==
		    NULL)
			break;
		if ((size_t)(end - line) < n + 2 ||
		    strncasecmp(line, name, n) != 0 ||
		    memcmp(line + n, ": ", 2) != 0)
			continue;
		*len = (size_t)(end - line) - n - 2;
		return (line + n + 2);
	}
	return (NULL);
}

int
load_answer_parse(const char *buf, size_t len, struct load_answer *answer)
{
	const char *end, *value;
	size_t n, body;

	memset(answer, 0, sizeof(*answer));
	if ((end = memmem(buf, len, "\r\n\r\n", 4)) == NULL)
		return (len < ANSWER_MAX ? 0 : -1);
	answer->head = buf;
	answer->head_len = (size_t)(end - buf) + 2;
	if (answer->head_len < 14 || memcmp(buf, "HTTP/1.1 ", 9) != 0)
		return (-1);
	answer->status = (int)strtol(buf + 9, NULL, 10);
	body = 0;
	if ((value = field(answer, "Content-Length", &n)) != NULL)
		body = strtoul(value, NULL, 10);
	if (body > ANSWER_MAX)
		return (-1);
	value = field(answer, "Connection", &n);
	answer->close = value != NULL && n == 5 &&
	    strncasecmp(value, "close", 5) == 0;
	answer->len = answer->head_len + 2 + body;
	return (len >= answer->len ? 1 : 0);
}

/* Keep the token of a grant.  Is it for this user? */
static bool
take_token(struct load_user *user, const struct load_answer *answer)
{
	static const char key[] = "\"access_token\":\"";
	char claims[LOAD_TOKEN], wanted[256];
	const char *begin, *end, *payload, *dot, *stop;
	ssize_t n;

	stop = answer->head + answer->len;
	begin = memmem(answer->head, answer->len, key, sizeof(key) - 1);
	if (begin == NULL)
		return (false);
	begin += sizeof(key) - 1;
	end = memchr(begin, '"', (size_t)(stop - begin));
	if (end == NULL || (size_t)(end - begin) >= sizeof(user->token) ||
	    (payload = memchr(begin, '.', (size_t)(end - begin))) == NULL)
		return (false);
	payload++;
	dot = memchr(payload, '.', (size_t)(end - payload));
	if (dot == NULL || (n = base64url_decode((uint8_t *)claims,
	    sizeof(claims) - 1, payload, (size_t)(dot - payload))) == -1)
		return (false);
	claims[n] = '\0';
	(void)snprintf(wanted, sizeof(wanted), "\"sub\":\"%s\"", user->name);
	if (strstr(claims, wanted) == NULL)
		return (false);
	memcpy(user->token, begin, (size_t)(end - begin));
	user->token[end - begin] = '\0';
	return (true);
}

static bool
is_subject(const struct load_user *user, const struct load_answer *answer)
{
	const char *value;
	size_t n;

	value = field(answer, "X-Auth-Subject", &n);
	return (value != NULL && n == strlen(user->name) &&
	    memcmp(value, user->name, n) == 0);
}

static bool
is_right(struct load_request *request, const struct load_answer *answer)
{
	switch (request->kind) {
	case LOAD_GRANT:
		return (answer->status == 200 &&
		    take_token(request->user, answer));
	case LOAD_RESOURCE:
		return (answer->status == 202 &&
		    is_subject(request->user, answer));
	case LOAD_WRONG_SCOPE:
		return (answer->status == 403);
	case LOAD_WRONG_PASSWORD:
	case LOAD_WRONG_TOKEN:
		return (answer->status == 401);
	}
	return (false);
}

enum load_result
load_answer_check(const struct load_options *options,
    struct load_request *request, const struct load_answer *answer)
{
	const char *value;
	size_t n;
	bool grant;

	if (is_right(request, answer))
		return (LOAD_GOOD);
	grant = request->kind == LOAD_GRANT ||
	    request->kind == LOAD_WRONG_PASSWORD;
	value = field(answer, "Retry-After", &n);
	if (grant && answer->status == 503 && value != NULL &&
	    *value >= '1' && *value <= '9')
		return (LOAD_BUSY);
	if (options->stale && !grant && answer->status == 401) {
		request->user->token[0] = '\0';
		return (LOAD_STALE);
	}
	return (LOAD_BAD);
}
