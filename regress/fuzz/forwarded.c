/*
 * X-Forwarded-For: what stands left of an address that nobody trusts, as a
 * client can have invented it, changes nothing; and one field or several are
 * the same list.
 */
#include "forwarded.h"

#include "fuzz.h"

static struct conf_network	 network;
static struct conf_networks	 trusted = TAILQ_HEAD_INITIALIZER(trusted);

static bool
same(const struct address *a, const struct address *b)
{
	return (memcmp(a, b, sizeof(*a)) == 0);
}

/* Split at the commas, up to n of them; the rest stays in the last. */
static size_t
split(const char *buf, size_t len, struct span *fields, size_t n)
{
	const char *comma;
	size_t i;

	for (i = 0; ; i++) {
		fields[i].p = buf;
		fields[i].len = len;
		comma = memchr(buf, ',', len);
		if (comma == NULL || i + 1 == n)
			return (i + 1);
		fields[i].len = (size_t)(comma - buf);
		len -= fields[i].len + 1;
		buf = comma + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t ten[4] = { 10, 0, 0, 1 };
	static const uint8_t other[4] = { 192, 0, 2, 1 };
	static const char real[] = ", 192.0.2.1 , 10.0.0.2:80";
	struct address peer, want, got;
	struct span fields[8], one;
	char text[ADDRESS_TEXT], *buf;
	size_t n;

	if (TAILQ_EMPTY(&trusted)) {
		network.family = AF_INET;
		network.address[0] = 10;
		network.bits = 8;
		TAILQ_INSERT_TAIL(&trusted, &network, entry);
	}
	buf = fuzz_copy(data, size);
	peer = address_make(AF_INET, ten);
	want = address_make(AF_INET, other);
	one.p = buf;
	one.len = size;

	/* from nobody in particular, it is not looked at */
	got = forwarded_client(&want, &trusted, &one, 1);
	must(same(&got, &want));
	got = forwarded_client(&peer, &trusted, &one, 1);
	must(got.family == AF_INET || got.family == AF_INET6);
	must(strlen(address_text(&got, text)) > 0);
	n = split(buf, size, fields, 8);
	want = forwarded_client(&peer, &trusted, fields, n);
	must(same(&got, &want));
	free(buf);

	/* behind what a client sent, in its field and in one of its own */
	if ((buf = malloc(size + sizeof(real))) == NULL)
		abort();
	memcpy(buf, data, size);
	memcpy(buf + size, real, sizeof(real) - 1);
	want = address_make(AF_INET, other);
	one.p = buf;
	one.len = size + sizeof(real) - 1;
	got = forwarded_client(&peer, &trusted, &one, 1);
	must(same(&got, &want));
	fields[0].p = buf;
	fields[0].len = size;
	fields[1].p = buf + size;
	fields[1].len = sizeof(real) - 1;
	got = forwarded_client(&peer, &trusted, fields, 2);
	must(same(&got, &want));
	free(buf);
	return (0);
}
