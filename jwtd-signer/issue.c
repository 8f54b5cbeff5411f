/*
 * From one request to one answer.  Here is every decision on who gets a token;
 * the bytes of a password are in here and are wiped before it returns.
 */
#include "issue.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

#include "base64url.h"
#include "claims.h"
#include "clock.h"
#include "credentials.h"
#include "log.h"
#include "password.h"

#define RETRY_AFTER	5	/* seconds, when the store cannot answer */
#define JTI_BYTES	16
#define BCRYPT_MAX	72	/* bytes of a password */

enum login {
	LOGIN_GOOD,
	LOGIN_BAD,
	LOGIN_UNAVAILABLE
};

/* An imported hash becomes what we make ourselves, now that we can. */
static void
strengthen(struct serve *serve, const struct credentials *who,
    const char *old)
{
	char new[PASSWORD_HASH_SIZE];

	if (!password_needs_rehash(old) ||
	    !store_may_rehash(&serve->shared->store))
		return;
	/* bcrypt has looked at 72 bytes: what follows may be mistyped */
	if (strncmp(old, "$2", 2) == 0 && strlen(who->password) > BCRYPT_MAX)
		return;
	if (password_hash(who->password, new) == -1)
		log_warnx("out of memory: a password hash takes 64 MB");
	else
		store_rehash(serve->store, who->user, old, new);
	explicit_bzero(new, sizeof(new));
}

/*
 * One look-up and one hash, whoever it is: an unknown user and a disabled one
 * cost the same as one who is there.
 */
static enum login
try_login(struct serve *serve, const struct credentials *who, struct user *user)
{
	struct metrics_histogram *phases;
	enum store_result result;
	uint64_t start;
	bool good;

	phases = serve->metrics->signers[serve->slot].phases;
	start = clock_us();
	result = store_lookup(serve->store, who->user, user);
	start = metrics_since(&phases[METRICS_STORE], start);
	if (result == STORE_UNAVAILABLE)
		return (LOGIN_UNAVAILABLE);
	if (result == STORE_NOT_FOUND) {
		password_dummy(who->password);
		(void)metrics_since(&phases[METRICS_HASH], start);
		return (LOGIN_BAD);
	}
	good = password_verify(user->hash, who->password);
	(void)metrics_since(&phases[METRICS_HASH], start);
	if (good && !user->disabled) {
		strengthen(serve, who, user->hash);
		return (LOGIN_GOOD);
	}
	/* a cheap hash of elsewhere must not tell that the name is known */
	if (password_needs_rehash(user->hash))
		password_dummy(who->password);
	user_clear(user);
	return (LOGIN_BAD);
}

static enum message_status
make_token(struct serve *serve, const struct message_request *request,
    const char *name, const struct user *user, struct issue_scratch *scratch)
{
	char id[BASE64URL_LEN(JTI_BYTES) + 1];
	struct claims_request claims;
	struct claims_result result;
	unsigned char random[JTI_BYTES];
	enum message_status status;
	uint64_t start;
	size_t max;

	start = clock_us();
	randombytes_buf(random, sizeof(random));
	(void)base64url_encode(id, sizeof(id), random, sizeof(random));
	memset(&claims, 0, sizeof(claims));
	claims.issuer = serve->conf->signer->issuer;
	claims.subject = name;
	claims.wanted = request;
	claims.audiences = &serve->audiences;
	claims.now = (int64_t)time(NULL);
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
	(void)metrics_since(&serve->metrics->signers[serve->slot].
	    phases[METRICS_SIGN], start);
	(void)strlcpy(scratch->reply.scope, result.scope,
	    sizeof(scratch->reply.scope));
	scratch->reply.lifetime = result.lifetime;
	scratch->reply.issued_at = claims.now;
	return (MESSAGE_OK);
}

void
issue_token(struct serve *serve, const struct message_request *request,
    struct issue_scratch *scratch)
{
	struct credentials who[CREDENTIALS_MAX];
	struct user user;
	enum login login;
	size_t i, n;

	memset(&scratch->reply, 0, offsetof(struct message_reply, data));
	scratch->reply.magic = MESSAGE_REPLY;
	scratch->reply.id = request->id;
	scratch->reply.status = MESSAGE_BAD_CREDENTIALS;
	n = credentials_read(request->user, request->password, who);
	login = LOGIN_BAD;
	for (i = 0; i < n; i++) {
		login = try_login(serve, &who[i], &user);
		if (login != LOGIN_BAD)
			break;
	}
	switch (login) {
	case LOGIN_GOOD:
		scratch->reply.status = make_token(serve, request,
		    who[i].user, &user, scratch);
		user_clear(&user);
		break;
	case LOGIN_UNAVAILABLE:
		scratch->reply.status = MESSAGE_UNAVAILABLE;
		scratch->reply.retry_after = RETRY_AFTER;
		break;
	case LOGIN_BAD:
		break;
	}
	if (scratch->reply.status != MESSAGE_OK)
		scratch->reply.scope[0] = '\0';
	explicit_bzero(who, sizeof(who));
}
