/*
 * Users found by an index, against the table that has all in memory: the same
 * lines count, and the same ones are bad.
 */
#include "users_find.h"

#include <sys/types.h>

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "users_check.h"
#include "users_table.h"

#define BCRYPT	"$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre"
#define MANY	100000

static int
file_of(const char *buf, size_t len)
{
	char path[] = "/tmp/jwtd-users.XXXXXXXXXX";
	int fd;

	fd = mkstemp(path);
	if (fd == -1 || unlink(path) == -1 ||
	    write(fd, buf, len) != (ssize_t)len)
		abort();
	return (fd);
}

static struct users_text
in_memory(const char *buf, size_t len)
{
	struct users_text text = { -1, buf, len };

	return (text);
}

/* What users_check_some() says of all of it. */
static void
check_all(struct users_check *check, const struct users_index *index,
    const struct users_text *text)
{
	int rc;

	users_check_begin(check);
	while ((rc = users_check_some(check, index, text)) == 1)
		;
	if (rc == -1)
		abort();
}

/* and what users_table_new() says */
struct noted {
	unsigned int	 line[USERS_CHECK_MAX];
	const char	*why[USERS_CHECK_MAX];
	size_t		 n;
};

static void
note(void *arg, unsigned int line, const char *why)
{
	struct noted *noted;

	noted = arg;
	if (noted->n < USERS_CHECK_MAX) {
		noted->line[noted->n] = line;
		noted->why[noted->n] = why;
	}
	noted->n++;
}

static bool
same_bad_lines(const struct users_check *check, const struct noted *noted)
{
	size_t i;

	if (check->n != noted->n)
		return (false);
	for (i = 0; i < check->n && i < USERS_CHECK_MAX; i++)
		if (check->first[i].line != noted->line[i] ||
		    strcmp(check->first[i].why, noted->why[i]) != 0)
			return (false);
	return (true);
}

/* Is what is found in the text what is in the table, for that name? */
static bool
same_user(const struct users_index *index, const struct users_text *text,
    const struct users_table *table, const char *name, size_t len)
{
	static struct users_line_buf buf;
	const struct users_entry *entry;
	struct users_line user;
	size_t at;
	bool same;

	entry = users_table_find(table, name, len);
	switch (users_find(index, text, name, len, &buf, &user, &at)) {
	case USERS_FOUND:
		same = entry != NULL &&
		    at == (size_t)(entry->user.name.p - table->buf) &&
		    user.hash.len == entry->user.hash.len &&
		    memcmp(user.hash.p, entry->user.hash.p,
		    user.hash.len) == 0 &&
		    user.grants.len == entry->user.grants.len &&
		    memcmp(user.grants.p, entry->user.grants.p,
		    user.grants.len) == 0 &&
		    user.disabled == entry->user.disabled;
		break;
	case USERS_NOT_FOUND:
		same = entry == NULL;
		break;
	default:
		same = false;
		break;
	}
	users_line_wipe(&buf);
	return (same);
}

/* The names of every line, and some that are not there. */
static int
differences(const struct users_index *index, const struct users_text *text,
    const struct users_table *table)
{
	static const char *absent[] = { "", "a", "zz", "a:", "#", "\n" };
	struct span line, name;
	size_t i, pos;
	int n;

	n = 0;
	pos = 0;
	while (users_next_line(table->buf, table->len, &pos, &line))
		if (users_lines_name(line, &name))
			n += !same_user(index, text, table, name.p, name.len);
	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		n += !same_user(index, text, table, absent[i],
		    strlen(absent[i]));
	return (n);
}

/* One file, from memory and from a descriptor.  Returns what is wrong. */
static int
compare(const char *buf, size_t len)
{
	struct users_text texts[2];
	struct users_check *check;
	struct users_index *index;
	struct users_table *table;
	struct noted noted = { { 0 }, { 0 }, 0 };
	char *copy;
	int i, wrong;

	if ((copy = malloc(len + 1)) == NULL ||
	    (check = calloc(1, sizeof(*check))) == NULL)
		abort();
	memcpy(copy, buf, len);
	table = users_table_new(copy, len, note, &noted);
	texts[0] = in_memory(buf, len);
	texts[1] = texts[0];
	texts[1].mem = NULL;
	texts[1].fd = file_of(buf, len);
	wrong = 0;
	for (i = 0; i < 2; i++) {
		index = users_find_index(&texts[i]);
		if (table == NULL || index == NULL)
			abort();
		wrong += differences(index, &texts[i], table);
		check_all(check, index, &texts[i]);
		wrong += !same_bad_lines(check, &noted);
		users_index_free(index);
	}
	close(texts[1].fd);
	users_table_free(table);
	free(check);
	return (wrong);
}

static void
test_files(void)
{
	static const char *const files[] = {
		"", "\n", "a", "a:", ":", "#a:b\n", "a:" BCRYPT,
		"a:" BCRYPT "\n", "a:" BCRYPT "\r\n", "a:" BCRYPT "\n\n\n",
		"\na:" BCRYPT ":{\"n\":1}\na:" BCRYPT ":{\"n\":2}\n",
		"a:bad\na:" BCRYPT ":{\"n\":1}\na:" BCRYPT ":{\"n\":2}",
		"a:bad\na:worse\na:" BCRYPT ":{\"n\":1}\na:bad\n",
		"a:" BCRYPT ":[]\nb:!" BCRYPT "\nA:" BCRYPT "\na:" BCRYPT,
		" : \n \n:x\n::\na::\n",
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		is_int(compare(files[i], strlen(files[i])), 0, "a small file");
	ok(compare("a:" BCRYPT "\n\0\nb\0:" BCRYPT "\n", 129) == 0,
	    "a file with NUL bytes");
}

/* A line of any kind, of few names so that they repeat. */
static size_t
random_line(char *out, size_t size)
{
	static const char *const forms[] = {
		"n%u:" BCRYPT "\n", "n%u:!" BCRYPT ":{\"n\":%u}\n",
		"n%u:" BCRYPT ":{\"n\":%u}\n", "n%u:" BCRYPT ":[%u]\n",
		"n%u:$2b$05$bad%u\n", "# n%u:%u\n", "\n", "n%u\n", "  \t\n",
		"n%u:" BCRYPT ":{\"scope\":\"a  b\"}%u\n", "n%u:" BCRYPT "\r\n",
	};
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	n = snprintf(out, size,
	    forms[randombytes_uniform(sizeof(forms) / sizeof(forms[0]))],
	    randombytes_uniform(200), randombytes_uniform(1000));
#pragma GCC diagnostic pop
	if (n < 0 || (size_t)n >= size)
		abort();
	return ((size_t)n);
}

static void
test_random(void)
{
	static char buf[400000];
	size_t len, lines;
	int i, wrong;

	wrong = 0;
	for (i = 0; i < 30; i++) {
		lines = randombytes_uniform(2500);
		for (len = 0; lines > 0; lines--)
			len += random_line(buf + len, sizeof(buf) - len);
		/* perhaps within the last line */
		if (len > 0)
			len -= randombytes_uniform((uint32_t)(len < 70 ? len :
			    70));
		wrong += compare(buf, len);
	}
	is_int(wrong, 0, "random files: the same users, the same bad lines");
}

/* Lines around the sizes of the buffers, with good ones after them. */
static void
test_long(void)
{
	static const size_t lengths[] = { 510, 511, 512, 513, 66304, 66305,
	    66306, 131070, 131071, 131072, 131073, 262144, 600000 };
	static char buf[1300000];
	size_t i, j, n;
	int wrong;

	wrong = 0;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (j = 0; j < 4; j++) {
			/* a comment, no colon, a name, long grants */
			if (j == 2 && lengths[i] > 131071)
				continue;	/* cut before its colon */
			n = (size_t)snprintf(buf, sizeof(buf), "x:" BCRYPT "\n"
			    "%s", j == 0 ? "#" : j == 1 ? "y" : j == 2 ? "" :
			    "z:" BCRYPT ":{\"a\":\"");
			memset(buf + n, 'c', lengths[i]);
			n += lengths[i];
			n += (size_t)snprintf(buf + n, sizeof(buf) - n,
			    "%s\nafter:" BCRYPT ":{\"n\":1}\nz:" BCRYPT "\n",
			    j == 3 ? "\"}" : j == 2 ? ":" BCRYPT : "");
			wrong += compare(buf, n);
		}
	}
	is_int(wrong, 0, "long lines, and those after them");
	memset(buf, 'x', sizeof(buf));
	ok(compare(buf, sizeof(buf)) == 0, "one long line without an end");
	memset(buf, '\n', sizeof(buf));
	ok(compare(buf, 300000) == 0, "nothing but empty lines");
}

/* So many that some share a hash: all are there, each is found. */
static void
test_collisions(void)
{
	struct users_index *index;
	struct users_text text;
	char *buf, name[16];
	size_t at, i, n, runs, len, found, missed;
	const size_t lines = 400000;

	if ((buf = malloc(lines * 12)) == NULL)
		abort();
	for (len = i = 0; i < lines; i++)
		len += (size_t)snprintf(buf + len, 12, "%zu:x\n", i);
	text = in_memory(buf, len);
	if ((index = users_find_index(&text)) == NULL)
		abort();
	is_int((long long)index->n, (long long)lines, "each has its entry");
	for (i = runs = 0; i < index->n; i += n) {
		n = users_index_run(index, i);
		runs += n > 1;
	}
	ok(runs > 0, "%zu times a hash is that of several", runs);
	missed = 0;
	for (i = 0; i < lines; i++) {
		n = (size_t)snprintf(name, sizeof(name), "%zu", i);
		n = users_index_find(index, name, n, &at);
		for (found = 0; n > 0; n--, at++)
			found += strtoul(buf + index->entries[at].at, NULL,
			    10) == i;
		missed += found != 1;
	}
	is_int((long long)missed, 0, "each is found");
	users_index_free(index);
	free(buf);
}

/* The same name all the time: no more work than for as many names. */
static void
test_repeated(void)
{
	static char buf[20000 * 64];
	struct users_index *index;
	struct users_text text;
	size_t i, len;

	for (len = i = 0; i < 20000; i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len,
		    "a:%s\n", i < 10000 ? "bad" : BCRYPT);
	text = in_memory(buf, len);
	if ((index = users_find_index(&text)) == NULL)
		abort();
	is_int((long long)index->n, 1, "one name, one entry");
	is_int((long long)index->entries[0].at, 10000 * 6,
	    "of the first valid line");
	users_index_free(index);
}

static double
since(const struct timespec *from)
{
	struct timespec to;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return ((double)(to.tv_sec - from->tv_sec) +
	    (double)(to.tv_nsec - from->tv_nsec) / 1e9);
}

/* 0.02 s where no sanitizer slows it down; the limit here is wide. */
static void
test_many(void)
{
	struct users_index *index;
	struct users_text text;
	struct timespec from;
	double seconds;
	char *buf;
	size_t i, len;

	if ((buf = malloc(MANY * 100)) == NULL)
		abort();
	for (len = i = 0; i < MANY; i++)
		len += (size_t)snprintf(buf + len, 100,
		    "user%zu:" BCRYPT ":{\"n\":%zu}\n", i, i);
	text.mem = NULL;
	text.fd = file_of(buf, len);
	text.len = len;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	if ((index = users_find_index(&text)) == NULL)
		abort();
	seconds = since(&from);
	ok(seconds < 1, "%d users are indexed in %.3f s", MANY, seconds);
	ok(index->n == MANY && index->room <= MANY + 1,
	    "in no more memory than it takes");
	users_index_free(index);
	close(text.fd);
	is_int(compare(buf, len), 0, "many users");
	free(buf);
}

/* A file that gets shorter while it is read is as long as it is. */
static void
test_shorter(void)
{
	static struct users_line_buf buf;
	struct users_index *index;
	struct users_text text;
	struct users_line user;
	size_t at;

	text.mem = NULL;
	text.fd = file_of("a:" BCRYPT "\nb:" BCRYPT "\n", 126);
	text.len = 1000;
	if ((index = users_find_index(&text)) == NULL)
		abort();
	is_int((long long)index->n, 2, "shorter than it was");
	ok(users_find(index, &text, "b", 1, &buf, &user, &at) == USERS_FOUND,
	    "the second of two");
	if (ftruncate(text.fd, 70) == -1)
		abort();
	ok(users_find(index, &text, "b", 1, &buf, &user, &at) ==
	    USERS_NOT_FOUND, "cut off");
	ok(users_find(index, &text, "a", 1, &buf, &user, &at) == USERS_FOUND,
	    "the first is there");
	users_index_free(index);
	close(text.fd);
	errno = 0;
	ok(users_find_index(&text) == NULL && errno == EBADF, "no file");
}

int
main(void)
{
	if (sodium_init() == -1)
		return (1);
	test_files();
	test_random();
	test_long();
	test_collisions();
	test_repeated();
	test_many();
	test_shorter();
	return (done());
}
