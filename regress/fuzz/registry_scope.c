/*
 * Resource scopes of container registries.  What is accepted is what its parts
 * make when they are put together again, and no part holds what could mean
 * something elsewhere.
 */
#include "registry_scope.h"

#include "fuzz.h"

static void
append(char *out, size_t *n, const char *p, size_t len)
{
	memcpy(out + *n, p, len);
	*n += len;
}

static void
check_parts(const struct registry_scope *scope, const char *text, size_t len)
{
	size_t i;

	must(fuzz_inside(scope->type, text, len) && scope->type.len > 0);
	must(fuzz_inside(scope->class, text, len));
	must(scope->class.p == NULL || scope->class.len > 0);
	must(fuzz_inside(scope->name, text, len) && scope->name.len > 0);
	must(fuzz_inside(scope->actions, text, len));
	must(scope->name.len <= REGISTRY_SCOPE_NAME_MAX);
	for (i = 0; i < scope->name.len; i++)
		must(strchr("*?\"\\%@, ()", scope->name.p[i]) == NULL);
	must(memmem(scope->name.p, scope->name.len, "..", 2) == NULL);
	must(memmem(scope->name.p, scope->name.len, "//", 2) == NULL);
}

static void
check_actions(struct span actions)
{
	struct span action;
	size_t i, n;

	for (n = 0; registry_scope_action(&actions, &action); n++) {
		must(action.len > 0 && action.len <= REGISTRY_SCOPE_WORD_MAX);
		for (i = 0; i < action.len; i++)
			must((action.p[i] >= 'a' && action.p[i] <= 'z') ||
			    (action.p[i] == '*' && action.len == 1));
	}
	must(n <= REGISTRY_SCOPE_ACTIONS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum registry_scope_result result;
	struct registry_scope scope;
	const char *list;
	char *copy, *made;
	size_t len, n, count;

	if ((copy = malloc(size + 1)) == NULL ||
	    (made = malloc(size + 2)) == NULL)
		abort();
	memcpy(copy, data, size);
	copy[size] = '\0';
	len = strlen(copy);
	list = copy;
	n = count = 0;
	while ((result = registry_scope_next(&list, &scope)) ==
	    REGISTRY_SCOPE_ONE) {
		check_parts(&scope, copy, len);
		check_actions(scope.actions);
		if (count++ > 0)
			made[n++] = ' ';
		append(made, &n, scope.type.p, scope.type.len);
		if (scope.class.p != NULL) {
			made[n++] = '(';
			append(made, &n, scope.class.p, scope.class.len);
			made[n++] = ')';
		}
		made[n++] = ':';
		append(made, &n, scope.name.p, scope.name.len);
		made[n++] = ':';
		append(made, &n, scope.actions.p, scope.actions.len);
	}
	must(list >= copy && list <= copy + len);
	must(registry_scope_list_valid(copy) == (result ==
	    REGISTRY_SCOPE_END && count <= REGISTRY_SCOPE_LIST_MAX));
	if (result == REGISTRY_SCOPE_END)
		must(n == len && memcmp(made, copy, n) == 0);
	free(made);
	free(copy);
	return (0);
}
