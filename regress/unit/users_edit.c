/* Edits of the users file: what changes, and every byte that does not. */
#include "users_edit.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "tap.h"
#include "users_table.h"

#define A	"$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre"
#define B	"$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfrf"
#define MANY	100000

static char		dir[] = "/tmp/jwtd-edit.XXXXXXXXXX";
static char		path[64], log_path[64];

static void
put_file(const char *text)
{
	if (file_write(path, text, strlen(text), 0640, -1, -1, true) == -1)
		abort();
}

static const char *
file_text(void)
{
	static char *buf;
	const char *why;
	size_t len;

	free(buf);
	if ((buf = file_read(path, USERS_FILE_MAX, &len, &why)) == NULL)
		return (why);
	return (buf);
}

static const char *
logged(void)
{
	static char text[4096];
	static off_t seen;
	ssize_t n;
	int fd;

	if ((fd = open(log_path, O_RDONLY)) == -1)
		abort();
	n = pread(fd, text, sizeof(text) - 1, seen);
	close(fd);
	if (n < 0)
		abort();
	text[n] = '\0';
	seen += n;
	return (text);
}

static struct users_line
user(const char *name, const char *hash, const char *grants)
{
	struct users_line line = {
		{ name, strlen(name) }, { hash, strlen(hash) }, false,
		{ grants, strlen(grants) }
	};

	return (line);
}

/* Put these, delete that one, and write it.  NULL, or what went wrong. */
static const char *
edit_file(struct users_edit *edit, const struct users_line *lines, size_t n,
    const char *deleted)
{
	const char *why;
	size_t i;

	for (i = 0; i < n; i++)
		if (users_edit_put(edit, &lines[i], &why) == -1)
			return (why);
	if (deleted != NULL &&
	    users_edit_delete(edit, deleted, strlen(deleted)) == -1)
		return ("not deleted");
	return (users_edit_commit(edit) == -1 ? "not written" : NULL);
}

/* What a file becomes then. */
static const char *
edited(const char *text, const struct users_line *lines, size_t n,
    const char *deleted)
{
	struct users_edit *edit;
	const char *wrong;

	if (text != NULL)
		put_file(text);
	else
		(void)unlink(path);
	if ((edit = users_edit_open(path, -1)) == NULL)
		return ("not opened");
	wrong = edit_file(edit, lines, n, deleted);
	users_edit_close(edit);
	return (wrong != NULL ? wrong : file_text());
}

static void
test_put(void)
{
	struct users_line one, two[2];

	one = user("b", B, "{}");
	is_str(edited("a:" A "\n", &one, 1, NULL), "a:" A "\nb:" B "\n",
	    "added at the end");
	is_str(edited("a:" A, &one, 1, NULL), "a:" A "\nb:" B "\n",
	    "after a line without an end");
	is_str(edited("", &one, 1, NULL), "b:" B "\n", "to an empty file");
	is_str(edited(NULL, &one, 1, NULL), "b:" B "\n", "to none");
	is_str(edited("#b:x\nb:bad\nb:" A ":{}\n\nb:!" A "\nc\n", &one, 1,
	    NULL), "#b:x\nb:bad\nb:" B "\n\nb:!" A "\nc\n",
	    "the line that counts is replaced");
	is_str(edited("a:" A "\nb:" A, &one, 1, NULL), "a:" A "\nb:" B "\n",
	    "the last one, without an end");
	is_str(edited("b:bad\nbb:" A "\n", &one, 1, NULL),
	    "b:bad\nbb:" A "\nb:" B "\n", "a bad line is no user");
	/* in another order than they are there */
	two[0] = user("c", B, "{\"n\":1}");
	two[1] = user("a", B, "{}");
	is_str(edited("a:" A "\nb:" A "\nc:" A "\n", two, 2, NULL),
	    "a:" B "\nb:" A "\nc:" B ":{\"n\":1}\n", "two of them");
	two[0] = user("d", B, "{}");
	is_str(edited("a:" A "\nb:" A "\nc:" A, two, 2, "b"),
	    "a:" B "\nc:" A "\nd:" B "\n", "and one goes");
	one = user("#b", B, "{}");
	is_str(edited("a:" A "\n", &one, 1, NULL),
	    "a line cannot begin with this name", "a name like a comment");
}

static void
test_delete(void)
{
	is_str(edited("a:" A "\nb:" A "\n\na:bad\na:" B ":{}\n", NULL, 0, "a"),
	    "b:" A "\n\na:bad\n", "every valid line of a name");
	is_str(edited("a:" A "\nb:" A, NULL, 0, "b"), "a:" A "\n",
	    "the last, without an end");
	is_str(edited("a:" A, NULL, 0, "a"), "", "the only one");
	is_str(edited("aa:" A "\n", NULL, 0, "a"), "aa:" A "\n",
	    "nobody of that name");
}

static void
test_find(void)
{
	struct users_edit *edit;
	const struct users_line *found;
	struct users_line copy;
	const char *why;
	struct stat st;

	put_file("b:bad\nb:!" A ":{\"n\":1}\nc:" A "\n");
	if ((edit = users_edit_open(path, -1)) == NULL)
		abort();
	ok(users_edit_find(edit, "a", 1) == NULL &&
	    !users_edit_has(edit, "a", 1), "not there");
	found = users_edit_find(edit, "b", 1);
	ok(found != NULL && found->disabled &&
	    span_is(found->grants, "{\"n\":1}"), "found");
	copy = *found;
	copy.disabled = false;
	ok(users_edit_has(edit, "c", 1), "another is there");
	ok(users_edit_put(edit, &copy, &why) == 0 &&
	    users_edit_commit(edit) == 0, "put as it was found, enabled");
	users_edit_close(edit);
	is_str(file_text(), "b:bad\nb:" A ":{\"n\":1}\nc:" A "\n",
	    "the file");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640,
	    "with the mode that it had");
}

/* Somebody else writes meanwhile, who knows of no lock. */
static void
test_changed(void)
{
	struct users_edit *edit;
	struct users_line one;
	const char *why;
	int fd, how;

	one = user("b", B, "{}");
	for (how = 0; how < 3; how++) {
		put_file("a:" A "\n");
		if (how == 2 && unlink(path) == -1)
			abort();
		if ((edit = users_edit_open(path, -1)) == NULL ||
		    users_edit_put(edit, &one, &why) == -1)
			abort();
		if (how == 0) {
			fd = open(path, O_WRONLY | O_APPEND);
			if (fd == -1 || write(fd, "# c\n", 4) != 4)
				abort();
			close(fd);
		} else
			put_file("a:" A "\n# c\n");
		(void)logged();
		ok(users_edit_commit(edit) == -1, "not written, %d", how);
		ok(strstr(logged(), "changed by somebody else") != NULL,
		    "said so");
		users_edit_close(edit);
		is_str(file_text(), "a:" A "\n# c\n", "the other's work");
	}
}

static void
test_rehash(void)
{
	put_file("x:" A "\na:" A ":{\"n\":1}\n");
	is_int(users_rehash(path, "a", A, B), 0, "a new hash");
	is_str(file_text(), "x:" A "\na:" B ":{\"n\":1}\n", "is there");
	is_int(users_rehash(path, "a", A, B), 0, "the old one is no more");
	is_int(users_rehash(path, "nobody", A, B), 0, "nobody");
	is_str(file_text(), "x:" A "\na:" B ":{\"n\":1}\n",
	    "nothing changes");
}

/* 1.0 s where no sanitizer slows it down; the limit here is wide. */
static void
test_many(void)
{
	static char name[MANY][12];
	struct timespec from, to;
	struct users_edit *edit;
	struct users_line one;
	const char *why;
	double s;
	int i, n;

	put_file("");
	for (i = 0; i < MANY; i++)
		snprintf(name[i], sizeof(name[i]), "user%d", i);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (n = 0; n < 2; n++) {
		if ((edit = users_edit_open(path, -1)) == NULL)
			abort();
		for (i = 0; i < MANY; i++) {
			/* all of them, then all again from the end */
			one = user(name[n == 0 ? i : MANY - 1 - i],
			    n == 0 ? A : B, "{\"n\":1}");
			if (users_edit_put(edit, &one, &why) == -1)
				abort();
		}
		if (users_edit_commit(edit) == -1)
			abort();
		users_edit_close(edit);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	s = (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	ok(s < 20, "%d users are put twice in %.2f s", MANY, s);
	is_int(strncmp(file_text(), "user0:" B ":{\"n\":1}\nuser1:" B, 80), 0,
	    "in their places");
	ok(strstr(file_text(), A) == NULL, "no old one is left");
}

int
main(void)
{
	char lock[80];
	int fd;

	if (sodium_init() == -1 || mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	log_init("test", 1, 0);
	fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd == -1 || dup2(fd, STDERR_FILENO) == -1)
		return (1);
	test_put();
	test_delete();
	test_find();
	test_changed();
	test_rehash();
	test_many();
	(void)unlink(path);
	(void)unlink(lock);
	(void)unlink(log_path);
	ok(rmdir(dir) == 0, "nothing is left behind");
	return (done());
}
