/*
 * A whole users file in memory: the bytes, the lines that parse, and a hash
 * table over their names.  It touches no file and writes no log.
 */
#include "users_table.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN	16
/* no line with a hash of a known kind is shorter */
#define LINE_MIN	40

bool
users_next_line(const char *buf, size_t len, size_t *pos, struct span *line)
{
	const char *end;

	if (*pos >= len)
		return (false);
	line->p = buf + *pos;
	end = memchr(line->p, '\n', len - *pos);
	line->len = end != NULL ? (size_t)(end - line->p) : len - *pos;
	*pos += line->len + (end != NULL);
	return (true);
}

/* The slot of a name, or the free one where it belongs. */
static unsigned int *
slot_of(const struct users_table *table, const char *name, size_t len)
{
	const struct span *other;
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t h;
	size_t i;

	(void)crypto_shorthash(hash, (const uint8_t *)name, len, table->key);
	memcpy(&h, hash, sizeof(h));
	for (i = h & (table->nslots - 1); table->slots[i] != 0;
	    i = (i + 1) & (table->nslots - 1)) {
		other = &table->entries[table->slots[i] - 1].user.name;
		if (other->len == len && memcmp(other->p, name, len) == 0)
			break;
	}
	return (&table->slots[i]);
}

struct users_entry *
users_table_find(const struct users_table *table, const char *name, size_t len)
{
	unsigned int *slot;

	slot = slot_of(table, name, len);
	return (*slot != 0 ? &table->entries[*slot - 1] : NULL);
}

/* Room for as many entries as there are lines; half of the slots stay free. */
static int
make_room(struct users_table *table, size_t line_min)
{
	struct span line;
	size_t lines, pos;

	lines = pos = 0;
	while (users_next_line(table->buf, table->len, &pos, &line))
		lines += line.len >= line_min;
	for (table->nslots = SLOTS_MIN; table->nslots < lines * 2; )
		table->nslots *= 2;
	table->room = lines;
	table->entries = calloc(lines + 1, sizeof(*table->entries));
	table->slots = calloc(table->nslots, sizeof(*table->slots));
	return (table->entries == NULL || table->slots == NULL ? -1 : 0);
}

bool
users_table_add(struct users_table *table, const struct users_line *user,
    unsigned int number)
{
	struct users_entry *entry;
	unsigned int *slot;

	if (table->nentries == table->room)
		abort();	/* line_min was too large */
	entry = &table->entries[table->nentries];
	entry->user = *user;
	entry->line = number;
	slot = slot_of(table, user->name.p, user->name.len);
	entry->duplicate = *slot != 0;
	table->nentries++;
	if (!entry->duplicate)
		*slot = (unsigned int)table->nentries;
	return (!entry->duplicate);
}

struct users_table *
users_table_empty(char *buf, size_t len, size_t line_min)
{
	struct users_table *table;

	if ((table = calloc(1, sizeof(*table))) == NULL) {
		freezero(buf, len);
		return (NULL);
	}
	table->buf = buf;
	table->len = len;
	if (make_room(table, line_min) == -1) {
		users_table_free(table);
		return (NULL);
	}
	randombytes_buf(table->key, sizeof(table->key));
	return (table);
}

struct users_table *
users_table_new(char *buf, size_t len,
    void (*bad)(void *, unsigned int, const char *), void *arg)
{
	struct users_table *table;
	struct users_line user;
	struct span line;
	const char *why;
	unsigned int number;
	size_t pos;

	if ((table = users_table_empty(buf, len, LINE_MIN)) == NULL)
		return (NULL);
	number = 0;
	pos = 0;
	while (users_next_line(buf, len, &pos, &line)) {
		number++;
		switch (users_parse_line(line.p, line.len, &user, &why)) {
		case USERS_BLANK:
			continue;
		case USERS_LINE:
			if (users_table_add(table, &user, number))
				continue;
			why = "an earlier line has the same name";
			break;
		case USERS_BAD:
			break;
		}
		if (bad != NULL)
			bad(arg, number, why);
	}
	return (table);
}

void
users_table_free(struct users_table *table)
{
	if (table == NULL)
		return;
	freezero(table->buf, table->len);
	free(table->entries);
	free(table->slots);
	freezero(table, sizeof(*table));
}
