/*
 * jwtd.conf: a text is refused with lines that say where, or it is printed so
 * that it is read as the same and printed alike, which is what workers and
 * signers live on.
 */
#include "conf.h"

#include "fuzz.h"

#define NAME	"fuzz.conf"

static char *
print(const struct conf *conf)
{
	size_t len;
	char *text;
	FILE *f;

	if ((f = open_memstream(&text, &len)) == NULL)
		abort();
	conf_print(conf, f);
	if (fclose(f) == EOF)
		abort();
	return (text);
}

/* "fuzz.conf:12: text", one a line, in printable bytes */
static void
check_errors(const char *text)
{
	const char *line, *end;

	must(*text != '\0');
	for (line = text; *line != '\0'; line = end + 1) {
		must((end = strchr(line, '\n')) != NULL);
		must(strncmp(line, NAME ":", sizeof(NAME)) == 0);
		must(end - line > (ptrdiff_t)sizeof(NAME) + 1);
	}
}

static void
check_conf(const struct conf *conf)
{
	const struct conf_server *server;
	const struct conf_location *location, *found;
	struct conf *again;
	char *text, *twice;

	TAILQ_FOREACH(server, &conf->servers, entry) {
		must(server->nlisteners > 0);
		TAILQ_FOREACH(location, &server->locations, entry) {
			must(location->service != CONF_NONE);
			found = conf_location_find(server, location->path,
			    location->path_len);
			must(found != NULL &&
			    found->path_len == location->path_len);
		}
	}
	text = print(conf);
	again = conf_load_buffer(NAME, text, strlen(text), stderr);
	must(again != NULL);
	twice = print(again);
	must(strcmp(text, twice) == 0);
	conf_free(again);
	free(text);
	free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf;
	char *buf, *text;
	size_t len;
	FILE *f;

	buf = fuzz_copy(data, size);
	if ((f = open_memstream(&text, &len)) == NULL)
		abort();
	conf = conf_load_buffer(NAME, buf, size, f);
	if (fclose(f) == EOF)
		abort();
	if (conf == NULL)
		check_errors(text);
	else {
		must(*text == '\0');
		check_conf(conf);
		conf_free(conf);
	}
	free(text);
	free(buf);
	return (0);
}
