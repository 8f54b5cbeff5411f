/*
 * The names of signing keys in a directory, and what follows from them; see
 * rotation.h.  Nothing here opens a file or looks at a clock.
 */
#include "rotation.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jwt.h"

#define TIME_LEN	16		/* of "20261124T130000Z" */
#define SUFFIX		".pem"
#define RANDOM_LEN	10		/* of a temporary file's name */

/* Four digits for the year, or false. */
static bool
utc(int64_t when, struct tm *tm)
{
	time_t t;

	t = (time_t)when;
	return (t == when && t >= 0 && gmtime_r(&t, tm) != NULL &&
	    tm->tm_year <= 9999 - 1900);
}

static bool
write_time(char buf[TIME_LEN + 1], int64_t when)
{
	struct tm tm;

	return (utc(when, &tm) &&
	    strftime(buf, TIME_LEN + 1, "%Y%m%dT%H%M%SZ", &tm) == TIME_LEN);
}

static int
digits(const char *s, size_t n)
{
	int value;

	for (value = 0; n > 0; n--)
		value = value * 10 + (*s++ - '0');
	return (value);
}

/* Whatever is no time, as 31 February or 24:00, comes out as another one. */
static bool
parse_time(const char *s, int64_t *when)
{
	static const char form[] = "00000000T000000Z";
	char again[TIME_LEN + 1];
	struct tm tm;
	size_t i;

	for (i = 0; i < TIME_LEN; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)s[i]) :
		    s[i] != form[i])
			return (false);
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = digits(s, 4) - 1900;
	tm.tm_mon = digits(s + 4, 2) - 1;
	tm.tm_mday = digits(s + 6, 2);
	tm.tm_hour = digits(s + 9, 2);
	tm.tm_min = digits(s + 11, 2);
	tm.tm_sec = digits(s + 13, 2);
	*when = (int64_t)timegm(&tm);
	return (write_time(again, *when) &&
	    memcmp(again, s, TIME_LEN) == 0);
}

/* How many bytes of a tag are there? */
static size_t
tag_length(const char *s)
{
	size_t n;

	for (n = 0; isalnum((unsigned char)s[n]) || s[n] == '-' ||
	    s[n] == '_'; n++)
		;
	return (n);
}

/* The length of the name that s begins with, or 0. */
static size_t
name_length(const char *s, int64_t *when)
{
	size_t n, tag;

	if (strnlen(s, TIME_LEN + 1) <= TIME_LEN || s[TIME_LEN] != '-' ||
	    !parse_time(s, when))
		return (0);
	n = TIME_LEN + 1;
	tag = tag_length(s + n);
	n += tag;
	if (tag == 0 || tag > ROTATION_TAG_MAX ||
	    strncmp(s + n, SUFFIX, strlen(SUFFIX)) != 0)
		return (0);
	return (n + strlen(SUFFIX));
}

bool
rotation_parse(const char *name, struct rotation_key *key)
{
	size_t n;

	if ((n = name_length(name, &key->since)) == 0 || name[n] != '\0')
		return (false);
	/* all of it, so that two can be compared as bytes */
	memset(key->name, 0, sizeof(key->name));
	memcpy(key->name, name, n);
	return (true);
}

bool
rotation_almost(const char *name)
{
	struct rotation_key key;
	size_t len;

	if (*name == '.' || rotation_parse(name, &key))
		return (false);
	len = strlen(name);
	return (isdigit((unsigned char)*name) || (len >= strlen(SUFFIX) &&
	    strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0));
}

/* As file_write() makes them. */
bool
rotation_temporary(const char *name)
{
	int64_t when;
	size_t i, n;

	if (*name != '.' || (n = name_length(name + 1, &when)) == 0)
		return (false);
	name += 1 + n;
	if (*name++ != '.')
		return (false);
	for (i = 0; isalnum((unsigned char)name[i]); i++)
		;
	return (i == RANDOM_LEN && name[i] == '\0');
}

bool
rotation_name(struct rotation_key *key, int64_t since, const char *tag)
{
	char name[ROTATION_NAME_SIZE], text[TIME_LEN + 1];
	int n;

	if (!write_time(text, since))
		return (false);
	n = snprintf(name, sizeof(name), "%s-%s" SUFFIX, text, tag);
	return (n > 0 && (size_t)n < sizeof(name) &&
	    rotation_parse(name, key));
}

bool
rotation_add(struct rotation *all, const struct rotation_key *key)
{
	if (all->n == ROTATION_MAX)
		return (false);
	all->keys[all->n++] = *key;
	return (true);
}

static int
compare(const void *a, const void *b)
{
	const struct rotation_key *x, *y;

	x = a;
	y = b;
	if (x->since != y->since)
		return (x->since < y->since ? -1 : 1);
	return (strcmp(x->name, y->name));
}

void
rotation_sort(struct rotation *all)
{
	qsort(all->keys, all->n, sizeof(all->keys[0]), compare);
}

size_t
rotation_active(const struct rotation *all, int64_t now)
{
	size_t i;

	for (i = all->n; i > 1; i--)
		if (all->keys[i - 1].since <= now)
			return (i - 1);
	return (0);
}

/*
 * What was signed before the next one's time has its exp at most a lifetime
 * after that, and is refused the leeway later.  Both are numbers in names and
 * tokens: so whichever clock looks at them, a key outlives its tokens.
 */
int64_t
rotation_until(const struct rotation *all, size_t i, unsigned int lifetime)
{
	if (i + 1 == all->n)
		return (-1);
	return (all->keys[i + 1].since + lifetime + JWT_LEEWAY);
}

enum rotation_state
rotation_state(const struct rotation *all, size_t i, int64_t now,
    unsigned int lifetime)
{
	size_t active;

	active = rotation_active(all, now);
	if (i == active)
		return (ROTATION_ACTIVE);
	if (i > active)
		return (ROTATION_NEXT);
	return (now < rotation_until(all, i, lifetime) ? ROTATION_RETIRED :
	    ROTATION_EXPIRED);
}

const char *
rotation_state_name(enum rotation_state state)
{
	switch (state) {
	case ROTATION_NEXT:
		return ("next");
	case ROTATION_ACTIVE:
		return ("active");
	case ROTATION_RETIRED:
		return ("retired");
	case ROTATION_EXPIRED:
		break;
	}
	return ("expired");
}

const char *
rotation_time(char buf[ROTATION_TIME_SIZE], int64_t when)
{
	struct tm tm;

	if (!utc(when, &tm) || strftime(buf, ROTATION_TIME_SIZE,
	    "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)strlcpy(buf, "-", ROTATION_TIME_SIZE);
	return (buf);
}
