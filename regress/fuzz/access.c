/*
 * The grants' "access", a line of JSON, and after it what a client asks for.
 * Nothing is given that was not asked for, or that is not in the grants, and
 * asking for what was given gives the same.
 */
#include "access.h"

#include "fuzz.h"
#include "registry_scope.h"

/* Is the action in the grants at all, by itself or by "*"? */
static bool
granted_anywhere(const json_t *granted, const char *action)
{
	const json_t *entry, *one;
	const char *text;
	size_t i, j;

	json_array_foreach(granted, i, entry)
		json_array_foreach(json_object_get(entry, "actions"), j, one) {
			text = json_string_value(one);
			if (strcmp(text, action) == 0 || strcmp(text, "*") == 0)
				return (true);
		}
	return (false);
}

/* the claim as scopes again */
static char *
ask_again(const json_t *claim, const json_t *granted, size_t size)
{
	const json_t *entry, *actions, *one;
	const char *class;
	char *text;
	size_t i, j, len;
	FILE *f;

	if ((f = open_memstream(&text, &len)) == NULL)
		abort();
	json_array_foreach(claim, i, entry) {
		class = json_string_value(json_object_get(entry, "class"));
		actions = json_object_get(entry, "actions");
		must(json_array_size(actions) > 0);
		fprintf(f, "%s%s%s%s%s:%s:", i > 0 ? " " : "",
		    json_string_value(json_object_get(entry, "type")),
		    class != NULL ? "(" : "", class != NULL ? class : "",
		    class != NULL ? ")" : "",
		    json_string_value(json_object_get(entry, "name")));
		json_array_foreach(actions, j, one) {
			must(granted_anywhere(granted,
			    json_string_value(one)));
			fprintf(f, "%s%s", j > 0 ? "," : "",
			    json_string_value(one));
		}
	}
	if (fclose(f) == EOF)
		abort();
	must(len <= size);
	return (text);
}

static void
check(const json_t *granted, const char *wanted)
{
	json_t *claim, *again;
	const char *why;
	char *text;

	if ((claim = access_intersect(granted, wanted, &why)) == NULL) {
		must(why != NULL);
		return;
	}
	must(json_array_size(claim) <= REGISTRY_SCOPE_LIST_MAX);
	/* it is never more than was asked for */
	text = ask_again(claim, granted, strlen(wanted));
	/* actions of several scopes can be more than one may have */
	if (registry_scope_list_valid(text)) {
		again = access_intersect(granted, text, &why);
		must(again != NULL && json_equal(again, claim));
		json_decref(again);
	}
	json_decref(claim);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *newline;
	json_t *granted;
	char *wanted;
	size_t len;

	newline = size == 0 ? NULL : memchr(data, '\n', size);
	len = newline == NULL ? 0 : (size_t)(newline - (const char *)data);
	granted = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES,
	    NULL);
	if ((wanted = strndup(newline == NULL ? (const char *)data :
	    newline + 1, newline == NULL ? size : size - len - 1)) == NULL)
		abort();
	check(granted, wanted);
	free(wanted);
	json_decref(granted);
	return (0);
}
