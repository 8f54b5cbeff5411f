/* The keys of a trust block; see trust.h. */
#include "trust.h"

#include <stdlib.h>

#include "file.h"
#include "jwk.h"
#include "log.h"

int
trust_parse(const struct conf_trust *trust, const char *buf, size_t len,
    struct jwkset *set, void (*warn)(const char *, ...), const char **why)
{
	if (trust->source == CONF_TRUST_PEM)
		return (jwkset_parse_pem(buf, len, set, warn, why));
	return (jwkset_parse(buf, len, set, warn, why));
}

int
trust_load(const struct conf_trust *trust, struct jwt_issuer *issuer)
{
	const char *why;
	size_t len;
	char *buf;
	int result;

	issuer->name = trust->issuer;
	buf = file_read(trust->path, TRUST_BYTES_MAX, &len, &why);
	if (buf == NULL)
		result = -1;
	else
		result = trust_parse(trust, buf, len, &issuer->set, log_warnx,
		    &why);
	if (result == -1)
		log_warnx("%s: %s", trust->path, why);
	free(buf);
	return (result);
}
