/* What the bytes of Basic credentials may mean.  Pure functions. */
#include "credentials.h"

#include <stdbool.h>
#include <string.h>

#include "percent.h"
#include "utf8.h"

static bool
as_utf8(const char *user, const char *password, struct credentials *out)
{
	if (!utf8_valid(user, strlen(user)) ||
	    !utf8_valid(password, strlen(password)))
		return (false);
	return (strlcpy(out->user, user, sizeof(out->user)) <
	    sizeof(out->user) &&
	    strlcpy(out->password, password, sizeof(out->password)) <
	    sizeof(out->password));
}

static bool
as_latin1(const char *user, const char *password, struct credentials *out)
{
	return (utf8_from_latin1(out->user, sizeof(out->user), user,
	    strlen(user)) != -1 &&
	    utf8_from_latin1(out->password, sizeof(out->password), password,
	    strlen(password)) != -1);
}

/* RFC 6749 section 2.3.1: both halves are form-encoded before Basic */
static bool
as_form(const char *user, const char *password, struct credentials *out)
{
	ssize_t u, p;

	if (strpbrk(user, "%+") == NULL && strpbrk(password, "%+") == NULL)
		return (false);
	u = percent_decode(out->user, sizeof(out->user) - 1, user,
	    strlen(user), true);
	p = percent_decode(out->password, sizeof(out->password) - 1, password,
	    strlen(password), true);
	if (u <= 0 || p < 0)
		return (false);
	out->user[u] = '\0';
	out->password[p] = '\0';
	return (utf8_valid(out->user, (size_t)u) &&
	    utf8_valid(out->password, (size_t)p));
}

size_t
credentials_read(const char *user, const char *password,
    struct credentials out[CREDENTIALS_MAX])
{
	size_t n;

	n = 0;
	if (as_utf8(user, password, &out[n]) ||
	    as_latin1(user, password, &out[n]))
		n++;
	if (as_form(user, password, &out[n]))
		n++;
	return (n);
}
