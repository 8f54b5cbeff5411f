/*
 * The users file: every line is a user or not whatever the others are, names
 * are found again, by an index too, and a user written as a line is read as the
 * same.
 */
#include "users_table.h"

#include "fuzz.h"
#include "json.h"
#include "password.h"
#include "store.h"
#include "users_find.h"
#include "utf8.h"

static bool
same(struct span a, struct span b)
{
	return (a.len == b.len && memcmp(a.p, b.p, a.len) == 0);
}

static size_t
put(char *out, struct span s)
{
	memcpy(out, s.p, s.len);
	return (s.len);
}

static void
round_trip(const struct users_line *user)
{
	struct users_line again;
	const char *why;
	char *line, *copy;
	size_t n;

	line = malloc(user->name.len + user->hash.len + user->grants.len + 3);
	if (line == NULL)
		abort();
	n = put(line, user->name);
	line[n++] = ':';
	if (user->disabled)
		line[n++] = '!';
	n += put(line + n, user->hash);
	line[n++] = ':';
	n += put(line + n, user->grants);
	copy = fuzz_copy(line, n);
	/* a name may begin as a comment does; then there is no such line */
	if (users_parse_line(copy, n, &again, &why) == USERS_LINE)
		must(same(again.name, user->name) &&
		    same(again.hash, user->hash) &&
		    same(again.grants, user->grants) &&
		    again.disabled == user->disabled);
	else
		must(false);
	free(copy);
	free(line);
}

static void
check_user(const struct users_line *user)
{
	char hash[USER_HASH_MAX + 1];
	const char *why;
	json_t *json;

	must(user->name.len >= 1 && user->name.len <= USER_NAME_MAX);
	must(utf8_valid(user->name.p, user->name.len));
	must(utf8_no_controls(user->name.p, user->name.len));
	must(user->hash.len >= 1 && user->hash.len <= USER_HASH_MAX);
	memcpy(hash, user->hash.p, user->hash.len);
	hash[user->hash.len] = '\0';
	must(strlen(hash) == user->hash.len && password_hash_known(hash));
	must(user->grants.len <= USER_GRANTS_MAX);
	json = json_object_parse(user->grants.p, user->grants.len, &why);
	must(json != NULL);
	json_decref(json);
	must(users_valid(user, &why));
	round_trip(user);
}

static void
count_bad(void *arg, unsigned int line, const char *why)
{
	unsigned int *last;

	last = arg;
	must(line > *last && *why != '\0');
	*last = line;
}

/* The index finds the line that counts, and no other. */
static void
check_index(const struct users_table *table)
{
	static struct users_line_buf buf;
	const struct users_entry *entry, *first;
	struct users_index *index;
	struct users_text text;
	struct users_line user;
	size_t at, i;

	text.fd = -1;
	text.mem = table->buf;
	text.len = table->len;
	must((index = users_find_index(&text)) != NULL);
	for (i = 0; i < table->nentries; i++) {
		entry = &table->entries[i];
		first = users_table_find(table, entry->user.name.p,
		    entry->user.name.len);
		must(users_find(index, &text, entry->user.name.p,
		    entry->user.name.len, &buf, &user, &at) == USERS_FOUND);
		must(at == (size_t)(first->user.name.p - table->buf) &&
		    same(user.hash, first->user.hash) &&
		    same(user.grants, first->user.grants));
		at = (size_t)(entry->user.name.p - table->buf);
		must(users_find_counts(index, &text, entry->user.name, at,
		    &buf) == !entry->duplicate);
	}
	must(users_find(index, &text, "\n", 1, &buf, &user, &at) ==
	    USERS_NOT_FOUND);
	users_index_free(index);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct users_table *table;
	struct users_entry *entry, *found;
	unsigned int last;
	size_t i;

	last = 0;
	table = users_table_new(fuzz_copy(data, size), size, count_bad, &last);
	must(table != NULL);
	for (i = 0; i < table->nentries; i++) {
		entry = &table->entries[i];
		must(fuzz_inside(entry->user.name, table->buf, size));
		check_user(&entry->user);
		found = users_table_find(table, entry->user.name.p,
		    entry->user.name.len);
		must(found != NULL && same(found->user.name,
		    entry->user.name) && !found->duplicate);
		must(entry->duplicate ? found->line < entry->line :
		    found == entry);
	}
	must(users_table_find(table, "\n", 1) == NULL);
	check_index(table);
	users_table_free(table);
	return (0);
}
