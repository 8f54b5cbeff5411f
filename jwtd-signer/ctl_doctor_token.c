/*
 * jwtctl doctor token: what each resource location would answer to a token, and
 * why.  The token is wiped and never written.
 */
#include "ctl_doctor.h"

#include <string.h>
#include <unistd.h>

#include "log.h"
#include "scope.h"

struct question {
	const struct conf	*conf;
	struct jwt_issuer	*issuers;
	size_t			 nissuers;
	const char		*audience;	/* or NULL: the locations' */
	const char		*path;		/* or NULL: all locations */
};

enum answer { ACCEPTED, REFUSED, REFUSED_EVERYWHERE };

/* Is that so wherever the token is shown? */
static bool
everywhere(enum jwt_error error)
{
	/* these are looked at after the audience, or are the audience */
	return (error != JWT_AUDIENCE && error != JWT_SUBJECT &&
	    error != JWT_SCOPE);
}

static void
print_where(const struct conf_location *location)
{
	if (location->server != NULL)
		printf("location \"%s%s\" of \"%s\": ", location->path,
		    location->prefix ? "*" : "", location->server->name);
}

static enum answer
ask(const struct question *q, struct span token,
    const struct conf_location *location)
{
	struct jwt_policy policy;
	enum jwt_error error;
	enum answer answer;
	struct jwt jwt;

	memset(&policy, 0, sizeof(policy));
	policy.issuers = q->issuers;
	policy.nissuers = q->nissuers;
	policy.audience = location->audience.v;
	policy.naudience = location->audience.n;
	policy.now = time(NULL);
	error = jwt_verify(token.p, token.len, &policy, &jwt);
	if (error != JWT_OK && everywhere(error)) {
		doctor_explain(token, &policy, error);
		return (REFUSED_EVERYWHERE);
	}
	print_where(location);
	if (error != JWT_OK) {
		doctor_explain(token, &policy, error);
		return (REFUSED);
	}
	answer = ACCEPTED;
	if (location->scope != NULL &&
	    !scope_covers(jwt.scope, location->scope)) {
		/* by whichever name the token has it */
		if (jwt.scope[0] == '\0')
			printf("refused with 403: \"scope\" is absent");
		else
			printf("refused with 403: \"scope\" is \"%s\"",
			    jwt.scope);
		printf(", the location wants \"%s\"\n", location->scope);
		answer = REFUSED;
	} else
		ctl_print_valid("accepted", &jwt);
	jwt_clear(&jwt);
	return (answer);
}

/* Does it take requests for the path of the question? */
static bool
concerns(const struct question *q, const struct conf_location *location)
{
	return (location->service == CONF_RESOURCE && (q->path == NULL ||
	    conf_location_find(location->server, q->path, strlen(q->path)) ==
	    location));
}

static int
ask_locations(const struct question *q, struct span token)
{
	const struct conf_location *location;
	const struct conf_server *server;
	size_t accepted, asked;

	accepted = asked = 0;
	TAILQ_FOREACH(server, &q->conf->servers, entry) {
		TAILQ_FOREACH(location, &server->locations, entry) {
			if (!concerns(q, location))
				continue;
			asked++;
			switch (ask(q, token, location)) {
			case ACCEPTED:
				accepted++;
				break;
			case REFUSED:
				break;
			case REFUSED_EVERYWHERE:
				return (CTL_FAILED);
			}
		}
	}
	if (asked == 0 && q->path != NULL)
		log_warnx("no resource location takes \"%s\"", q->path);
	else if (asked == 0)
		log_warnx("there is no resource location: use -a");
	return (accepted > 0 ? CTL_OK : CTL_FAILED);
}

static int
answer(struct span token, void *arg)
{
	struct conf_location location;
	const struct question *q;
	char *audience[1];

	q = arg;
	if (q->audience == NULL)
		return (ask_locations(q, token));
	memset(&location, 0, sizeof(location));
	audience[0] = (char *)q->audience;
	location.audience.v = audience;
	location.audience.n = 1;
	return (ask(q, token, &location) == ACCEPTED ? CTL_OK : CTL_FAILED);
}

int
ctl_doctor_token(struct ctl *ctl, int argc, char **argv)
{
	struct question q;
	int ch, status;

	memset(&q, 0, sizeof(q));
	while ((ch = getopt(argc, argv, "+a:")) != -1) {
		if (ch != 'a')
			return (CTL_USAGE);
		q.audience = optarg;
	}
	if (argc - optind > (q.audience == NULL ? 1 : 0))
		return (CTL_USAGE);
	q.path = argc > optind ? argv[optind] : NULL;
	if ((q.conf = ctl_conf(ctl)) == NULL ||
	    (q.conf->signer != NULL && ctl_keys(ctl) == NULL))
		return (CTL_FAILED);
	status = CTL_FAILED;
	if (ctl_issuers_load(q.conf, &q.issuers, &q.nissuers) == 0)
		status = ctl_with_token(answer, &q);
	ctl_issuers_free(q.issuers, q.nissuers);
	return (status);
}
