/*
 * What the bytes of a user and a password may mean: UTF-8 without control
 * characters, no more of them than promised, and the same every time.
 */
#include "credentials.h"

#include "fuzz.h"
#include "utf8.h"

static bool
fit(const char *s, size_t size)
{
	return (memchr(s, '\0', size) != NULL && utf8_valid(s, strlen(s)) &&
	    utf8_no_controls(s, strlen(s)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credentials who[CREDENTIALS_MAX], again[CREDENTIALS_MAX];
	char user[MESSAGE_USER_MAX + 1], password[MESSAGE_PASSWORD_MAX + 1];
	const uint8_t *nul;
	size_t i, n, len;

	if ((nul = memchr(data, '\0', size)) == NULL)
		return (0);
	len = (size_t)(nul - data);
	size -= len + 1;
	/* message_request_valid() lets nothing else through */
	if (len == 0 || len >= sizeof(user) || size >= sizeof(password) ||
	    memchr(nul + 1, '\0', size) != NULL ||
	    !utf8_no_controls((const char *)data, len) ||
	    !utf8_no_controls((const char *)nul + 1, size))
		return (0);
	memcpy(user, data, len + 1);
	memcpy(password, nul + 1, size);
	password[size] = '\0';
	memset(who, 'x', sizeof(who));
	memset(again, 'y', sizeof(again));
	n = credentials_read(user, password, who);
	must(n <= CREDENTIALS_MAX);
	must(credentials_read(user, password, again) == n);
	for (i = 0; i < n; i++) {
		must(fit(who[i].user, sizeof(who[i].user)) &&
		    fit(who[i].password, sizeof(who[i].password)));
		must(*who[i].user != '\0');
		must(strcmp(who[i].user, again[i].user) == 0);
		must(strcmp(who[i].password, again[i].password) == 0);
	}
	if (utf8_valid(user, len) && utf8_valid(password, size))
		must(n >= 1 && strcmp(who[0].user, user) == 0 &&
		    strcmp(who[0].password, password) == 0);
	return (0);
}
