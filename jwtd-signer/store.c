/* The part of a store that is the same for every kind of it. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

/* after a failure; each try costs an argon2id */
#define REHASH_PAUSE_MS	5000

void
store_note_down(struct store_shared *shared, const char *what,
    const char *why)
{
	if (!__atomic_exchange_n(&shared->down, true, __ATOMIC_RELAXED))
		log_warnx("%s: %s: no user can log in", what, why);
}

void
store_note_up(struct store_shared *shared, const char *what)
{
	/* a look first: this is on the path of every request */
	if (__atomic_load_n(&shared->down, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(&shared->down, false, __ATOMIC_RELAXED))
		log_info("%s: available again", what);
}

bool
store_may_rehash(const struct store_shared *shared)
{
	return (clock_ms() >= __atomic_load_n(&shared->rehash_after,
	    __ATOMIC_RELAXED));
}

void
store_note_rehash(struct store_shared *shared, const char *what,
    const char *why)
{
	bool failed;

	if (why != NULL)
		__atomic_store_n(&shared->rehash_after,
		    clock_ms() + REHASH_PAUSE_MS, __ATOMIC_RELAXED);
	failed = __atomic_exchange_n(&shared->rehash_failed, why != NULL,
	    __ATOMIC_RELAXED);
	if (why != NULL && !failed)
		log_warnx("%s: passwords are not rehashed: %s", what, why);
}

enum store_result
store_lookup(struct store *store, const char *name, struct user *user)
{
	memset(user, 0, sizeof(*user));
	return (store->ops->lookup(store, name, user));
}

struct store *
store_open(const struct conf_signer *conf, bool confined,
    struct store_shared *shared)
{
	struct store *store;

	store = NULL;
	switch (conf->store) {
	case CONF_STORE_FILE:
		store = store_file_open(conf->store_arg, confined, shared);
		break;
	case CONF_STORE_POSTGRES:
		store = store_postgres_open(conf->store_arg, confined, shared);
		break;
	}
	if (store != NULL)
		store->revocations = &conf->revocations;
	return (store);
}

enum store_result
store_revoke(struct store *store, const char *id, int64_t expires)
{
	return (store->ops->revoke(store, id, expires));
}

const char *
store_revoked(struct store *store, struct revoked *table)
{
	return (store->ops->revoked(store, table));
}

int
store_hint(const struct store *store)
{
	return (store->ops->hint(store));
}

void
store_needs(struct store *store, struct sandbox_needs *needs)
{
	store->ops->needs(store, needs);
}

void
store_rehash(struct store *store, const char *name, const char *old,
    const char *new)
{
	store->ops->rehash(store, name, old, new);
}

bool
store_work(struct store *store)
{
	return (store->ops->work != NULL && store->ops->work(store));
}

void
store_close(struct store *store)
{
	if (store != NULL)
		store->ops->close(store);
}

void
user_clear(struct user *user)
{
	if (user->grants != NULL)
		freezero(user->grants, user->grants_len + 1);
	explicit_bzero(user, sizeof(*user));
}
