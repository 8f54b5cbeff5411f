/*
 * From one request to one answer.  Here is every decision on who gets a token;
 * the bytes of a password are in here and are wiped before it returns.
 */
#include "issue.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

#include "again.h"
#include "base64url.h"
#include "claims.h"
#include "clock.h"
#include "credentials.h"
#include "log.h"
#include "password.h"
#include "revoking.h"

#define RETRY_AFTER	5	/* seconds, when the store cannot answer */
#define BCRYPT_MAX	72	/* bytes of a password */

enum login {
	LOGIN_GOOD,
	LOGIN_BAD,
	LOGIN_UNAVAILABLE,
	LOGIN_THROTTLED,
	LOGIN_LATER		/* others are hashing */
};

/* One way to read the credentials, and whom the store has by that name. */
struct attempt {
	const struct credentials	*who;
	struct user			 user;
	bool				 found;
	/*
	 * When the store was asked: a token is from then, so that revoking
	 * those of a user gets that of a login that was under way.
	 */
	int64_t				 since;
	/* a new hash of the same password, or "" */
	char				 stronger[PASSWORD_HASH_SIZE];
};

/* An imported hash becomes what we make ourselves, if we can. */
static bool
may_strengthen(const struct serve *serve, const struct attempt *a)
{
	if (!password_needs_rehash(a->user.hash) ||
	    !store_may_rehash(&serve->shared->store))
		return (false);
	/* bcrypt has looked at 72 bytes: what follows may be mistyped */
	return (strncmp(a->user.hash, "$2", 2) != 0 ||
	    strlen(a->who->password) <= BCRYPT_MAX);
}

/* What the store does with it may take long, and needs no place to hash. */
static void
keep_stronger(struct serve *serve, const struct attempt *a)
{
	if (a->stronger[0] == '\0')
		return;
	store_rehash(serve->store, a->who->user, a->user.hash, a->stronger);
	remember_add(&serve->shared->remember, a->stronger, a->who->user,
	    a->who->password, clock_ms());
}

/* For how long must nobody of that network try these users?  In ms. */
static uint64_t
throttled(const struct serve *serve, const struct message_request *request,
    const struct credentials *who, size_t n, uint64_t now)
{
	uint64_t longest, wait;
	size_t i;

	longest = 0;
	for (i = 0; i < n; i++) {
		wait = throttle_wait(&serve->shared->throttle, who[i].user,
		    request, now);
		if (wait > longest)
			longest = wait;
	}
	return (longest);
}

/* Each name once, whether or not there is somebody by it. */
static void
count_failure(struct serve *serve, const struct message_request *request,
    const struct credentials *who, size_t n, uint64_t now)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (i == 0 || strcmp(who[i].user, who[0].user) != 0)
			throttle_failed(&serve->shared->throttle, who[i].user,
			    request, now);
}

static bool
look_up(struct serve *serve, struct attempt *a)
{
	enum store_result result;
	uint64_t start;

	start = clock_us();
	a->since = (int64_t)time(NULL);
	result = store_lookup(serve->store, a->who->user, &a->user);
	(void)metrics_since(&serve->metrics->phases[METRICS_STORE], start);
	a->found = result == STORE_FOUND;
	return (result != STORE_UNAVAILABLE);
}

/* It takes as long for somebody who is not there, whose hash is "". */
static bool
remembered(const struct serve *serve, const struct attempt *a)
{
	bool known;

	known = remember_known(&serve->shared->remember, a->user.hash,
	    a->who->user, a->who->password, clock_ms());
	return (known && a->found && !a->user.disabled &&
	    !may_strengthen(serve, a));
}

static bool
is_right(struct serve *serve, const struct attempt *a)
{
	uint64_t start;
	bool right;

	start = clock_us();
	right = a->found && password_verify(a->user.hash, a->who->password);
	if (!a->found)
		password_dummy(a->who->password);
	(void)metrics_since(&serve->metrics->phases[METRICS_HASH], start);
	return (right);
}

/*
 * One hash, whoever it is: an unknown user and a disabled one cost the same as
 * one who is there.
 */
static bool
verify(struct serve *serve, struct attempt *a)
{
	bool good;

	good = is_right(serve, a);
	if (!a->found)
		return (false);
	if (good && !a->user.disabled) {
		remember_add(&serve->shared->remember, a->user.hash,
		    a->who->user, a->who->password, clock_ms());
		if (may_strengthen(serve, a) &&
		    password_hash(a->who->password, a->stronger) == -1) {
			log_warnx("out of memory: a password hash takes 64 MB");
			a->stronger[0] = '\0';
		}
		return (true);
	}
	/* a cheap hash of elsewhere must not tell that the name is known */
	if (password_needs_rehash(a->user.hash))
		password_dummy(a->who->password);
	return (false);
}

/*
 * Look up whom the credentials may name, and check the password.  LOGIN_GOOD
 * says of *good that it is who they are.
 */
static enum login
log_in(struct serve *serve, struct attempt *attempts, size_t n,
    uint64_t since, const struct attempt **good)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!look_up(serve, &attempts[i]))
			return (LOGIN_UNAVAILABLE);
		*good = &attempts[i];
		if (remembered(serve, *good)) {
			metrics_add(&serve->metrics->remembered, 1);
			return (LOGIN_GOOD);
		}
	}
	*good = NULL;
	if (!hashing_begin(&serve->shared->hashing, serve->slot, since,
	    clock_ms()))
		return (LOGIN_LATER);
	metrics_add(&serve->metrics->hashed, 1);
	for (i = 0; i < n && *good == NULL; i++)
		if (verify(serve, &attempts[i]))
			*good = &attempts[i];
	hashing_done(&serve->shared->hashing, serve->slot);
	if (*good == NULL)
		return (LOGIN_BAD);
	keep_stronger(serve, *good);
	return (LOGIN_GOOD);
}

/* RFC 7519 section 4.1.7.  Several are drawn at once, none is used twice. */
static void
next_id(struct issue_scratch *scratch, char id[BASE64URL_LEN(ISSUE_ID) + 1])
{
	if (scratch->nids == 0) {
		randombytes_buf(scratch->ids, sizeof(scratch->ids));
		scratch->nids = ISSUE_IDS;
	}
	(void)base64url_encode(id, BASE64URL_LEN(ISSUE_ID) + 1,
	    scratch->ids[--scratch->nids], ISSUE_ID);
}

static enum message_status
make_token(struct serve *serve, const struct message_request *request,
    const struct attempt *good, const char *id, struct issue_scratch *scratch)
{
	const struct user *user;
	const char *name;
	struct claims_request claims;
	struct claims_result result;
	enum message_status status;
	uint64_t start;
	size_t max;

	start = clock_us();
	name = good->who->user;
	user = &good->user;
	memset(&claims, 0, sizeof(claims));
	claims.issuer = serve->conf->signer->issuer;
	claims.subject = name;
	claims.wanted = request;
	claims.audiences = &serve->audiences;
	claims.now = good->since;
	claims.lifetime = serve->conf->signer->lifetime;
	claims.id = id;
	max = keyring_claims_max(serve->keys, sizeof(scratch->token));
	if (max > sizeof(scratch->claims))
		max = sizeof(scratch->claims);
	status = claims_write(user->grants, user->grants_len, &claims,
	    scratch->claims, max, &result);
	if (status == MESSAGE_BROKEN)
		log_warnx("user \"%s\": %s", name, result.why);
	if (status != MESSAGE_OK)
		return (status);
	scratch->token_len = keyring_sign(serve->keys, scratch->claims,
	    result.len, scratch->token, sizeof(scratch->token));
	if (scratch->token_len == 0) {
		log_warnx("user \"%s\": the token cannot be signed", name);
		return (MESSAGE_BROKEN);
	}
	(void)metrics_since(&serve->metrics->phases[METRICS_SIGN], start);
	(void)strlcpy(scratch->reply.scope, result.scope,
	    sizeof(scratch->reply.scope));
	scratch->reply.lifetime = result.lifetime;
	scratch->reply.issued_at = claims.now;
	return (MESSAGE_OK);
}

static enum message_status
give_token(struct serve *serve, const struct message_request *request,
    const struct attempt *good, struct issue_scratch *scratch)
{
	char id[BASE64URL_LEN(ISSUE_ID) + 1];
	struct reuse_wish wish;
	struct reuse_tag tag;
	enum message_status status;

	keyring_at(serve->keys, good->since);
	wish.name = good->who->user;
	wish.user = &good->user;
	wish.request = request;
	wish.key = keyring_turn(serve->keys);
	if (again_give(serve, &wish, good->since, &tag, scratch))
		return (MESSAGE_OK);
	next_id(scratch, id);
	status = make_token(serve, request, good, id, scratch);
	if (status == MESSAGE_OK)
		again_keep(serve, &tag, id, scratch);
	return (status);
}

static enum message_status
fulfil(struct serve *serve, const struct message_request *request,
    const struct attempt *good, struct issue_scratch *scratch)
{
	enum message_status status;
	uint64_t wait;

	if ((request->flags & MESSAGE_OTHERS) == 0)
		return (give_token(serve, request, good, scratch));
	status = revoking_decide(serve, request, good->who->user, &good->user,
	    &wait);
	if (status == MESSAGE_UNAVAILABLE)
		scratch->reply.retry_after = RETRY_AFTER;
	else if (status == MESSAGE_THROTTLED)
		scratch->reply.retry_after = (uint32_t)((wait + 999) / 1000);
	return (status);
}

static void
begin_reply(struct message_reply *reply, uint64_t id)
{
	memset(reply, 0, offsetof(struct message_reply, data));
	reply->magic = MESSAGE_REPLY;
	reply->id = id;
	reply->status = MESSAGE_BAD_CREDENTIALS;
}

/*
 * Who failed too often is told so before anybody is looked up, and whatever the
 * password is: so it tells nothing, and costs nothing.
 */
static enum login
decide(struct serve *serve, const struct message_request *request,
    uint64_t since, struct issue_scratch *scratch)
{
	struct credentials who[CREDENTIALS_MAX];
	struct attempt attempts[CREDENTIALS_MAX];
	const struct attempt *good;
	enum login login;
	uint64_t wait;
	size_t i, n;

	n = credentials_read(request->user, request->password, who);
	wait = throttled(serve, request, who, n, clock_ms());
	if (n == 0)
		login = LOGIN_BAD;
	else if (wait > 0) {
		login = LOGIN_THROTTLED;
		metrics_add(&serve->metrics->throttled, 1);
		scratch->reply.retry_after = (uint32_t)((wait + 999) / 1000);
	} else {
		memset(attempts, 0, sizeof(attempts));
		for (i = 0; i < n; i++)
			attempts[i].who = &who[i];
		login = log_in(serve, attempts, n, since, &good);
		if (login == LOGIN_GOOD)
			scratch->reply.status = fulfil(serve, request, good,
			    scratch);
		else if (login == LOGIN_BAD)
			count_failure(serve, request, who, n, clock_ms());
		for (i = 0; i < n; i++) {
			user_clear(&attempts[i].user);
			explicit_bzero(attempts[i].stronger,
			    sizeof(attempts[i].stronger));
		}
	}
	explicit_bzero(who, sizeof(who));
	return (login);
}

bool
issue_token(struct serve *serve, const struct message_request *request,
    uint64_t since, struct issue_scratch *scratch)
{
	begin_reply(&scratch->reply, request->id);
	switch (decide(serve, request, since, scratch)) {
	case LOGIN_GOOD:
	case LOGIN_BAD:
		break;
	case LOGIN_UNAVAILABLE:
		scratch->reply.status = MESSAGE_UNAVAILABLE;
		scratch->reply.retry_after = RETRY_AFTER;
		break;
	case LOGIN_THROTTLED:
		scratch->reply.status = MESSAGE_THROTTLED;
		break;
	case LOGIN_LATER:
		return (false);
	}
	if (scratch->reply.status != MESSAGE_OK)
		scratch->reply.scope[0] = '\0';
	return (true);
}
