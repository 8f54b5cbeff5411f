/*
 * Tokens that were given a short time ago; see reuse.h.  It must never give one
 * back for another wish than its own, nor one that is not whole: what is read
 * counts only with the keyed hash, over tag and token, of the signer that wrote
 * it.  So signers may write the same entry at the same time, or die at it: what
 * is left is nobody's.  Its keys were made at start and are nowhere but in the
 * memory of the signers and their master.
 */
#include "reuse.h"

#include <sys/mman.h>

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct reuse_head) == REUSE_MAC + REUSE_TAG +
    3 * 8 + REUSE_ID, "no padding");

struct reuse *
reuse_new(unsigned int seconds)
{
	struct reuse *r;

	r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	if (r == MAP_FAILED)
		return (NULL);
	crypto_generichash_keygen(r->tag_key);
	crypto_generichash_keygen(r->mac_key);
	r->seconds = seconds;
	return (r);
}

void
reuse_free(struct reuse *r)
{
	if (r != NULL)
		explicit_bzero(r, sizeof(*r));
	reuse_unmap(r);
}

void
reuse_unmap(struct reuse *r)
{
	if (r != NULL)
		(void)munmap(r, sizeof(*r));
}

static void
add(crypto_generichash_state *state, const void *bytes, size_t len)
{
	(void)crypto_generichash_update(state, bytes, len);
}

/* With its NUL, so that what follows is kept apart from it. */
static void
add_string(crypto_generichash_state *state, const char *s)
{
	add(state, s, strlen(s) + 1);
}

/*
 * What a token follows from is what claims_write() and keyring_sign() are
 * given, so nothing of that may be left out here.  Not in it are: the time and
 * the id, which are what differs between two tokens for the same; and the
 * issuer, the signer's lifetime, the audiences of the locations and the keys,
 * since none of these changes while there is this table and its key.  The
 * stored hash is in no token, but who has a new password is not to have the
 * token of the old one.
 */
void
reuse_tag(const struct reuse *r, const struct reuse_wish *wish,
    struct reuse_tag *tag)
{
	crypto_generichash_state state;
	const struct message_request *request;
	uint64_t numbers[4];
	size_t i;

	request = wish->request;
	numbers[0] = wish->key;
	numbers[1] = request->flags;
	numbers[2] = request->lifetime;
	numbers[3] = wish->user->grants_len;
	(void)crypto_generichash_init(&state, r->tag_key, sizeof(r->tag_key),
	    sizeof(tag->v));
	add(&state, numbers, sizeof(numbers));
	add(&state, wish->user->grants, wish->user->grants_len);
	add_string(&state, wish->user->hash);
	add_string(&state, wish->name);
	add_string(&state, request->scope);
	for (i = 0; i < MESSAGE_AUDIENCES; i++)
		add_string(&state, request->audience[i]);
	(void)crypto_generichash_final(&state, tag->v, sizeof(tag->v));
	explicit_bzero(&state, sizeof(state));
}

static void
make_mac(const struct reuse *r, const struct reuse_head *head,
    const char *scope, const char *token, uint8_t mac[REUSE_MAC])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, r->mac_key, sizeof(r->mac_key),
	    REUSE_MAC);
	add(&state, (const char *)head + REUSE_MAC, sizeof(*head) - REUSE_MAC);
	add(&state, scope, head->scope_len);
	add(&state, token, head->token_len);
	(void)crypto_generichash_final(&state, mac, REUSE_MAC);
	explicit_bzero(&state, sizeof(state));
}

static size_t
set_of(const struct reuse_tag *tag)
{
	uint64_t n;

	memcpy(&n, tag->v, sizeof(n));
	return ((size_t)(n & (REUSE_SETS - 1)));
}

static bool
same(const struct reuse_tag *a, const struct reuse_tag *b)
{
	return (sodium_memcmp(a->v, b->v, sizeof(a->v)) == 0);
}

/*
 * By the clock that the token's times are from, and that those go by who verify
 * it: if it was set back or forth, what is too young or too old is new.
 */
static bool
is_fresh(const struct reuse *r, const struct reuse_head *head, int64_t now)
{
	int64_t age;

	if (head->issued <= 0 || head->issued > now)
		return (false);
	age = now - head->issued;
	return (age < r->seconds && head->expires > now &&
	    head->expires - now > age);
}

/* All of it is copied before any of it is believed. */
static bool
read_entry(const struct reuse *r, size_t set, size_t way,
    const struct reuse_tag *tag, int64_t now, struct reuse_token *out)
{
	uint8_t mac[REUSE_MAC];
	struct reuse_head head;
	const char *text;

	head = r->heads[set][way];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!same(&head.tag, tag) || !is_fresh(r, &head, now) ||
	    head.scope_len > MESSAGE_SCOPE_MAX || head.token_len == 0 ||
	    head.token_len > REUSE_TOKEN_MAX)
		return (false);
	text = r->texts[set][way].v;
	memcpy(out->scope, text, head.scope_len);
	out->scope[head.scope_len] = '\0';
	memcpy(out->token, text + head.scope_len, head.token_len);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	make_mac(r, &head, out->scope, out->token, mac);
	if (sodium_memcmp(mac, head.mac, REUSE_MAC) != 0) {
		explicit_bzero(out->token, head.token_len);
		return (false);
	}
	out->len = head.token_len;
	out->issued = head.issued;
	out->expires = head.expires;
	memcpy(out->id, head.id, sizeof(out->id));
	return (true);
}

bool
reuse_find(const struct reuse *r, const struct reuse_tag *tag, int64_t now,
    struct reuse_token *out)
{
	size_t i;

	for (i = 0; i < REUSE_WAYS; i++)
		if (read_entry(r, set_of(tag), i, tag, now, out))
			return (true);
	return (false);
}

/*
 * The entry with that tag, or that with the oldest token; before these, one
 * from a future that the clock was set back from.
 */
static size_t
choose(const struct reuse *r, size_t set, const struct reuse_tag *tag,
    int64_t now)
{
	const struct reuse_head *head;
	size_t i, oldest;
	int64_t issued, min;

	oldest = 0;
	min = INT64_MAX;
	for (i = 0; i < REUSE_WAYS; i++) {
		head = &r->heads[set][i];
		if (same(&head->tag, tag))
			return (i);
		issued = head->issued;
		if (issued > now && issued - now > r->seconds)
			issued = 0;
		if (issued < min) {
			min = issued;
			oldest = i;
		}
	}
	return (oldest);
}

void
reuse_keep(struct reuse *r, const struct reuse_tag *tag,
    const struct reuse_token *token)
{
	struct reuse_head head;
	struct reuse_text *text;
	size_t set, way;

	if (token->len == 0 || token->len > REUSE_TOKEN_MAX)
		return;
	memset(&head, 0, sizeof(head));
	head.tag = *tag;
	head.issued = token->issued;
	head.expires = token->expires;
	head.scope_len = (uint32_t)strlen(token->scope);
	head.token_len = (uint32_t)token->len;
	(void)strlcpy(head.id, token->id, sizeof(head.id));
	make_mac(r, &head, token->scope, token->token, head.mac);
	set = set_of(tag);
	way = choose(r, set, tag, token->issued);
	text = &r->texts[set][way];
	memcpy(text->v, token->scope, head.scope_len);
	memcpy(text->v + head.scope_len, token->token, head.token_len);
	r->heads[set][way] = head;
}

void
reuse_forget(struct reuse *r, const char *id)
{
	struct reuse_head *head;
	size_t set, way;

	for (set = 0; set < REUSE_SETS; set++)
		for (way = 0; way < REUSE_WAYS; way++) {
			head = &r->heads[set][way];
			if (strncmp(head->id, id, sizeof(head->id)) == 0)
				explicit_bzero(head, sizeof(*head));
		}
}
