/*
 * Names of files in a directory of keys, one a line, and before them the time.
 * A name that is taken is made again from what was read in it; the states are
 * the same in whatever order the names were read; there is one key that signs
 * if there is any; and none comes back as the clock goes on.
 */
#include "rotation.h"

#include "fuzz.h"

#define LIFETIME	900

static void
check_name(const char *name, struct rotation *all)
{
	char tag[ROTATION_NAME_SIZE], line[ROTATION_NAME_SIZE + 16];
	struct rotation_key key, again;

	must(!rotation_temporary(name) || !rotation_parse(name, &key));
	if (!rotation_parse(name, &key))
		return;
	must(!rotation_almost(name));
	must(strchr(name, '/') == NULL && strcmp(key.name, name) == 0);
	(void)strlcpy(tag, name + 17, sizeof(tag));
	tag[strlen(tag) - 4] = '\0';
	must(rotation_name(&again, key.since, tag));
	must(memcmp(&again, &key, sizeof(key)) == 0);
	(void)snprintf(line, sizeof(line), ".%s.0123456789", name);
	must(rotation_temporary(line) && !rotation_almost(line));
	(void)rotation_add(all, &key);
}

static void
check_states(const struct rotation *all, int64_t now)
{
	enum rotation_state state, later;
	size_t i, active;

	active = 0;
	for (i = 0; i < all->n; i++) {
		state = rotation_state(all, i, now, LIFETIME);
		later = rotation_state(all, i, now + 1, LIFETIME);
		active += state == ROTATION_ACTIVE;
		/* they are in the order of a key's life */
		must(later >= state);
		must((rotation_until(all, i, LIFETIME) == -1) ==
		    (i + 1 == all->n));
		must(state != ROTATION_EXPIRED ||
		    rotation_until(all, i, LIFETIME) <= now);
	}
	must(active == (all->n > 0));
}

static void
check_all(struct rotation *all, int64_t now)
{
	struct rotation *other;
	size_t i;

	if ((other = calloc(1, sizeof(*other))) == NULL)
		abort();
	for (i = all->n; i > 0; i--)
		(void)rotation_add(other, &all->keys[i - 1]);
	rotation_sort(all);
	rotation_sort(other);
	must(memcmp(all, other, sizeof(*all)) == 0);
	check_states(all, now);
	for (i = 0; i < all->n; i++) {
		check_states(all, all->keys[i].since);
		check_states(all, all->keys[i].since - 1);
	}
	free(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rotation *all;
	char *text, *name, *rest;
	int64_t now;

	if (size < sizeof(uint32_t))
		return (0);
	now = (int64_t)data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3];
	data += sizeof(uint32_t);
	size -= sizeof(uint32_t);
	if ((text = strndup((const char *)data, size)) == NULL ||
	    (all = calloc(1, sizeof(*all))) == NULL)
		abort();
	rest = text;
	while ((name = strsep(&rest, "\n")) != NULL)
		check_name(name, all);
	check_all(all, now);
	free(all);
	free(text);
	return (0);
}
