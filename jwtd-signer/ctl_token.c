/*
 * jwtctl token: looks at a token from standard input, and verifies one as the
 * configured daemon would.  The token is wiped and never written.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "file.h"
#include "json.h"
#include "jwt.h"
#include "keyfile.h"
#include "log.h"
#include "scope.h"
#include "span.h"

#define INPUT_MAX	65536
#define TRUST_MAX	(1024 * 1024)	/* bytes of a key set's file */
#define ERROR_SIZE	1024

static struct span
trim(struct span s)
{
	while (s.len > 0 && isspace((unsigned char)s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return (s);
}

/*
 * The token in what was pasted: as it is, after "Bearer ", or in the answer of
 * a grant, which stays in *answer for as long as the span is used.
 */
static struct span
find_token(const char *buf, size_t len, json_t **answer)
{
	const char *text, *why;
	struct span s;

	s.p = buf;
	s.len = len;
	s = trim(s);
	if (s.len > 0 && s.p[0] == '{' &&
	    (*answer = json_object_parse(s.p, s.len, &why)) != NULL) {
		text = json_string_value(json_object_get(*answer,
		    "access_token"));
		s.p = text != NULL ? text : "";
		s.len = strlen(s.p);
	}
	if (s.len > 7 && strncasecmp(s.p, "Bearer ", 7) == 0) {
		s.p += 7;
		s.len -= 7;
		s = trim(s);
	}
	return (s);
}

/*
 * Reads standard input and calls use() with the token in it.  Returns what that
 * returned, or CTL_FAILED after a message.
 */
static int
with_token(int (*use)(struct span, void *), void *arg)
{
	json_t *answer;
	const char *why;
	struct span token;
	size_t len;
	char *buf;
	int status;

	buf = file_read_stream(STDIN_FILENO, INPUT_MAX, &len, &why);
	if (buf == NULL) {
		log_warnx("standard input: %s", why);
		return (CTL_FAILED);
	}
	answer = NULL;
	token = find_token(buf, len, &answer);
	if (token.len == 0) {
		log_warnx("there is no token on standard input");
		status = CTL_FAILED;
	} else
		status = use(token, arg);
	json_decref(answer);
	freezero(buf, len);
	return (status);
}

/* Bytes that a terminal may take for a command: C1, which JSON lets pass. */
static bool
has_c1(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0)
			return (true);
	return (false);
}

/* As json_dumps(), but safe to look at, whoever wrote the token. */
static char *
dump(const json_t *json, size_t flags)
{
	char *text;

	flags |= JSON_PRESERVE_ORDER | JSON_ENCODE_ANY;
	text = json_dumps(json, flags);
	if (text != NULL && has_c1(text)) {
		free(text);
		text = json_dumps(json, flags | JSON_ENSURE_ASCII);
	}
	return (text);
}

static int
print_json(const json_t *json)
{
	char *text;

	if ((text = dump(json, JSON_INDENT(2))) == NULL) {
		log_warnx("out of memory");
		return (-1);
	}
	printf("%s\n", text);
	free(text);
	return (0);
}

/* "14m", "2h", "3d": whole units, of the largest that fits */
static void
format_span(char *out, size_t size, uint64_t seconds)
{
	static const struct {
		unsigned int	seconds;
		char		letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i;

	for (i = 0; i < 3 && seconds < units[i].seconds; i++)
		;
	(void)snprintf(out, size, "%llu%c",
	    (unsigned long long)(seconds / units[i].seconds), units[i].letter);
}

static void
print_time(const json_t *claims, const char *name, time_t now)
{
	const json_t *value;
	char text[32], span[32];
	struct tm tm;
	time_t t;

	value = json_object_get(claims, name);
	if (!json_is_integer(value))
		return;
	t = (time_t)json_integer_value(value);
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < -1900 ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	format_span(span, sizeof(span), (uint64_t)(t > now ? t - now : now - t));
	printf("# %s %s (%s%s%s)\n", name, text, t > now ? "in " : "", span,
	    t > now ? "" : " ago");
}

static int
show(struct span token, void *arg)
{
	json_t *header, *claims;
	time_t now;
	int status;

	(void)arg;
	if (jwt_peek(token.p, token.len, &header, &claims) == -1) {
		log_warnx("not a JSON Web Token");
		return (CTL_FAILED);
	}
	status = CTL_FAILED;
	if (print_json(header) == 0 && print_json(claims) == 0) {
		now = time(NULL);
		print_time(claims, "iat", now);
		print_time(claims, "nbf", now);
		print_time(claims, "exp", now);
		status = CTL_OK;
	}
	json_decref(header);
	json_decref(claims);
	return (status);
}

int
ctl_token_show(struct ctl *ctl, int argc, char **argv)
{
	(void)ctl;
	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	return (with_token(show, NULL));
}

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
		jwk->alg = JWK_RS256;
		jwk->pkey = keyfile_load(key->path, err, sizeof(err));
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

static int
load_trust(struct jwt_issuer *issuer, const struct conf_trust *trust)
{
	const char *why;
	size_t len;
	char *buf;
	int rc;

	issuer->name = trust->issuer;
	if ((buf = file_read(trust->path, TRUST_MAX, &len, &why)) == NULL)
		rc = -1;
	else if (trust->source == CONF_TRUST_JWKS)
		rc = jwkset_parse(buf, len, &issuer->set, log_warnx, &why);
	else
		rc = jwkset_parse_pem(buf, len, &issuer->set, &why);
	if (rc == -1)
		log_warnx("%s: %s", trust->path, why);
	free(buf);
	return (rc);
}

static int
load_issuers(struct check *check, const struct conf *conf)
{
	const struct conf_trust *trust;
	size_t n;
	int rc;

	n = 1;
	TAILQ_FOREACH(trust, &conf->trusts, entry)
		n++;
	if ((check->issuers = calloc(n, sizeof(*check->issuers))) == NULL) {
		log_warnx("out of memory");
		return (-1);
	}
	rc = 0;
	if (conf->signer != NULL)
		rc = load_own(&check->issuers[check->nissuers++],
		    conf->signer);
	TAILQ_FOREACH(trust, &conf->trusts, entry)
		if (load_trust(&check->issuers[check->nissuers++],
		    trust) == -1)
			rc = -1;
	return (rc);
}

/* The audiences of all resource locations; room for them first. */
static int
collect_audience(struct check *check, const struct conf *conf)
{
	const struct conf_location *location;
	const struct conf_server *server;
	size_t i, n;

	n = 0;
	TAILQ_FOREACH(server, &conf->servers, entry)
		TAILQ_FOREACH(location, &server->locations, entry)
			n += location->audience.n;
	if ((check->audience = calloc(n + 1, sizeof(char *))) == NULL) {
		log_warnx("out of memory");
		return (-1);
	}
	TAILQ_FOREACH(server, &conf->servers, entry)
		TAILQ_FOREACH(location, &server->locations, entry)
			for (i = 0; location->service == CONF_RESOURCE &&
			    i < location->audience.n; i++)
				check->audience[check->naudience++] =
				    location->audience.v[i];
	if (check->naudience > 0)
		return (0);
	log_warnx("no resource location has an audience: use -a");
	return (-1);
}

static void
print_valid(const struct jwt *jwt)
{
	char *subject, *scope, span[32];
	json_t *text;
	int64_t exp, now;

	text = json_string(jwt->scope);
	scope = text != NULL ? dump(text, 0) : NULL;
	json_decref(text);
	subject = dump(json_object_get(jwt->claims, "sub"), 0);
	exp = json_integer_value(json_object_get(jwt->claims, "exp"));
	now = time(NULL);
	format_span(span, sizeof(span),
	    (uint64_t)(exp > now ? exp - now : now - exp));
	/* a token lives on for the leeway after exp */
	printf("valid: subject %s, scope %s, %s %s%s\n",
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
		print_valid(&jwt);
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
	size_t i;
	int status;

	if ((conf = ctl_conf(ctl)) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	if (audience != NULL) {
		check->audience = &audience;
		check->naudience = 1;
	}
	if ((audience != NULL || collect_audience(check, conf) == 0) &&
	    load_issuers(check, conf) == 0)
		status = with_token(verify, check);
	for (i = 0; i < check->nissuers; i++)
		jwkset_clear(&check->issuers[i].set);
	free(check->issuers);
	if (audience == NULL)
		free(check->audience);
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
