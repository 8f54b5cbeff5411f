/*
 * The Authorization header: Basic, RFC 7617, and Bearer, RFC 6750.  Pure
 * functions.  A decoded password is in the caller's buffers and nowhere else
 * when they return, and nothing here is ever logged.
 */
#include "authorization.h"

#include <stdint.h>

#include "base64url.h"
#include "http.h"
#include "utf8.h"

/* more than any user and password that fit into a request to the signer */
#define PAIR_MAX	4096

/*
 * The credentials after scheme 1*SP (RFC 9110 section 11.4); the scheme's case
 * does not matter (section 11.1).
 */
static enum auth_result
credentials(struct span header, const char *scheme, struct span *text)
{
	size_t n;

	n = strlen(scheme);
	if (header.p == NULL || header.len < n ||
	    strncasecmp(header.p, scheme, n) != 0)
		return (AUTH_ABSENT);
	if (header.len > n && http_tchar[(uint8_t)header.p[n]])
		return (AUTH_ABSENT);	/* a longer name, another scheme */
	text->p = header.p + n;
	text->len = header.len - n;
	while (text->len > 0 && *text->p == ' ') {
		text->p++;
		text->len--;
	}
	if (text->len == 0 || text->p == header.p + n)
		return (AUTH_MALFORMED);
	return (AUTH_OK);
}

/* user-id ":" password; the first colon divides them (RFC 7617 section 2) */
static enum auth_result
split(const char *pair, size_t len, char *user, size_t user_size,
    char *password, size_t password_size)
{
	const char *colon;
	size_t user_len, password_len;

	if ((colon = memchr(pair, ':', len)) == NULL)
		return (AUTH_MALFORMED);
	user_len = (size_t)(colon - pair);
	password_len = len - user_len - 1;
	if (user_len == 0 || user_len >= user_size ||
	    password_len >= password_size)
		return (AUTH_MALFORMED);
	/* no CTL in either, RFC 7617 section 2 */
	if (!utf8_no_controls(pair, len))
		return (AUTH_MALFORMED);
	memcpy(user, pair, user_len);
	user[user_len] = '\0';
	memcpy(password, colon + 1, password_len);
	password[password_len] = '\0';
	return (AUTH_OK);
}

enum auth_result
authorization_basic(struct span header, char *user, size_t user_size,
    char *password, size_t password_size)
{
	char pair[PAIR_MAX];
	struct span text;
	enum auth_result r;
	ssize_t n;

	r = credentials(header, "Basic", &text);
	if (r == AUTH_OK) {
		n = base64_decode(pair, sizeof(pair), text.p, text.len);
		r = n == -1 ? AUTH_MALFORMED : split(pair, (size_t)n, user,
		    user_size, password, password_size);
		/* also what a failed decoder left */
		explicit_bzero(pair, sizeof(pair));
	}
	if (r != AUTH_OK) {
		explicit_bzero(user, user_size);
		explicit_bzero(password, password_size);
	}
	return (r);
}

#define T	1,
#define o	0,
/* of a b64token, RFC 6750 section 2.1 */
static const uint8_t token_char[256] = {
	/* 0x00 to 0x1f: controls */
	o o o o o o o o  o o o o o o o o  o o o o o o o o  o o o o o o o o
	/*   ! " # $ % & '  ( ) * + , - . /  0 to 7           8 9 : ; < = > ? */
	o o o o o o o o  o o o T o T T T  T T T T T T T T  T T o o o o o o
	/* @ A to Z                                             [ \ ] ^ _ */
	o T T T T T T T  T T T T T T T T  T T T T T T T T  T T T o o o o T
	/* ` a to z                                             { | } ~ DEL */
	o T T T T T T T  T T T T T T T T  T T T T T T T T  T T T o o o T o
};
#undef T
#undef o

enum auth_result
authorization_bearer(struct span header, struct span *token)
{
	struct span text;
	enum auth_result r;
	size_t i;

	token->p = NULL;
	token->len = 0;
	if ((r = credentials(header, "Bearer", &text)) != AUTH_OK)
		return (r);
	for (i = 0; i < text.len && token_char[(uint8_t)text.p[i]]; i++)
		;
	if (i == 0)
		return (AUTH_MALFORMED);
	while (i < text.len && text.p[i] == '=')
		i++;
	if (i != text.len)
		return (AUTH_MALFORMED);
	*token = text;
	return (AUTH_OK);
}
