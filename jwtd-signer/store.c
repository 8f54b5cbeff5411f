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
