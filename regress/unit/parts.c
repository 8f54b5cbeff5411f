/* jwtd/parts.c: tokens in parts, whole, in another order, and of two kinds. */
#include "parts.h"

#include <stdlib.h>

#include "tap.h"

static struct parts parts;

/* one more part; data is what its bytes are */
static enum parts_result
add(uint32_t part, uint32_t of, uint32_t len, char data)
{
	static struct message_reply m;

	memset(&m, 0, sizeof(m));
	m.magic = MESSAGE_REPLY;
	m.id = 1;
	m.part = part;
	m.parts = of;
	m.len = len;
	memset(m.data, data, len);
	if (!message_reply_valid(&m, sizeof(m)))
		abort();
	return (parts_add(&parts, &m));
}

static void
test_whole(void)
{
	is_int(add(0, 1, 5, 'a'), PARTS_DONE, "one part");
	ok(parts.len == 5 && memcmp(parts.token, "aaaaa", 5) == 0,
	    "... is the token");
	is_int(add(0, 1, 5, 'a'), PARTS_BAD, "... and nothing follows it");
	parts_clear(&parts);
	ok(parts.token == NULL && parts.len == 0 && parts.next == 0,
	    "cleared");

	is_int(add(0, 4, MESSAGE_PART, 'a'), PARTS_MORE, "the first of four");
	is_int(add(1, 4, MESSAGE_PART, 'b'), PARTS_MORE, "the second");
	is_int(add(2, 4, MESSAGE_PART, 'c'), PARTS_MORE, "the third");
	is_int(add(3, 4, MESSAGE_PART, 'd'), PARTS_DONE, "the fourth");
	is_int((long long)parts.len, MESSAGE_TOKEN_MAX, "... the longest");
	ok(parts.token[MESSAGE_PART - 1] == 'a' &&
	    parts.token[MESSAGE_PART] == 'b' &&
	    parts.token[MESSAGE_TOKEN_MAX - 1] == 'd', "... in order");
	parts_clear(&parts);
}

static void
test_bad(void)
{
	is_int(add(1, 2, 5, 'a'), PARTS_BAD, "the second first");
	is_int(add(0, 2, MESSAGE_PART, 'a'), PARTS_MORE,
	    "what was bad leaves nothing");
	is_int(add(0, 2, MESSAGE_PART, 'a'), PARTS_BAD, "the first twice");
	is_int(add(1, 3, MESSAGE_PART, 'a'), PARTS_BAD, "of another number");
	is_int(add(0, 1, 5, 'a'), PARTS_BAD, "a whole one in between");
	is_int(add(1, 2, 5, 'b'), PARTS_DONE, "the one that must come");
	is_int((long long)parts.len, MESSAGE_PART + 5, "... nothing else");
	parts_clear(&parts);
	parts_clear(&parts);
	ok(parts.token == NULL, "cleared twice");
}

int
main(void)
{
	test_whole();
	test_bad();
	return (done());
}
