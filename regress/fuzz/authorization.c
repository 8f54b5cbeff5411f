/*
 * The Authorization header.  What is accepted is the one way to write it; what
 * is refused leaves nothing behind; credentials encoded here come out there.
 */
#include "authorization.h"

#include <sodium.h>

#include "fuzz.h"
#include "utf8.h"

#define USER_SIZE	256
#define PASSWORD_SIZE	512
#define VARIANT		sodium_base64_VARIANT_ORIGINAL

static bool
zero(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != '\0')
			return (false);
	return (true);
}

static size_t
encode(const char *user, size_t user_len, const char *password,
    size_t password_len, char *out, size_t size)
{
	char pair[2048];
	size_t n;

	must(user_len + 1 + password_len <= sizeof(pair));
	memcpy(pair, user, user_len);
	pair[user_len] = ':';
	memcpy(pair + user_len + 1, password, password_len);
	n = user_len + 1 + password_len;
	sodium_bin2base64(out, size, (unsigned char *)pair, n, VARIANT);
	return (strlen(out));
}

static void
check_basic(struct span header)
{
	char user[USER_SIZE], password[PASSWORD_SIZE], text[4096];
	size_t n;

	memset(user, 'u', sizeof(user));
	memset(password, 'p', sizeof(password));
	if (authorization_basic(header, user, sizeof(user), password,
	    sizeof(password)) != AUTH_OK) {
		must(zero(user, sizeof(user)));
		must(zero(password, sizeof(password)));
		return;
	}
	must(user[0] != '\0' && strchr(user, ':') == NULL);
	must(utf8_no_controls(user, strlen(user)));
	must(utf8_no_controls(password, strlen(password)));
	n = encode(user, strlen(user), password, strlen(password), text,
	    sizeof(text));
	must(header.len > n + 5 && header.p[header.len - n - 1] == ' ');
	must(memcmp(header.p + header.len - n, text, n) == 0);
}

static void
check_bearer(struct span header)
{
	struct span token;
	size_t i;

	if (authorization_bearer(header, &token) != AUTH_OK) {
		must(token.p == NULL && token.len == 0);
		return;
	}
	must(fuzz_inside(token, header.p, header.len) && token.len > 0);
	must(token.p + token.len == header.p + header.len);
	for (i = 0; i < token.len; i++)
		must(token.p[i] > ' ' && token.p[i] < 0x7f &&
		    token.p[i] != ',' && token.p[i] != '"');
}

/* The first half as a user, the second as a password. */
static void
round_trip(const char *p, size_t len)
{
	char user[USER_SIZE], password[PASSWORD_SIZE], text[4096];
	struct span header = { text, 0 };
	enum auth_result r;
	size_t half;
	bool good;

	half = len / 3;
	if (len > 1024 || memchr(p, ':', half) != NULL)
		return;
	memcpy(text, "Basic ", 6);
	header.len = 6 + encode(p, half, p + half, len - half, text + 6,
	    sizeof(text) - 6);
	r = authorization_basic(header, user, sizeof(user), password,
	    sizeof(password));
	good = half > 0 && half < sizeof(user) && len - half <
	    sizeof(password) && utf8_no_controls(p, len);
	must(r == (good ? AUTH_OK : AUTH_MALFORMED));
	must(!good || (strlen(user) == half &&
	    memcmp(user, p, half) == 0 && strlen(password) == len - half &&
	    memcmp(password, p + half, len - half) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span header;
	char *copy;

	copy = fuzz_copy(data, size);
	header.p = copy;
	header.len = size;
	check_basic(header);
	check_bearer(header);
	round_trip(copy, size);
	free(copy);
	return (0);
}
