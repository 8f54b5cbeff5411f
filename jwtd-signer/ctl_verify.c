/*
 * jwtctl token verify: verifies a token as the configured daemon would, with
 * the public halves of its keys.  The token is never written.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "jwk.h"
#include "jwt.h"
#include "keyfile.h"
#include "log.h"
#include "scope.h"
#include "trust.h"

#define ERROR_SIZE	1024

/* what a token is held against */
struct check {
	struct jwt_issuer	*issuers;
	size_t			 nissuers;
	const char		**audience;
	size_t			 naudience;
	const char		*scope;		/* or NULL */
};

/* The public halves of the signer's own keys.  Returns -1 after a message. */
static int
load_own(struct jwt_issuer *issuer, const struct conf_signer *signer)
{
	const struct conf_key *key;
	char err[ERROR_SIZE];
	struct jwk *jwk;
	size_t n;

	issuer->name = signer->issuer;
	issuer->own = true;
	n = 0;
	TAILQ_FOREACH(key, &signer->keys, entry)
		n++;
	issuer->set.keys = calloc(n + 1, sizeof(*issuer->set.keys));
	if (issuer->set.keys == NULL) {
		log_warnx("out of memory");
		return (-1);
	}
	TAILQ_FOREACH(key, &signer->keys, entry) {
		jwk = &issuer->set.keys[issuer->set.nkeys];
		jwk->pkey = keyfile_load_conf(key, &jwk->alg, err,
		    sizeof(err));
		if (jwk->pkey == NULL) {
			log_warnx("%s", err);
			return (-1);
		}
		issuer->set.nkeys++;
		if (jwk_thumbprint(jwk->pkey, jwk->kid) == -1) {
			log_warnx("%s: no thumbprint", key->path);
			return (-1);
		}
	}
	return (0);
}

int
ctl_issuers_load(const struct conf *conf, struct jwt_issuer **issuers,
    size_t *n)
{
	const struct conf_trust *trust;
	struct jwt_issuer *issuer;
	int rc;

	*n = 0;
	*issuers = calloc(conf->ntrusts + 1, sizeof(**issuers));
	if (*issuers == NULL) {
		log_warnx("out of memory");
		return (-1);
	}
	rc = 0;
	if (conf->signer != NULL)
		rc = load_own(&(*issuers)[(*n)++], conf->signer);
	TAILQ_FOREACH(trust, &conf->trusts, entry) {
		issuer = &(*issuers)[(*n)++];
		issuer->name = trust->issuer;
		/* keys that are fetched, the daemon has, and nobody else */
		if (trust->source != CONF_TRUST_HTTPS &&
		    trust_load(trust, issuer) == -1)
			rc = -1;
	}
	return (rc);
}

void
ctl_issuers_free(struct jwt_issuer *issuers, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		jwkset_clear(&issuers[i].set);
	free(issuers);
}

/* The audiences of all resource locations; room for them first. */
static int
collect_audience(struct check *check, const struct conf *conf)
{
	const struct conf_location *location;
	const struct conf_server *server;
	size_t i, n;

	n = 0;
	TAILQ_FOREACH(server, &conf->servers, entry) {
		TAILQ_FOREACH(location, &server->locations, entry)
			n += location->audience.n;
	}
	if ((check->audience = calloc(n + 1, sizeof(char *))) == NULL) {
		log_warnx("out of memory");
		return (-1);
	}
	TAILQ_FOREACH(server, &conf->servers, entry) {
		TAILQ_FOREACH(location, &server->locations, entry) {
			if (location->service != CONF_RESOURCE)
				continue;
			for (i = 0; i < location->audience.n; i++)
				check->audience[check->naudience++] =
				    location->audience.v[i];
		}
	}
	if (check->naudience > 0)
		return (0);
	log_warnx("no resource location has an audience: use -a");
	return (-1);
}

char *
ctl_dump(const json_t *json)
{
	char *text;

	text = json_dumps(json, JSON_ENCODE_ANY);
	if (text != NULL && ctl_has_c1(text)) {
		free(text);
		text = json_dumps(json, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	}
	return (text);
}

void
ctl_print_valid(const char *verdict, const struct jwt *jwt)
{
	char *subject, *scope, span[32];
	json_t *text;
	int64_t exp, now;

	text = json_string(jwt->scope);
	scope = text != NULL ? ctl_dump(text) : NULL;
	json_decref(text);
	subject = ctl_dump(json_object_get(jwt->claims, "sub"));
	exp = json_integer_value(json_object_get(jwt->claims, "exp"));
	now = time(NULL);
	ctl_format_span(span, sizeof(span),
	    (uint64_t)(exp > now ? exp - now : now - exp));
	/* a token lives on for the leeway after exp */
	printf("%s: subject %s, scope %s, %s %s%s\n", verdict,
	    subject != NULL ? subject : "?", scope != NULL ? scope : "?",
	    exp > now ? "expires in" : "expired", span,
	    exp > now ? "" : " ago");
	free(scope);
	free(subject);
}

static int
verify(struct span token, void *arg)
{
	struct jwt_policy policy;
	enum jwt_error error;
	struct check *check;
	struct jwt jwt;
	bool covered;

	check = arg;
	memset(&policy, 0, sizeof(policy));
	policy.issuers = check->issuers;
	policy.nissuers = check->nissuers;
	policy.audience = (char *const *)check->audience;
	policy.naudience = check->naudience;
	policy.now = time(NULL);
	error = jwt_verify(token.p, token.len, &policy, &jwt);
	if (error != JWT_OK) {
		printf("invalid: %s\n", jwt_strerror(error));
		return (CTL_FAILED);
	}
	covered = check->scope == NULL || scope_covers(jwt.scope, check->scope);
	if (covered)
		ctl_print_valid("valid", &jwt);
	else
		printf("invalid: it does not have the scope \"%s\"\n",
		    check->scope);
	jwt_clear(&jwt);
	return (covered ? CTL_OK : CTL_FAILED);
}

static int
prepare_and_verify(struct ctl *ctl, struct check *check, const char *audience)
{
	const struct conf *conf;
	int status;

	if ((conf = ctl_conf(ctl)) == NULL ||
	    (conf->signer != NULL && ctl_keys(ctl) == NULL))
		return (CTL_FAILED);
	status = CTL_FAILED;
	if (audience != NULL) {
		check->audience = &audience;
		check->naudience = 1;
	}
	if ((audience != NULL || collect_audience(check, conf) == 0) &&
	    ctl_issuers_load(conf, &check->issuers, &check->nissuers) == 0)
		status = ctl_with_token(verify, check);
	ctl_issuers_free(check->issuers, check->nissuers);
	if (audience == NULL)
		free(check->audience);
	check->audience = NULL;
	return (status);
}

int
ctl_token_verify(struct ctl *ctl, int argc, char **argv)
{
	struct check check;
	const char *audience;
	int ch;

	memset(&check, 0, sizeof(check));
	audience = NULL;
	while ((ch = getopt(argc, argv, "+a:s:")) != -1) {
		switch (ch) {
		case 'a':
			audience = optarg;
			break;
		case 's':
			check.scope = optarg;
			break;
		default:
			return (CTL_USAGE);
		}
	}
	if (argc != optind)
		return (CTL_USAGE);
	if (check.scope != NULL && !scope_valid(check.scope)) {
		log_warnx("invalid scope \"%s\"", check.scope);
		return (CTL_USAGE);
	}
	return (prepare_and_verify(ctl, &check, audience));
}
