/* The part of a store that is the same for every kind of it. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

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
	switch (conf->store) {
	case CONF_STORE_FILE:
		return (store_file_open(conf->store_arg, confined, shared));
	case CONF_STORE_POSTGRES:
		return (store_postgres_open(conf->store_arg, confined,
		    shared));
	}
	return (NULL);
}

const char *
store_directory(struct store *store)
{
	return (store->ops->directory(store));
}

void
store_rehash(struct store *store, const char *name, const char *old,
    const char *new)
{
	store->ops->rehash(store, name, old, new);
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
