/*
 * What a client of a container registry asks for: the resource scopes of the
 * Distribution specification ("Token Scope Documentation", resource scope
 * grammar), such as "repository:team/app:pull,push".
 */
#ifndef REGISTRY_SCOPE_H
#define REGISTRY_SCOPE_H

#include <stdbool.h>

#include "span.h"

#define REGISTRY_SCOPE_WORD_MAX		32	/* a type, class or action */
#define REGISTRY_SCOPE_NAME_MAX		255
#define REGISTRY_SCOPE_ACTIONS_MAX	16	/* of one resource */
#define REGISTRY_SCOPE_LIST_MAX		32	/* resources */

struct registry_scope {
	struct span	type;
	struct span	class;		/* absent: none was given */
	struct span	name;
	struct span	actions;	/* for registry_scope_action() */
};

enum registry_scope_result {
	REGISTRY_SCOPE_ONE,
	REGISTRY_SCOPE_END,
	REGISTRY_SCOPE_BAD		/* so is all that follows */
};

/*
 * Take the next of a list in which one space separates them.  *list is moved
 * behind it; the spans point into the list.
 */
enum registry_scope_result registry_scope_next(const char **list,
		    struct registry_scope *);

/*
 * Take the next action.  Empty ones, which the grammar has, are passed over.
 * Returns false after the last.
 */
bool		 registry_scope_action(struct span *actions,
		    struct span *action);

/*
 * Is it a list of at most REGISTRY_SCOPE_LIST_MAX well-formed scopes?  The
 * empty string is: a client that only logs in asks for nothing.
 */
bool		 registry_scope_list_valid(const char *);

#endif
