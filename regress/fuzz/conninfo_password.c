/*
 * libpq's connection strings: where libpq itself finds a password, so do we,
 * and the configuration refuses it.
 */
#include "conf.h"

#include <libpq-fe.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PQconninfoOption *options, *o;
	char *string, *message;
	bool found;

	/* those of the configuration hold no NUL */
	if (memchr(data, '\0', size) != NULL)
		return (0);
	if ((string = malloc(size + 1)) == NULL)
		abort();
	memcpy(string, data, size);
	string[size] = '\0';
	found = conf_conninfo_password(string);
	options = PQconninfoParse(string, &message);
	for (o = options; o != NULL && o->keyword != NULL; o++)
		if ((strcmp(o->keyword, "password") == 0 ||
		    strcmp(o->keyword, "sslpassword") == 0) &&
		    o->val != NULL && *o->val != '\0')
			must(found);
	PQconninfoFree(options);
	PQfreemem(message);
	free(string);
	return (0);
}
