/* common/revoked.c: what is in the table is found, and nothing else. */
#include "revoked.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "system.h"
#include "tap.h"

#define LIMIT	100

static int rw, ro;

static void
add(struct revoked *r, enum revoked_kind kind, const char *id, int64_t time)
{
	revoked_add(r, kind, id, strlen(id), time);
}

static struct revoked *
open_new(unsigned int limit, const struct revoked *before,
    struct revoked **reader)
{
	struct revoked *r;

	if (revoked_create(limit, before, &rw, &ro) == -1 ||
	    (r = revoked_map(rw, limit, true)) == NULL ||
	    (*reader = revoked_map(ro, limit, false)) == NULL) {
		perror("table");
		exit(1);
	}
	revoked_claim(r);
	return (r);
}

static void
test_looks(void)
{
	struct revoked *reader, *r;
	size_t n;

	r = open_new(LIMIT, NULL, &reader);
	is_int(revoked_look(reader, "a", "alice", 100), REVOKED_NO,
	    "an empty table");
	is_int(revoked_checked(reader) == 0, 1, "nobody has looked");
	revoked_begin(r, true);
	add(r, REVOKED_TOKEN, "a", 1000);
	add(r, REVOKED_USER, "bob", 200);
	is_int(revoked_look(reader, "a", "alice", 100), REVOKED_NO,
	    "what is not committed is not there");
	ok(revoked_commit(r), "it is committed");
	revoked_confirm(r, 42);
	is_int((long long)revoked_checked(reader), 42, "when it was checked");
	is_int(revoked_look(reader, "a", "alice", 100), REVOKED_YES,
	    "a token");
	is_int(revoked_look(reader, "b", "alice", 100), REVOKED_NO,
	    "another token");
	is_int(revoked_look(reader, "", "alice", 100), REVOKED_NO, "no id");
	is_int(revoked_look(reader, NULL, "alice", 100), REVOKED_NO,
	    "no id at all");
	is_int(revoked_look(reader, "alice", "a", 0), REVOKED_NO,
	    "a user is no token");
	is_int(revoked_look(reader, "bob", "alice", 0), REVOKED_NO,
	    "a token is no user");
	is_int(revoked_look(reader, "b", "bob", 199), REVOKED_YES,
	    "a user's token from before");
	is_int(revoked_look(reader, NULL, "bob", 199), REVOKED_YES,
	    "... without an id, too");
	is_int(revoked_look(reader, "b", "bob", 200), REVOKED_NO,
	    "a user's token of the time");
	is_int(revoked_look(reader, "a", "bob", 300), REVOKED_YES,
	    "a token of a user");
	is_int(revoked_look(reader, "b", "bo", 1), REVOKED_NO,
	    "a part of the name");
	revoked_begin(r, false);
	add(r, REVOKED_USER, "bob", 150);
	add(r, REVOKED_USER, "carol", 150);
	(void)revoked_commit(r);
	is_int(revoked_look(reader, "b", "bob", 199), REVOKED_YES,
	    "an earlier time changes nothing");
	is_int(revoked_look(reader, "b", "carol", 149), REVOKED_YES,
	    "one more user");
	is_int(revoked_look(reader, "a", "alice", 100), REVOKED_YES,
	    "what was there stays");
	ok(!revoked_overflow(r, &n) && n == 3, "three entries");
	revoked_begin(r, true);
	(void)revoked_commit(r);
	is_int(revoked_look(reader, "a", "bob", 1), REVOKED_NO, "anew");
	revoked_unmap(r);
	revoked_unmap(reader);
	close(rw);
	close(ro);
}

static void
fill(struct revoked *r, int from, int n)
{
	char id[32];
	int i;

	for (i = from; i < from + n; i++) {
		(void)snprintf(id, sizeof(id), "token-%d", i);
		add(r, REVOKED_TOKEN, id, 1000 + i);
	}
}

static int
count(const struct revoked *reader, int from, int n,
    enum revoked_answer answer)
{
	char id[32];
	int i, found;

	for (i = from, found = 0; i < from + n; i++) {
		(void)snprintf(id, sizeof(id), "token-%d", i);
		found += revoked_look(reader, id, "alice", 1) == answer;
	}
	return (found);
}

/* Never is one forgotten: what does not fit makes all others doubtful. */
static void
test_limits(void)
{
	struct revoked *reader, *r;
	size_t n;

	r = open_new(LIMIT, NULL, &reader);
	revoked_begin(r, true);
	fill(r, 0, LIMIT);
	(void)revoked_commit(r);
	is_int(count(reader, 0, LIMIT, REVOKED_YES), LIMIT, "as many as fit");
	is_int(count(reader, LIMIT, 1000, REVOKED_NO), 1000,
	    "a thousand others are not in it");
	ok(!revoked_overflow(r, &n) && n == LIMIT, "it is full, and no more");
	revoked_begin(r, false);
	fill(r, 0, LIMIT);
	(void)revoked_commit(r);
	ok(!revoked_overflow(r, &n) && n == LIMIT, "the same once more");
	revoked_begin(r, false);
	fill(r, LIMIT, 1);
	(void)revoked_commit(r);
	ok(revoked_overflow(r, &n) && n == LIMIT, "one more than fit");
	is_int(count(reader, 0, LIMIT, REVOKED_YES), LIMIT,
	    "those that are known stay so");
	is_int(count(reader, LIMIT, 1000, REVOKED_UNKNOWN), 1000,
	    "... and nobody knows of others");
	revoked_begin(r, true);
	fill(r, 0, 1);
	(void)revoked_commit(r);
	is_int(count(reader, 1, 1000, REVOKED_NO), 1000, "fewer again");
	revoked_unmap(r);
	revoked_unmap(reader);
	close(rw);
	close(ro);
}

/* One that was begun and never committed is as if it had not been. */
static void
test_stopped(void)
{
	struct revoked *next, *old, *reader;

	old = open_new(LIMIT, NULL, &reader);
	revoked_begin(old, true);
	fill(old, 0, 10);
	(void)revoked_commit(old);
	revoked_begin(old, true);
	fill(old, 50, 10);
	is_int(count(reader, 0, 10, REVOKED_YES), 10,
	    "a writer who stopped: what was known is");
	next = revoked_map(rw, LIMIT, true);
	revoked_claim(next);
	is_int(count(reader, 0, 10, REVOKED_YES), 10, "... with a new one");
	revoked_begin(next, false);
	fill(next, 10, 10);
	fill(old, 70, 10);
	ok(!revoked_commit(old), "the old one commits nothing");
	revoked_confirm(old, 7);
	is_int(revoked_checked(reader) == 0, 1, "... and confirms nothing");
	ok(revoked_commit(next), "the new one does");
	is_int(count(reader, 0, 20, REVOKED_YES), 20, "... what it knows");
	is_int(count(reader, 50, 30, REVOKED_NO), 30,
	    "... and nothing of the old one's");
	revoked_confirm(next, 99);
	revoked_unmap(old);
	revoked_unmap(next);
	revoked_unmap(reader);
}

/* A table begins with what the one before has. */
static void
test_copies(void)
{
	static const unsigned int limits[] = { LIMIT, LIMIT * 7, 16 };
	struct revoked *before, *next, *old, *reader;
	unsigned int i;
	size_t n;

	old = open_new(LIMIT, NULL, &before);
	revoked_begin(old, true);
	fill(old, 0, 20);
	add(old, REVOKED_USER, "bob", 200);
	(void)revoked_commit(old);
	revoked_confirm(old, 99);
	for (i = 0; i < 3; i++) {
		next = open_new(limits[i], before, &reader);
		is_int((long long)revoked_checked(reader), 99,
		    "another table: when it was seen");
		if (limits[i] >= 21) {
			is_int(count(reader, 0, 20, REVOKED_YES), 20,
			    "... what is in it");
			is_int(count(reader, 20, 1000, REVOKED_NO), 1000,
			    "... and no more");
			is_int(revoked_look(reader, NULL, "bob", 199),
			    REVOKED_YES, "... users, too");
			ok(!revoked_overflow(next, &n) && n == 21,
			    "... their number");
		} else {
			ok(revoked_overflow(next, &n), "one that is too small");
			is_int(count(reader, 0, 20, REVOKED_NO), 0,
			    "... says of none that it is good");
		}
		revoked_unmap(next);
		revoked_unmap(reader);
		close(rw);
		close(ro);
	}
	revoked_begin(old, false);
	fill(old, 20, LIMIT);
	(void)revoked_commit(old);
	next = open_new(LIMIT * 2, before, &reader);
	is_int(count(reader, 500, 100, REVOKED_UNKNOWN), 100,
	    "of one that was full: what is missing is not known");
	revoked_unmap(next);
	revoked_unmap(reader);
	revoked_unmap(old);
	revoked_unmap(before);
}

/* Readers beside a writer: nothing that is always there is ever missed. */
static void
test_races(void)
{
	struct revoked *reader, *r;
	unsigned int i;
	int status;
	pid_t pid;

	r = open_new(LIMIT, NULL, &reader);
	revoked_begin(r, true);
	fill(r, 0, 20);
	(void)revoked_commit(r);
	if ((pid = fork()) == 0) {
		for (i = 0;; i++) {
			revoked_begin(r, i % 2 == 0);
			fill(r, 0, 20);
			fill(r, 20 + (int)(i % 40), 20);
			(void)revoked_commit(r);
		}
	}
	for (i = 0; i < 20000; i++)
		if (count(reader, (int)(i % 20), 1, REVOKED_NO) != 0)
			break;
	is_int(i, 20000, "beside a writer: none is missed");
	for (i = 0; i < 20000; i++)
		if (count(reader, 1000, 1, REVOKED_YES) != 0)
			break;
	is_int(i, 20000, "... and none is made up");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	is_int(count(reader, 0, 20, REVOKED_YES), 20,
	    "killed in the middle: all are there");
	revoked_unmap(r);
	revoked_unmap(reader);
	close(rw);
	close(ro);
}

/* Who may only read has no way to write, nor to take away what is read. */
static void
test_rights(void)
{
	char path[64];
	void *p;
	int fd;

	if (revoked_create(LIMIT, NULL, &rw, &ro) == -1)
		exit(1);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0);
	ok(p == MAP_FAILED && errno == EACCES, "no mapping to write by");
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, ro, 0);
	ok(p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_WRITE) == -1,
	    "... and none is made one");
	ok(pwrite(ro, "x", 1, 0) == -1 && errno == EBADF, "no writing");
	ok(ftruncate(ro, 0) == -1, "no end of it");
	ok(ftruncate(rw, 0) == -1 && ftruncate(rw, 1 << 30) == -1,
	    "no other size, by whom ever");
	ok(revoked_map(ro, LIMIT * 2, false) == NULL && errno == EINVAL,
	    "a table of another limit");
	ok(revoked_map(ro, 0, false) == NULL && errno == EINVAL, "of none");
	if (geteuid() == 0 && seteuid(65534) == 0) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", ro);
		fd = open(path, O_RDWR);
		ok(fd == -1, "another user cannot open it to write");
		if (seteuid(0) == -1)
			exit(1);
	} else
		ok(1, "another user cannot open it to write # skip not root");
}

int
main(void)
{
	test_looks();
	test_limits();
	test_stopped();
	test_copies();
	test_races();
	test_rights();
	return (done());
}
