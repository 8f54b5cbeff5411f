/* What of a registry's resources a user may use: the "access" claim. */
#ifndef ACCESS_H
#define ACCESS_H

#include <jansson.h>

/*
 * What of the wanted resource scopes (registry_scope.h) the "access" of a
 * user's grants allows, as a new array of {"type","class","name","actions"}: in
 * the order in which it was asked for, each resource once, and none without an
 * action.  granted may be NULL, for grants without "access".  What is not
 * well-formed in wanted, and whatever follows it, gets nothing.  Returns NULL
 * with a static text in *why if granted cannot be used.
 */
json_t	*access_intersect(const json_t *granted, const char *wanted,
	    const char **why);

#endif
