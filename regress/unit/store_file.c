/* The file store: edits, races, files that come and go. */
#include "store.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "log.h"
#include "tap.h"

#define BCRYPT	"$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre"

static char		dir[] = "/tmp/jwtd-store.XXXXXXXXXX";
static char		path[64], log_path[64];
static struct store_shared shared;

/* in place, as an editor without care does */
static void
put(const char *text)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		abort();
	close(fd);
}

/* The log since the last call; it was led there from stderr. */
static const char *
logged(void)
{
	static char text[65536];
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

static int
lines(const char *text)
{
	int n;

	for (n = 0; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return (n);
}

/* until a file that was just written counts as settled */
static void
settle(void)
{
	static const struct timespec pause = { 0, 250000000 };

	(void)nanosleep(&pause, NULL);
}

/* What a look-up gives, as a string. */
static const char *
look(struct store *store, const char *name)
{
	static char text[512];
	struct user user;

	switch (store_lookup(store, name, &user)) {
	case STORE_FOUND:
		snprintf(text, sizeof(text), "%s%s", user.disabled ? "!" : "",
		    user.grants);
		if (strcmp(user.hash, BCRYPT) != 0 ||
		    user.grants_len != strlen(user.grants))
			strlcpy(text, "damaged", sizeof(text));
		user_clear(&user);
		if (user.grants != NULL || user.hash[0] != '\0')
			strlcpy(text, "not cleared", sizeof(text));
		return (text);
	case STORE_NOT_FOUND:
		return ("not found");
	case STORE_UNAVAILABLE:
		return ("unavailable");
	}
	return (NULL);
}

static void
test_open(void)
{
	ok(store_file_open("/nonexistent/users", false, &shared) == NULL,
	    "no directory");
	ok(strstr(logged(), "/nonexistent: ") != NULL, "said so");
	ok(store_file_open("/tmp/", false, &shared) == NULL, "no file");
	ok(strstr(logged(), "/tmp/: not a file's path") != NULL, "said so");
}

static void
test_edits(struct store *store)
{
	put("a:" BCRYPT ":{\"n\":1}\nb:!" BCRYPT "\n");
	is_str(look(store, "a"), "{\"n\":1}", "found");
	ok(strstr(logged(), "available again") != NULL, "the file is there");
	is_str(look(store, "b"), "!{}", "disabled, without grants");
	is_str(look(store, "c"), "not found", "not there");
	is_str(look(store, ""), "not found", "no name");
	/* same size, and likely the same time stamp */
	put("a:" BCRYPT ":{\"n\":2}\nb:!" BCRYPT "\n");
	is_str(look(store, "a"), "{\"n\":2}", "edited in place");
	if (file_write(path, "a:" BCRYPT ":{\"n\":3}\nb:!" BCRYPT "\n",
	    2 * strlen(BCRYPT) + 15, 0600, -1, -1, true) == -1)
		abort();
	is_str(look(store, "a"), "{\"n\":3}", "replaced");
	is_str(logged(), "", "nothing to say");
}

/* Every one of many fast edits must be seen at once. */
static void
test_races(struct store *store)
{
	char text[256], want[32];
	int i, missed;

	missed = 0;
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "a:" BCRYPT ":{\"n\":%04d}\n",
		    1000 + i);
		put(text);
		snprintf(want, sizeof(want), "{\"n\":%04d}", 1000 + i);
		if (strcmp(look(store, "a"), want) != 0)
			missed++;
	}
	is_int(missed, 0, "edits that were missed");
}

static void
test_bad_lines(struct store *store, struct store *other)
{
	const char *text;
	char want[256];

	put("a:" BCRYPT "\nnonsense\nb:" BCRYPT ":[]\nc:" BCRYPT "\n"
	    "a:!" BCRYPT "\n");
	is_str(look(store, "c"), "{}", "the good lines work");
	is_str(look(store, "b"), "not found", "the bad ones do not");
	is_str(look(store, "a"), "{}", "the first of two wins");
	text = logged();
	is_int(lines(text), 3, "three bad lines in the log");
	snprintf(want, sizeof(want), "%s:2: no ':' after the name\n", path);
	ok(strstr(text, want) != NULL, "the first of them");
	snprintf(want, sizeof(want), "%s:3: not a JSON object\n", path);
	ok(strstr(text, want) != NULL, "the second");
	snprintf(want, sizeof(want),
	    "%s:5: an earlier line has the same name\n", path);
	ok(strstr(text, want) != NULL, "the third");
	is_str(look(other, "c"), "{}", "another signer reads it");
	is_str(look(store, "c"), "{}", "and this one again");
	is_str(logged(), "", "neither logs it again");
	put("nonsense\n");
	is_str(look(other, "c"), "not found", "another version");
	is_str(look(store, "c"), "not found", "for this one, too");
	is_int(lines(logged()), 1, "is logged, once");
}

static void
test_many_bad_lines(struct store *store)
{
	char text[8192] = "";
	int i;

	for (i = 0; i < 1000; i++)
		strlcat(text, "bad\n", sizeof(text));
	put(text);
	is_str(look(store, "a"), "not found", "nothing but bad lines");
	is_int(lines(logged()), 101, "the log has an end");
}

static void
test_absent(struct store *store, struct store *other)
{
	if (unlink(path) == -1)
		abort();
	is_str(look(store, "a"), "unavailable", "no file");
	is_str(look(store, "a"), "unavailable", "still none");
	is_str(look(other, "a"), "unavailable", "nor for another signer");
	is_int(lines(logged()), 1, "one line for all of them");
	put("a:" BCRYPT "\n");
	is_str(look(store, "a"), "{}", "it is back");
	is_str(look(other, "a"), "{}", "for the other, too");
	ok(strstr(logged(), "available again") != NULL, "said so");
	if (unlink(path) == -1 || mkdir(path, 0700) == -1)
		abort();
	is_str(look(store, "a"), "unavailable", "a directory in its place");
	ok(strstr(logged(), "not a regular file") != NULL, "said so");
	if (rmdir(path) == -1)
		abort();
	if (geteuid() != 0) {
		put("a:" BCRYPT "\n");
		if (chmod(path, 0) == -1)
			abort();
		is_str(look(store, "a"), "unavailable", "unreadable");
		if (chmod(path, 0600) == -1)
			abort();
		is_str(look(store, "a"), "{}", "readable again");
	}
	(void)logged();
}

static void
test_readable_by_others(void)
{
	struct store *store;

	put("a:" BCRYPT "\n");
	if (chmod(path, 0644) == -1)
		abort();
	memset(&shared, 0, sizeof(shared));
	store = store_file_open(path, false, &shared);
	ok(strstr(logged(), "password hashes are readable by others") != NULL,
	    "a warning for mode 0644");
	is_str(look(store, "a"), "{}", "it works nevertheless");
	is_str(logged(), "", "one warning is enough");
	store_close(store);
	if (chmod(path, 0600) == -1)
		abort();
}

/*
 * Somebody writes the file all the time, with the user in other places of it.
 * Renamed, each version is whole; in place, one may be seen half written, but
 * no line is taken for another.
 */
static void
write_all_the_time(bool in_place)
{
	static const struct timespec pause = { 0, 5000000 };
	char text[20000];
	size_t len;
	int i;

	for (i = 0;; i++) {
		len = (size_t)(i % 240 * 37);
		memset(text, '#', len);
		text[len] = '\0';
		snprintf(text + len, sizeof(text) - len,
		    "\nb:" BCRYPT ":{\"n\":8}\na:" BCRYPT ":{\"n\":%d}\n",
		    i % 2);
		if (in_place) {
			put(text);
			(void)nanosleep(&pause, NULL);
		} else if (file_write(path, text, strlen(text), 0600, -1, -1,
		    true) == -1)
			abort();
	}
}

static void
test_writer(struct store *store, bool in_place)
{
	const char *got;
	int good, gone, i, wrong;
	pid_t pid;

	put("a:" BCRYPT ":{\"n\":1}\n");
	switch (pid = fork()) {
	case -1:
		abort();
	case 0:
		write_all_the_time(in_place);
	default:
		break;
	}
	good = gone = wrong = 0;
	for (i = 0; i < 500 || (good < 5 && i < 50000); i++) {
		got = look(store, "a");
		if (strcmp(got, "{\"n\":0}") == 0 ||
		    strcmp(got, "{\"n\":1}") == 0)
			good++;
		else if (strcmp(got, "not found") == 0 ||
		    strcmp(got, "unavailable") == 0)
			gone++;
		else
			wrong++;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	is_int(wrong, 0, in_place ? "in place: no other line" :
	    "renamed: no other line");
	ok(in_place ? good > 0 : gone == 0, "it was there %d times, %d not",
	    good, gone);
	put("a:" BCRYPT ":{\"n\":2}\n");
	is_str(look(store, "a"), "{\"n\":2}", "after that");
	(void)logged();
}

/* The larger the file, the longer until the next hash may be replaced. */
static void
test_rehash(struct store *store)
{
	static char text[2000000];
	size_t len;

	put("a:" BCRYPT "\n");
	ok(strcmp(look(store, "a"), "{}") == 0 && store_may_rehash(&shared),
	    "a small file");
	store_rehash(store, "a", BCRYPT, BCRYPT);
	ok(store_may_rehash(&shared), "another at once");
	len = (size_t)snprintf(text, sizeof(text), "a:" BCRYPT "\n#");
	memset(text + len, '#', sizeof(text) - len - 1);
	put(text);
	is_str(look(store, "a"), "{}", "a large one");
	store_rehash(store, "a", BCRYPT, BCRYPT);
	ok(!store_may_rehash(&shared), "another after a while");
	ok(shared.rehash_after > clock_ms() &&
	    shared.rehash_after <= clock_ms() + 200, "which is short");
	is_str(logged(), "", "nothing to say");
	shared.rehash_after = 0;
}

/* Larger than what one look checks: the rest is done by store_work(). */
static void
test_work(struct store *store, struct store *other)
{
	static char text[400000];
	size_t len;
	int i, n;

	for (len = 0, i = 0; i < 3000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "user%d:" BCRYPT ":{\"n\":1}\n", i);
	snprintf(text + len, sizeof(text) - len,
	    "bad\nuser1:" BCRYPT "\nlast:" BCRYPT "\n");
	put(text);
	settle();
	is_str(look(store, "last"), "{}", "the last of many");
	is_str(look(other, "user1"), "{\"n\":1}", "the first of two");
	is_str(logged(), "", "the bad line is not seen yet");
	ok(!store_work(other), "the other has nothing to do");
	for (n = 0; store_work(store); n++)
		;
	ok(n > 1, "more is done %d times", n);
	is_int(lines(logged()), 2, "and two bad lines are in the log");
	ok(!store_work(store) && !store_work(other), "that was all");
	/* the next version is another's, when this one ends in the midst */
	put(text + strlen("user0:"));
	settle();
	is_str(look(store, "last"), "{}", "another version");
	ok(store_work(store), "there is more");
	store_close(store);
	store = store_file_open(path, false, &shared);
	is_str(look(store, "last"), "{}", "opened again");
	while (store_work(store))
		;
	is_int(lines(logged()), 3, "this one has checked it");
	store_close(store);
}

/* CPU time, where no sanitizer slows it down 5 us; the limit here is wide. */
static void
test_speed(struct store *store)
{
	struct timespec from, to;
	struct user user;
	double us;
	int i, n;

	put("a:" BCRYPT ":{\"n\":1}\n");
	settle();
	n = 100000;
	(void)look(store, "a");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (i = 0; i < n; i++) {
		if (store_lookup(store, "a", &user) != STORE_FOUND)
			break;
		user_clear(&user);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	us = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
	    (double)(to.tv_nsec - from.tv_nsec)) / 1e3 / n;
	ok(i == n && us < 60, "a look-up takes %.2f us", us);
}

int
main(void)
{
	struct sandbox_needs needs;
	struct store *store, *other;
	char lock[80];
	int fd;

	if (sodium_init() == -1 || mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	log_init("test", 1, 0);
	fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd == -1 || dup2(fd, STDERR_FILENO) == -1)
		return (1);
	test_open();
	store = store_file_open(path, false, &shared);
	other = store_file_open(path, false, &shared);
	if (store == NULL || other == NULL)
		return (1);
	memset(&needs, 0, sizeof(needs));
	store_needs(store, &needs);
	is_str(needs.directories[0], dir, "the directory");
	ok(needs.ndirectories == 1 && needs.write && !needs.local &&
	    needs.nports == 0, "it needs nothing else");
	is_str(look(store, "a"), "unavailable", "before there is a file");
	ok(strstr(logged(), "no user can log in") != NULL, "said so");
	test_edits(store);
	test_races(store);
	test_bad_lines(store, other);
	test_many_bad_lines(store);
	test_absent(store, other);
	test_readable_by_others();
	test_speed(store);
	test_writer(store, false);
	test_writer(store, true);
	test_rehash(store);
	test_work(store, other);
	store_close(other);
	(void)unlink(path);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	(void)unlink(lock);
	(void)unlink(log_path);
	(void)rmdir(dir);
	return (done());
}
