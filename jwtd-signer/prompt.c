/*
 * Passwords from the terminal without echo, or from standard input; never from
 * the command line or the environment.  No copy stays behind.
 */
#include <errno.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

/* longer than a password may be, so that a longer one is seen to be so */
#define INPUT_SIZE	(PASSWORD_MAX * 2)

/*
 * One line, byte by byte, because what follows it belongs to somebody else.
 * Returns its length or -1; one that is too long is cut.
 */
static ssize_t
read_line(char *buf, size_t size)
{
	ssize_t n;
	size_t len;
	char c;

	for (len = 0; len < size; ) {
		n = read(STDIN_FILENO, &c, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			log_warn("standard input");
			return (-1);
		}
		if (n == 0 || c == '\n')
			break;
		buf[len++] = c;
	}
	explicit_bzero(&c, sizeof(c));
	return ((ssize_t)len);
}

static bool
acceptable(const char *password, size_t len)
{
	const char *why;

	if (password_valid(password, len, &why))
		return (true);
	log_warnx("%s", why);
	return (false);
}

static ssize_t
ask(const char *prompt, char *buf, size_t size)
{
	if (readpassphrase(prompt, buf, size,
	    RPP_ECHO_OFF | RPP_REQUIRE_TTY) == NULL) {
		log_warn("cannot read a password from the terminal");
		return (-1);
	}
	return ((ssize_t)strlen(buf));
}

static int
ask_twice(const char *name, char *buf, size_t size, size_t *len)
{
	char again[INPUT_SIZE], prompt[512];
	ssize_t n;
	int rc;

	/* a name has 255 bytes and no control character */
	(void)snprintf(prompt, sizeof(prompt), "new password for %s: ", name);
	if ((n = ask(prompt, buf, size)) == -1)
		return (-1);
	*len = (size_t)n;
	if (!acceptable(buf, *len))
		return (-1);
	rc = -1;
	if (ask("once more: ", again, sizeof(again)) != -1) {
		if (strcmp(buf, again) == 0)
			rc = 0;
		else
			log_warnx("the passwords are not the same");
	}
	explicit_bzero(again, sizeof(again));
	return (rc);
}

static int
read_once(char *buf, size_t size, size_t *len)
{
	ssize_t n;

	if ((n = read_line(buf, size)) == -1)
		return (-1);
	*len = (size_t)n;
	return (acceptable(buf, *len) ? 0 : -1);
}

int
prompt_password(const char *name, char out[PASSWORD_MAX + 1])
{
	char buf[INPUT_SIZE];
	size_t len;
	int rc;

	if (isatty(STDIN_FILENO))
		rc = ask_twice(name, buf, sizeof(buf), &len);
	else
		rc = read_once(buf, sizeof(buf), &len);
	if (rc == 0) {
		memcpy(out, buf, len);
		out[len] = '\0';
	}
	explicit_bzero(buf, sizeof(buf));
	return (rc);
}
