/* The keys of a trust block; see trust.h. */
#include "trust.h"

#include <stdlib.h>

#include "file.h"
#include "jwk.h"
#include "log.h"

#define KEYS_MAX	(1024 * 1024)

int
trust_load(const struct conf_trust *trust, struct jwt_issuer *issuer)
{
	const char *why;
	size_t len;
	char *buf;
	int result;

	issuer->name = trust->issuer;
	if ((buf = file_read(trust->path, KEYS_MAX, &len, &why)) == NULL)
		result = -1;
	else if (trust->source == CONF_TRUST_JWKS)
		result = jwkset_parse(buf, len, &issuer->set, log_warnx, &why);
	else
		result = jwkset_parse_pem(buf, len, &issuer->set, log_warnx,
		    &why);
	if (result == -1)
		log_warnx("%s: %s", trust->path, why);
	free(buf);
	return (result);
}
