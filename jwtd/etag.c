/* Entity tags; see etag.h.  Pure functions. */
#include "etag.h"

#include <sodium.h>
#include <stdint.h>

#include "base64url.h"

void
etag_make(char out[ETAG_SIZE], const void *body, size_t len)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	size_t n;

	(void)crypto_hash_sha256(hash, body, len);
	out[0] = '"';
	n = 1 + base64url_encode(out + 1, ETAG_SIZE - 1, hash, sizeof(hash));
	out[n++] = '"';
	out[n] = '\0';
}

static void
skip(struct span *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

/* RFC 9110 section 5.6.1.2: empty elements of a list are ignored */
static void
skip_separators(struct span *s)
{
	while (s->len > 0 && (*s->p == ',' || *s->p == ' ' || *s->p == '\t'))
		skip(s, 1);
}

/*
 * Take an entity-tag from the start of s, without the W/ that makes it weak.
 * False if there is none.
 */
static bool
take(struct span *s, struct span *tag)
{
	size_t n;

	if (s->len >= 2 && s->p[0] == 'W' && s->p[1] == '/')
		skip(s, 2);
	if (s->len == 0 || *s->p != '"')
		return (false);
	/* etagc: no white space, no quote; controls did not get here */
	for (n = 1; n < s->len && s->p[n] != '"'; n++)
		if (s->p[n] == ' ' || s->p[n] == '\t')
			return (false);
	if (n == s->len)
		return (false);
	tag->p = s->p;
	tag->len = n + 1;
	skip(s, n + 1);
	/* the end or a comma has to follow */
	while (s->len > 0 && (*s->p == ' ' || *s->p == '\t'))
		skip(s, 1);
	return (s->len == 0 || *s->p == ',');
}

/* RFC 9110 section 13.1.2: weak comparison; what is no list names nothing */
bool
etag_named(struct span field, const char *etag)
{
	struct span tag;
	bool named;

	if (span_is(field, "*"))
		return (true);
	named = false;
	for (skip_separators(&field); field.len > 0; skip_separators(&field)) {
		if (!take(&field, &tag))
			return (false);
		if (span_is(tag, etag))
			named = true;
	}
	return (named);
}
