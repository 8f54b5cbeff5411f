/* jwtd-signer/reuse.c: tokens of a short time ago, for the same wish. */
#include "reuse.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

#define NOW		1000000000LL	/* time(3) */
#define LIFE		900
#define SECONDS		300

static struct reuse *
new_reuse(void)
{
	struct reuse *r;

	if ((r = reuse_new(SECONDS)) == NULL)
		abort();
	return (r);
}

static struct reuse_token
make_token(const char *text, const char *scope, int64_t issued)
{
	struct reuse_token token;

	memset(&token, 0, sizeof(token));
	token.issued = issued;
	token.expires = issued + LIFE;
	(void)strlcpy(token.id, "id-of-it", sizeof(token.id));
	(void)strlcpy(token.scope, scope, sizeof(token.scope));
	token.len = strlen(text);
	memcpy(token.token, text, token.len);
	return (token);
}

static void
keep(struct reuse *r, const struct reuse_tag *tag, const char *text,
    int64_t issued)
{
	struct reuse_token token;

	token = make_token(text, "read", issued);
	reuse_keep(r, tag, &token);
}

/* What is kept for it is that text, and all of it. */
static bool
finds(const struct reuse *r, const struct reuse_tag *tag, int64_t now,
    const char *text)
{
	struct reuse_token token;

	return (reuse_find(r, tag, now, &token) &&
	    token.len == strlen(text) &&
	    memcmp(token.token, text, token.len) == 0 &&
	    strcmp(token.scope, "read") == 0 &&
	    strcmp(token.id, "id-of-it") == 0 &&
	    token.expires == token.issued + LIFE);
}

static bool
finds_any(const struct reuse *r, const struct reuse_tag *tag, int64_t now)
{
	struct reuse_token token;

	return (reuse_find(r, tag, now, &token));
}

/* Tag n of the set s. */
static struct reuse_tag
tag_in(uint64_t s, uint8_t n)
{
	struct reuse_tag tag;

	memset(&tag, n, sizeof(tag));
	memcpy(tag.v, &s, sizeof(s));
	return (tag);
}

static void
test_fresh(void)
{
	struct reuse_tag tag, other;
	struct reuse *r;

	r = new_reuse();
	tag = tag_in(7, 1);
	other = tag_in(7, 2);
	ok(!finds_any(r, &tag, NOW), "nothing is there");
	memset(&other, 0, sizeof(other));
	ok(!finds_any(r, &other, NOW), "nor for a tag of zeros");
	other = tag_in(7, 2);
	keep(r, &tag, "a.b.c", NOW);
	ok(finds(r, &tag, NOW, "a.b.c"), "then it is");
	ok(!finds_any(r, &other, NOW), "and not for another");
	ok(finds(r, &tag, NOW + SECONDS - 1, "a.b.c"), "to the last second");
	ok(!finds_any(r, &tag, NOW + SECONDS), "and no longer");
	ok(!finds_any(r, &tag, NOW - 1), "the clock was set back");
	ok(!finds_any(r, &tag, NOW + 10 * LIFE), "... or forth");
	ok(!finds_any(r, &tag, INT64_MAX) && !finds_any(r, &tag, INT64_MIN),
	    "... or is nonsense");
	keep(r, &tag, "d.e.f", NOW - 5);
	ok(finds(r, &tag, NOW, "d.e.f"), "another one takes its place");
	ok(!finds_any(r, &tag, NOW + SECONDS - 5), "with its own time");
	reuse_free(r);
	reuse_free(NULL);
}

static void
test_life(void)
{
	struct reuse_token token;
	struct reuse_tag tag;
	struct reuse *r;

	r = new_reuse();
	tag = tag_in(1, 1);
	token = make_token("a.b.c", "", NOW);
	token.expires = NOW + 10;
	reuse_keep(r, &tag, &token);
	ok(finds_any(r, &tag, NOW + 4), "more than half of its life is left");
	ok(!finds_any(r, &tag, NOW + 5), "half of it");
	token.expires = NOW + 3;
	reuse_keep(r, &tag, &token);
	ok(finds_any(r, &tag, NOW + 1), "two seconds of three");
	ok(!finds_any(r, &tag, NOW + 2), "one of three");
	token.expires = NOW + 1;
	reuse_keep(r, &tag, &token);
	ok(finds_any(r, &tag, NOW) && !finds_any(r, &tag, NOW + 1), "one second");
	token.expires = NOW;
	reuse_keep(r, &tag, &token);
	ok(!finds_any(r, &tag, NOW), "none");
	token.expires = NOW - 1;
	reuse_keep(r, &tag, &token);
	ok(!finds_any(r, &tag, NOW), "less than none");
	reuse_free(r);
}

static void
test_sizes(void)
{
	struct reuse_token token, got;
	struct reuse_tag tag;
	struct reuse *r;

	r = new_reuse();
	tag = tag_in(REUSE_SETS - 1, 1);
	memset(&token, 0, sizeof(token));
	token.issued = NOW;
	token.expires = NOW + LIFE;
	memset(token.id, 'i', sizeof(token.id) - 1);
	memset(token.scope, 's', sizeof(token.scope) - 1);
	memset(token.token, 't', sizeof(token.token));
	token.len = REUSE_TOKEN_MAX;
	reuse_keep(r, &tag, &token);
	memset(&got, 0, sizeof(got));
	ok(reuse_find(r, &tag, NOW, &got) &&
	    memcmp(&got, &token, sizeof(got)) == 0, "the longest of all");
	token.len++;
	token.issued++;
	reuse_keep(r, &tag, &token);
	ok(reuse_find(r, &tag, NOW + 1, &got) && got.issued == NOW,
	    "a longer one is not kept");
	token.len = 0;
	reuse_keep(r, &tag, &token);
	ok(reuse_find(r, &tag, NOW + 1, &got) && got.issued == NOW,
	    "nor none");
	reuse_free(r);
}

/* More in a set than there is room. */
static void
test_collisions(void)
{
	struct reuse_tag tags[REUSE_WAYS + 1];
	struct reuse *r;
	char text[] = "token.of.A";
	uint8_t i;
	int n;

	r = new_reuse();
	for (i = 0; i < REUSE_WAYS; i++) {
		tags[i] = tag_in(3 + (uint64_t)i * REUSE_SETS, i + 1);
		text[9] = (char)('A' + i);
		keep(r, &tags[i], text, NOW + (i + 2) % REUSE_WAYS);
	}
	for (i = 0, n = 0; i < REUSE_WAYS; i++) {
		text[9] = (char)('A' + i);
		n += finds(r, &tags[i], NOW + 9, text);
	}
	is_int(n, REUSE_WAYS, "a full set, each its own");
	tags[REUSE_WAYS] = tag_in(3, 99);
	keep(r, &tags[REUSE_WAYS], "one.more.", NOW + 9);
	ok(finds(r, &tags[REUSE_WAYS], NOW + 9, "one.more."), "and one more");
	for (i = 0, n = 0; i < REUSE_WAYS; i++)
		n += finds_any(r, &tags[i], NOW + 9);
	is_int(n, REUSE_WAYS - 1, "takes the place of one");
	ok(!finds_any(r, &tags[REUSE_WAYS - 2], NOW + 9), "which is the oldest");
	reuse_free(r);

	/* what is from the future is nobody's, and goes first */
	r = new_reuse();
	for (i = 0; i < REUSE_WAYS; i++)
		keep(r, &tags[i], "x", i == 2 ? NOW + 999999 : NOW);
	keep(r, &tags[REUSE_WAYS], "y", NOW + 1);
	for (i = 0, n = 0; i < REUSE_WAYS; i++)
		n += finds(r, &tags[i], NOW + 1, "x");
	ok(n == REUSE_WAYS - 1 && finds(r, &tags[REUSE_WAYS], NOW + 1, "y"),
	    "one from the future goes before all");
	reuse_free(r);
}

/* A tag of each wish; no two are the same, and the same is. */
static void
test_tags(void)
{
	enum { WISHES = 17 };
	static struct message_request requests[WISHES];
	struct reuse_tag tags[WISHES], again;
	struct reuse_wish wish[WISHES];
	struct user users[WISHES];
	struct reuse *r, *other;
	int i, j, same;

	r = new_reuse();
	memset(users, 0, sizeof(users));
	for (i = 0; i < WISHES; i++) {
		wish[i].name = "alice";
		wish[i].user = &users[i];
		wish[i].request = &requests[i];
		wish[i].key = 0;
		(void)strlcpy(users[i].hash, "hash", sizeof(users[i].hash));
		users[i].grants = strdup("{\"a\":1}");
		users[i].grants_len = 7;
		(void)strlcpy(requests[i].audience[0], "api", 4);
		(void)strlcpy(requests[i].scope, "read", 5);
	}
	wish[1].name = "alicf";
	wish[2].key = 1;
	users[3].hash[0] = 'H';
	users[4].grants[5] = '2';
	users[5].grants_len--;
	requests[6].flags = MESSAGE_REGISTRY;
	requests[7].flags = MESSAGE_FOREIGN(0);
	requests[8].lifetime = 60;
	requests[9].scope[0] = '\0';
	(void)strlcpy(requests[10].scope, "read write", 11);
	requests[11].audience[0][2] = 'j';
	(void)strlcpy(requests[12].audience[1], "api", 4);
	(void)strlcpy(requests[13].audience[3], "api", 4);
	/* the same bytes in other places */
	wish[14].name = "ali";
	(void)strlcpy(users[14].hash, "hashce", 7);
	(void)strlcpy(requests[15].scope, "readapi", 8);
	requests[15].audience[0][0] = '\0';
	wish[16].name = "aliceread";
	requests[16].scope[0] = '\0';
	for (i = 0; i < WISHES; i++)
		reuse_tag(r, &wish[i], &tags[i]);
	for (i = same = 0; i < WISHES; i++)
		for (j = 0; j < i; j++)
			same += memcmp(&tags[i], &tags[j], REUSE_TAG) == 0;
	is_int(same, 0, "each wish has its tag");
	/* what makes no other token */
	requests[0].id = 5;
	requests[0].deadline = 6;
	(void)strlcpy(requests[0].user, "al%69ce", 8);
	(void)strlcpy(requests[0].password, "x", 2);
	requests[0].network_kind = MESSAGE_IPV4;
	reuse_tag(r, &wish[0], &again);
	ok(memcmp(&again, &tags[0], REUSE_TAG) == 0, "the same has the same");
	other = new_reuse();
	reuse_tag(other, &wish[0], &again);
	ok(memcmp(&again, &tags[0], REUSE_TAG) != 0, "but by another key");
	for (i = 0; i < WISHES; i++)
		free(users[i].grants);
	reuse_free(other);
	reuse_free(r);
}

/* Whatever bit of an entry is another one, it is nobody's. */
static void
test_damage(void)
{
	struct reuse_head *head, good;
	struct reuse_tag tag, none;
	struct reuse *r, *other;
	uint8_t *p;
	size_t i;
	int found;

	r = new_reuse();
	tag = tag_in(0, 1);
	keep(r, &tag, "one.token.here", NOW);
	head = &r->heads[0][0];
	ok(finds(r, &tag, NOW, "one.token.here"), "it is where it is looked for");
	good = *head;
	for (i = 0, found = 0, p = (uint8_t *)head; i < sizeof(*head) * 8; i++) {
		p[i / 8] ^= (uint8_t)(1 << i % 8);
		found += finds_any(r, &tag, NOW);
		p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	is_int(found, 0, "a bit of the head");
	p = (uint8_t *)r->texts[0][0].v;
	for (i = 0; i < strlen("readone.token.here") * 8; i++) {
		p[i / 8] ^= (uint8_t)(1 << i % 8);
		found += finds_any(r, &tag, NOW);
		p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	is_int(found, 0, "a bit of the text");
	memset(head->mac, 0xff, sizeof(*head) - REUSE_TAG);
	head->tag = tag;
	ok(!finds_any(r, &tag, NOW), "lengths beyond any");
	*head = good;
	ok(finds(r, &tag, NOW, "one.token.here"), "and as it was");

	/* the head of one with the text of another of the same size */
	none = tag_in(0, 2);
	keep(r, &none, "two.token.here", NOW);
	r->texts[0][0] = r->texts[0][1];
	ok(!finds_any(r, &tag, NOW), "the text of another");
	head->tag = none;
	r->heads[0][1].tag = tag;
	ok(!finds_any(r, &tag, NOW) && !finds_any(r, &none, NOW),
	    "the tag of another");
	keep(r, &tag, "one.token.here", NOW);
	ok(finds(r, &tag, NOW, "one.token.here"), "one that is kept anew");

	other = new_reuse();
	memcpy(other->heads, r->heads, sizeof(r->heads));
	memcpy(other->texts, r->texts, sizeof(r->texts));
	ok(!finds_any(other, &tag, NOW), "what was made with another key");
	reuse_free(other);
	reuse_free(r);
}

static void
test_forget(void)
{
	struct reuse_token token;
	struct reuse_tag a, b, c;
	struct reuse *r;

	r = new_reuse();
	a = tag_in(5, 1);
	b = tag_in(5, 2);
	c = tag_in(REUSE_SETS - 1, 3);
	token = make_token("a", "read", NOW);
	(void)strlcpy(token.id, "first", sizeof(token.id));
	reuse_keep(r, &a, &token);
	(void)strlcpy(token.id, "firs", sizeof(token.id));
	reuse_keep(r, &b, &token);
	(void)strlcpy(token.id, "last", sizeof(token.id));
	reuse_keep(r, &c, &token);
	reuse_forget(r, "nobody");
	ok(finds_any(r, &a, NOW) && finds_any(r, &b, NOW) &&
	    finds_any(r, &c, NOW), "an id of nobody");
	reuse_forget(r, "first");
	ok(!finds_any(r, &a, NOW) && finds_any(r, &b, NOW) &&
	    finds_any(r, &c, NOW), "one is forgotten");
	reuse_forget(r, "last");
	ok(finds_any(r, &b, NOW) && !finds_any(r, &c, NOW), "the last as well");
	reuse_forget(r, "a longer id than any token of ours has, ever, at all");
	ok(finds_any(r, &b, NOW), "one that is too long");
	reuse_free(r);
}

/* Freed is wiped: also for those who have it mapped still. */
static void
test_wipe(void)
{
	static const char *const text = "token.that.is.wiped";
	struct reuse_tag tag;
	struct reuse *r;
	pid_t pid;
	int status, go[2], ready[2];
	char c;

	r = new_reuse();
	tag = tag_in(1, 1);
	keep(r, &tag, text, NOW);
	if (pipe(go) == -1 || pipe(ready) == -1 || (pid = fork()) == -1)
		abort();
	if (pid == 0) {
		close(go[1]);
		c = memmem(r, sizeof(*r), text, strlen(text)) != NULL;
		if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 0)
			_exit(2);
		_exit(memmem(r, sizeof(*r), text, strlen(text)) != NULL ||
		    finds_any(r, &tag, NOW));
	}
	close(go[0]);
	ok(read(ready[0], &c, 1) == 1 && c == 1, "another has it");
	reuse_free(r);
	close(go[1]);
	close(ready[0]);
	close(ready[1]);
	(void)waitpid(pid, &status, 0);
	is_int(status, 0, "and wiped");
}

static void
fill(char *text, size_t len, uint8_t n)
{
	memset(text, 'a' + n, len);
	text[len] = '\0';
}

/*
 * Many write and read the same set, of which one is killed at it: what is found
 * is always whole, and of the tag that it was kept for.
 */
static int
worry(struct reuse *r, uint8_t self, int rounds)
{
	char text[2001];
	struct reuse_token got;
	struct reuse_tag tag;
	int i, wrong;
	uint8_t n;

	for (i = wrong = 0; rounds == 0 || i < rounds; i++) {
		n = (uint8_t)((i * 7 + self) % (2 * REUSE_WAYS));
		tag = tag_in(0, n);
		fill(text, n % 2 == 0 ? 2000 : 1999, n);
		if (i % 3 == 0)
			keep(r, &tag, text, NOW + i % 5);
		else if (reuse_find(r, &tag, NOW + 9, &got))
			wrong += got.len != strlen(text) ||
			    memcmp(got.token, text, got.len) != 0 ||
			    strcmp(got.scope, "read") != 0 ||
			    strcmp(got.id, "id-of-it") != 0;
	}
	return (wrong);
}

static void
test_shared(void)
{
	enum { PROCESSES = 4 };
	struct reuse_tag tag;
	pid_t pids[PROCESSES];
	struct reuse *r;
	int i, status, bad;

	r = new_reuse();
	for (i = 0; i < PROCESSES; i++) {
		if ((pids[i] = fork()) == -1)
			abort();
		if (pids[i] == 0)
			_exit(worry(r, (uint8_t)i, i == 0 ? 0 : 60000) != 0);
	}
	is_int(worry(r, PROCESSES, 60000), 0, "what is found is right");
	(void)kill(pids[0], SIGKILL);
	for (i = bad = 0; i < PROCESSES; i++) {
		(void)waitpid(pids[i], &status, 0);
		bad += i > 0 && status != 0;
	}
	is_int(bad, 0, "for others, too");
	tag = tag_in(0, 1);
	keep(r, &tag, "after.all.that", NOW + 20);
	ok(finds(r, &tag, NOW + 20, "after.all.that"), "it works as before");
	reuse_free(r);
}

int
main(void)
{
	if (sodium_init() == -1)
		abort();
	test_fresh();
	test_life();
	test_sizes();
	test_collisions();
	test_tags();
	test_damage();
	test_forget();
	test_wipe();
	test_shared();
	return (done());
}
