/* common/rotation.c: names of keys, and what follows from them. */
#include "rotation.h"

#include <stdlib.h>

#include "tap.h"

#define A		"20261124T130000Z-aaaa.pem"
#define AT		1795525200	/* 2026-11-24T13:00:00Z */
#define TAG64		"0123456789abcdef0123456789ABCDEF" \
			"0123456789abcdef0123456789-_-_-_"

static void
test_names(void)
{
	static const struct {
		const char	*name;
		long long	 since;
	} good[] = {
		{ A, AT },
		{ "19700101T000000Z-x.pem", 0 },
		{ "20000229T235959Z--_.pem", 951868799 },
		{ "99991231T235959Z-" TAG64 ".pem", 253402300799 }
	};
	struct rotation_key key, again;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(&key, 'x', sizeof(key));
		ok(rotation_parse(good[i].name, &key), "%s", good[i].name);
		is_int(key.since, good[i].since, "... its time");
		is_str(key.name, good[i].name, "... its name");
		ok(!rotation_almost(good[i].name) &&
		    !rotation_temporary(good[i].name), "... and nothing else");
	}
	ok(rotation_name(&again, AT, "aaaa"), "a name is made");
	is_str(again.name, A, "... that is read again");
	is_int(again.since, AT, "... with its time");
	ok(!rotation_name(&again, -1, "a"), "a time before 1970");
	ok(!rotation_name(&again, 253402300800, "a"), "the year 10000");
	ok(!rotation_name(&again, AT, ""), "no tag");
	ok(!rotation_name(&again, AT, "../a"), "a tag that is a path");
	ok(rotation_name(&again, AT, TAG64), "the longest tag");
	ok(!rotation_name(&again, AT, TAG64 "x"), "one that is longer");
}

static void
test_bad_names(void)
{
	static const struct {
		const char	*name;
		bool		 almost;
	} bad[] = {
		{ "", false }, { ".", false }, { "..", false },
		{ "README", false }, { "lost+found", false },
		{ ".20261124T130000Z-aaaa.pem", false }, { "2026.pem", true },
		{ "key.pem", true }, { ".pem", false },
		{ "20261124T130000Z-aaaa.pem.bak", true },
		{ "20261124T130000Z-aaaa.PEM", true },
		{ "20261124T130000Z-.pem", true },
		{ "20261124T130000Z.pem", true },
		{ "20261124T130000Z_aaaa.pem", true },
		{ "20261124T130000-aaaa.pem", true },
		{ "20261124t130000z-aaaa.pem", true },
		{ "20261124T130000Z-aa.aa.pem", true },
		{ "20261124T130000Z-aa/aa.pem", true },
		{ "20261124T130000Z-\303\244.pem", true },
		{ "20261124T130000Z-" TAG64 "x.pem", true },
		{ "20261124T130000Z-", true }, { "20261124T130000Z", true },
		{ "20261124T130000", true }, { "2", true },
		{ "20261324T130000Z-a.pem", true },
		{ "20260024T130000Z-a.pem", true },
		{ "20260230T130000Z-a.pem", true },
		{ "20250229T130000Z-a.pem", true },
		{ "20261100T130000Z-a.pem", true },
		{ "20261124T240000Z-a.pem", true },
		{ "20261124T136000Z-a.pem", true },
		{ "20261124T135960Z-a.pem", true },
		{ "19691231T235959Z-a.pem", true },
		{ "00000101T000000Z-a.pem", true },
		{ "2026112 T130000Z-a.pem", true },
		{ "+0261124T130000Z-a.pem", true },
		{ " 20261124T130000Z-a.pem", true }
	};
	struct rotation_key key;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ok(!rotation_parse(bad[i].name, &key), "not \"%s\"",
		    bad[i].name);
		is_int(rotation_almost(bad[i].name), bad[i].almost,
		    "... was it meant to be one?");
	}
}

static void
test_temporary(void)
{
	static const char *const other[] = {
		"", ".", A ".0123456789", "." A, "." A ".", "." A ".012345678",
		"." A ".0123456789a", "." A ".012345678-", "." A "x0123456789",
		".users.0123456789", ".." A ".0123456789"
	};
	size_t i;

	ok(rotation_temporary("." A ".0123456789"), "what is being written");
	ok(rotation_temporary("." A ".abcdefGHIJ"), "... with letters");
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		ok(!rotation_temporary(other[i]), "not \"%s\"", other[i]);
}

static void
add(struct rotation *all, long long since, const char *tag)
{
	struct rotation_key key;

	if (!rotation_name(&key, since, tag) || !rotation_add(all, &key))
		abort();
}

/* the states of all at one time, as letters */
static const char *
states(const struct rotation *all, long long now)
{
	static char text[ROTATION_MAX + 1];
	size_t i;

	for (i = 0; i < all->n; i++)
		text[i] = *rotation_state_name(rotation_state(all, i, now,
		    100));
	text[i] = '\0';
	return (text);
}

static void
test_states(void)
{
	struct rotation all;

	all.n = 0;
	add(&all, 3000, "c");
	add(&all, 1000, "a");
	add(&all, 2000, "b");
	rotation_sort(&all);
	ok(all.keys[0].since == 1000 && all.keys[2].since == 3000, "sorted");
	is_str(states(&all, 0), "ann", "a clock before all of them");
	is_str(states(&all, 999), "ann", "just before the first");
	is_str(states(&all, 1000), "ann", "the first");
	is_str(states(&all, 1999), "ann", "just before the second");
	is_str(states(&all, 2000), "ran", "the second");
	is_str(states(&all, 2159), "ran", "as long as tokens of the first");
	is_str(states(&all, 2160), "ean", "no longer");
	is_str(states(&all, 2999), "ean", "just before the third");
	is_str(states(&all, 3000), "era", "the third");
	is_str(states(&all, 3160), "eea", "the third alone");
	is_str(states(&all, 253402300799), "eea", "for ever");
	is_str(states(&all, 2500), "ean", "the clock set back");
	is_int(rotation_until(&all, 0, 100), 2160, "until when, the first");
	is_int(rotation_until(&all, 1, 2592000), 2595060, "... the second");
	is_int(rotation_until(&all, 2, 100), -1, "... the last");
	is_int((long long)rotation_active(&all, 2500), 1, "which signs");

	/* two that come soon after each other */
	add(&all, 3001, "d");
	rotation_sort(&all);
	is_str(states(&all, 3000), "eran", "one for a second");
	is_str(states(&all, 3001), "erra", "and then the other");
	is_str(states(&all, 3160), "eera", "both are accepted long enough");
	is_str(states(&all, 3161), "eeea", "... and no longer");
}

/* at one time: the same everywhere, in whatever order they were read */
static void
test_ties(void)
{
	struct rotation one, other;

	one.n = other.n = 0;
	add(&one, 1000, "a");
	add(&one, 1000, "b");
	add(&other, 1000, "b");
	add(&other, 1000, "a");
	rotation_sort(&one);
	rotation_sort(&other);
	ok(memcmp(one.keys, other.keys, 2 * sizeof(one.keys[0])) == 0,
	    "two of one time are in one order");
	is_str(states(&one, 1000), "ra", "the last name signs");
	is_str(states(&one, 999), "an", "before, there is one as well");
	is_str(states(&one, 1160), "ea", "the other expires");
}

static void
test_full(void)
{
	struct rotation_key key;
	struct rotation all;
	int i;

	all.n = 0;
	is_str(states(&all, 0), "", "none");
	for (i = 0; i < ROTATION_MAX; i++)
		add(&all, i, "a");
	ok(rotation_name(&key, i, "a") && !rotation_add(&all, &key),
	    "no more than there is room for");
	rotation_sort(&all);
	is_int((long long)rotation_active(&all, 1000), ROTATION_MAX - 1,
	    "the last of so many");
}

static void
test_times(void)
{
	char buf[ROTATION_TIME_SIZE];

	is_str(rotation_time(buf, AT), "2026-11-24T13:00:00Z", "a time");
	is_str(rotation_time(buf, -1), "-", "none");
	is_str(rotation_time(buf, INT64_MAX), "-", "one of no year");
	is_str(rotation_time(buf, 253402300799), "9999-12-31T23:59:59Z",
	    "the last one");
}

int
main(void)
{
	test_names();
	test_bad_names();
	test_temporary();
	test_states();
	test_ties();
	test_full();
	test_times();
	return (done());
}
