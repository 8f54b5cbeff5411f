/* jwtd/metadata.c: the text for a server, an issuer and its keys. */
#include "metadata.h"

#include <stdlib.h>

#include "tap.h"

#define GRANT(p)	"location \"" p "\" {\ngrant\naudience \"a\"\n}\n"
#define JWKS(p)		"location \"" p "\" { jwks }\n"
#define METADATA	"location \"/m\" { metadata }\n"
#define TAIL		"\"grant_types_supported\":[\"client_credentials\"]," \
			"\"token_endpoint_auth_methods_supported\":" \
			"[\"client_secret_basic\"]," \
			"\"response_types_supported\":[\"none\"]," \
			"\"subject_types_supported\":[\"public\"]," \
			"\"id_token_signing_alg_values_supported\":"
#define RS256		TAIL "[\"RS256\"]}"

static const struct {
	const char	*what;
	const char	*issuer;
	const char	*locations;
	enum jwk_alg	 algs[6];
	size_t		 nalgs;
	const char	*text;
} cases[] = {
	{ "the least", "https://a.example", GRANT("/token") METADATA,
	    { JWK_RS256 }, 1, "{\"issuer\":\"https://a.example\","
	    "\"token_endpoint\":\"https://a.example/token\"," RS256 },
	{ "with keys", "https://a.example:8443",
	    METADATA JWKS("/keys") GRANT("/token"), { JWK_RS256 }, 1,
	    "{\"issuer\":\"https://a.example:8443\","
	    "\"token_endpoint\":\"https://a.example:8443/token\","
	    "\"jwks_uri\":\"https://a.example:8443/keys\"," RS256 },
	{ "the first without a star", "https://a", METADATA GRANT("/a/*")
	    GRANT("/b") GRANT("/c") JWKS("/j*") JWKS("/k") JWKS("/l"),
	    { JWK_RS256 }, 1, "{\"issuer\":\"https://a\","
	    "\"token_endpoint\":\"https://a/b\","
	    "\"jwks_uri\":\"https://a/k\"," RS256 },
	{ "keys at a path with a star only", "https://a",
	    METADATA GRANT("/b") JWKS("/j*"), { JWK_RS256 }, 1,
	    "{\"issuer\":\"https://a\",\"token_endpoint\":\"https://a/b\","
	    RS256 },
	{ "an issuer with a path", "https://[::1]:1/b/c;d@e",
	    METADATA GRANT("/t") JWKS("/b/j"), { JWK_RS256 }, 1,
	    "{\"issuer\":\"https://[::1]:1/b/c;d@e\","
	    "\"token_endpoint\":\"https://[::1]:1/t\","
	    "\"jwks_uri\":\"https://[::1]:1/b/j\"," RS256 },
	{ "one with a slash at its end", "https://a/", METADATA GRANT("/t"),
	    { JWK_RS256 }, 1, "{\"issuer\":\"https://a/\","
	    "\"token_endpoint\":\"https://a/t\"," RS256 },
	{ "paths as a URL has them", "https://a",
	    METADATA GRANT("/t\xc3\xb6k \\\"\xff") JWKS("/a:b@c"),
	    { JWK_RS256 }, 1, "{\"issuer\":\"https://a\","
	    "\"token_endpoint\":\"https://a/t%C3%B6k%20%22%FF\","
	    "\"jwks_uri\":\"https://a/a:b@c\"," RS256 },
	{ "each algorithm once", "https://a", METADATA GRANT("/t"),
	    { JWK_ES256, JWK_PS256, JWK_ES256, JWK_EDDSA, JWK_RS256,
	    JWK_PS256 }, 6, "{\"issuer\":\"https://a\","
	    "\"token_endpoint\":\"https://a/t\","
	    TAIL "[\"ES256\",\"PS256\",\"EdDSA\",\"RS256\"]}" },
};

/* of the first server of a configuration with these locations */
static char *
text_of(size_t i)
{
	char file[2048], *text;
	struct jwt_issuer own;
	struct jwk keys[6];
	struct conf *conf;
	size_t k;
	int n;

	n = snprintf(file, sizeof(file), "signer {\nissuer \"%s\"\n"
	    "key \"/k\"\nstore file \"/u\"\n}\n"
	    "server \"s\" {\nlisten on ::1 port 81\n%s}\n", cases[i].issuer,
	    cases[i].locations);
	conf = conf_load_buffer("t", file, (size_t)n, stderr);
	if (conf == NULL)
		return (NULL);
	memset(keys, 0, sizeof(keys));
	for (k = 0; k < cases[i].nalgs; k++)
		keys[k].alg = cases[i].algs[k];
	memset(&own, 0, sizeof(own));
	own.name = conf->signer->issuer;
	own.set.keys = keys;
	own.set.nkeys = cases[i].nalgs;
	text = metadata_text(TAILQ_FIRST(&conf->servers), &own);
	conf_free(conf);
	return (text);
}

int
main(void)
{
	char *text;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = text_of(i);
		is_str(text, cases[i].text, cases[i].what);
		free(text);
	}
	return (done());
}
