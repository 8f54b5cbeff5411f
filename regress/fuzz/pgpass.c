/*
 * Password files: a NUL ends a password that is found, it fits, and a line that
 * is written here for the key is found before all that follows.
 */
#include "pgpass.h"

#include "fuzz.h"

#define FIELDS	4
#define SIZE	64

/* The next of the fields, which end with a NUL; each of its exact size. */
static char *
take(const uint8_t **data, size_t *size)
{
	const uint8_t *end;
	size_t n;
	char *field;

	end = *size > 0 ? memchr(*data, '\0', *size) : NULL;
	n = end != NULL ? (size_t)(end - *data) : *size;
	if ((field = malloc(n + 1)) == NULL)
		abort();
	if (n > 0)
		memcpy(field, *data, n);
	field[n] = '\0';
	if (end != NULL)
		n++;
	*data += n;
	*size -= n;
	return (field);
}

static size_t
escape(const char *s, char *out)
{
	size_t n;

	for (n = 0; *s != '\0'; s++) {
		out[n++] = '\\';
		out[n++] = *s;
	}
	out[n++] = ':';
	return (n);
}

/* Put a line for the key before the text. */
static void
round_trip(char *const fields[FIELDS], const char *text, size_t len)
{
	static const char secret[] = "s:e\\\\cret\n", plain[] = "s:e\\cret";
	const struct pgpass_key key = { fields[0], fields[1], fields[2],
	    fields[3] };
	char password[SIZE], *line;
	size_t i, n, size;

	for (i = size = 0; i < FIELDS; i++) {
		/* a line's end cannot be escaped */
		if (strchr(fields[i], '\n') != NULL)
			return;
		size += 2 * strlen(fields[i]) + 1;
	}
	if ((line = malloc(size + sizeof(secret) + len)) == NULL)
		abort();
	for (i = n = 0; i < FIELDS; i++)
		n += escape(fields[i], line + n);
	memcpy(line + n, secret, sizeof(secret) - 1);
	n += sizeof(secret) - 1;
	memcpy(line + n, text, len);
	must(pgpass_find(line, n + len, &key, password, sizeof(password)));
	must(strcmp(password, plain) == 0);
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pgpass_key key;
	char *fields[FIELDS], *text, *password, *again;
	size_t i;

	for (i = 0; i < FIELDS; i++)
		fields[i] = take(&data, &size);
	text = fuzz_copy(data, size);
	key.host = fields[0];
	key.port = fields[1];
	key.database = fields[2];
	key.user = fields[3];
	if ((password = malloc(SIZE)) == NULL ||
	    (again = malloc(size + 1)) == NULL)
		abort();
	if (pgpass_find(text, size, &key, password, SIZE)) {
		must(memchr(password, '\0', SIZE) != NULL);
		must(*password != '\0');
		must(pgpass_find(text, size, &key, again, size + 1));
		must(strcmp(password, again) == 0);
	}
	round_trip(fields, text, size);
	for (i = 0; i < FIELDS; i++)
		free(fields[i]);
	free(text);
	free(password);
	free(again);
	return (0);
}
