/*
 * From what jwtctl(8) wants to do to users to the store that does it.  It
 * touches no user itself.
 */
#include "users_admin.h"

int
users_admin_find(struct users_admin *ua, const char *name,
    struct users_line *user)
{
	return (ua->ops->find(ua, name, user));
}

int
users_admin_put(struct users_admin *ua, const struct users_batch *batch)
{
	return (ua->ops->put(ua, batch));
}

int
users_admin_delete(struct users_admin *ua, const char *name)
{
	return (ua->ops->delete(ua, name));
}

long
users_admin_list(struct users_admin *ua,
    void (*each)(const struct users_line *))
{
	return (ua->ops->list(ua, each));
}

int
users_admin_commit(struct users_admin *ua)
{
	return (ua->ops->commit(ua));
}

void
users_admin_close(struct users_admin *ua)
{
	if (ua != NULL)
		ua->ops->close(ua);
}
