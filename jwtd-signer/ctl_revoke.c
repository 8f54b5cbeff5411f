/*
 * jwtctl user revoke, jwtctl token revoke: what daemons do not accept any more,
 * in PostgreSQL or in the file of the configuration.  A token is read from
 * standard input, and never written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "jwt.h"
#include "log.h"
#include "message.h"
#include "revoked_edit.h"
#include "revoked_lines.h"
#include "users_admin.h"

static int
revoke_in_postgres(const char *conninfo, const struct revoked_line *line)
{
	struct users_admin *users;
	int status;

	if ((users = users_admin_postgres(conninfo, true)) == NULL)
		return (CTL_FAILED);
	status = CTL_FAILED;
	if (users_admin_postgres_revoke(users, line) == 0 &&
	    users_admin_commit(users) == 0)
		status = CTL_OK;
	users_admin_close(users);
	return (status);
}

static int
revoke_line(struct ctl *ctl, const struct revoked_line *line)
{
	const struct conf_signer *signer;

	if (ctl->conninfo != NULL)
		return (revoke_in_postgres(ctl->conninfo, line));
	if ((signer = ctl_signer(ctl)) == NULL)
		return (CTL_FAILED);
	if (signer->store == CONF_STORE_POSTGRES)
		log_warnx("%s: the store is PostgreSQL: give -d conninfo",
		    ctl->conf_path);
	else if (!signer->revocations.on)
		log_warnx("%s: the signer block has no \"revocations\"",
		    ctl->conf_path);
	else if (revoked_edit_add(signer->revocations.file, -1, line) == 0)
		return (CTL_OK);
	return (CTL_FAILED);
}

/*
 * A token of this second may have been made before now, so those are revoked,
 * too.  PostgreSQL goes by its own clock.
 */
static int
revoke_user(struct ctl *ctl, const char *name)
{
	struct revoked_line line;

	line.kind = REVOKED_USER;
	line.id.p = name;
	line.id.len = strlen(name);
	line.time = (int64_t)time(NULL) + 1;
	return (revoke_line(ctl, &line));
}

int
ctl_revoke_gone(struct ctl *ctl, const char *name)
{
	/* users who cannot log in have tokens for a while, as ever */
	if (ctl->conninfo == NULL && !ctl->conf->signer->revocations.on)
		return (CTL_OK);
	if (revoke_user(ctl, name) == CTL_OK)
		return (CTL_OK);
	log_warnx("user \"%s\": that is done, but tokens were not revoked",
	    name);
	return (CTL_FAILED);
}

/* Somebody may be logged in who is no user any more. */
int
ctl_user_revoke(struct ctl *ctl, int argc, char **argv)
{
	const char *name, *why;

	if (getopt(argc, argv, "+") != -1 || argc - optind != 1)
		return (CTL_USAGE);
	name = argv[optind];
	if (!users_name_valid(name, strlen(name), &why)) {
		log_warnx("invalid name \"%.300s\": %s", name, why);
		return (CTL_FAILED);
	}
	return (revoke_user(ctl, name));
}

static int
revoke_token(struct ctl *ctl, const char *id, int64_t expires)
{
	struct revoked_line line, check;
	const char *why;
	char *text;
	size_t len;
	bool good;

	line.kind = REVOKED_TOKEN;
	line.id.p = id;
	line.id.len = strlen(id);
	line.time = expires;
	if (expires < 1 || expires > REVOKED_TIME_MAX ||
	    line.id.len > MESSAGE_TOKEN_ID_MAX ||
	    (text = revoked_lines_add("", 0, &line, 0, &len)) == NULL) {
		log_warnx("invalid token id or time");
		return (CTL_FAILED);
	}
	good = revoked_line_parse(text, len - 1, &check, &why) == REVOKED_LINE;
	free(text);
	if (!good) {
		log_warnx("token id \"%s\": %s", id, why);
		return (CTL_FAILED);
	}
	if (revoked_line_over(&line, (int64_t)time(NULL))) {
		log_warnx("the token has expired: there is nothing to revoke");
		return (CTL_OK);
	}
	return (revoke_line(ctl, &line));
}

/*
 * What is in it counts, and not who signed it: no key is needed here, and a
 * token that nobody would accept does no harm.
 */
static int
revoke_given(struct span token, void *arg)
{
	const struct conf_signer *signer;
	json_t *header, *claims;
	const char *id, *issuer;
	struct ctl *ctl;
	int status;

	ctl = arg;
	if (jwt_peek(token.p, token.len, &header, &claims) == -1) {
		log_warnx("not a JSON Web Token");
		return (CTL_FAILED);
	}
	status = CTL_FAILED;
	signer = ctl->conninfo == NULL ? ctl_signer(ctl) : NULL;
	id = json_string_value(json_object_get(claims, "jti"));
	issuer = json_string_value(json_object_get(claims, "iss"));
	if (ctl->conninfo == NULL && signer == NULL)
		;
	else if (signer != NULL && (issuer == NULL ||
	    strcmp(issuer, signer->issuer) != 0))
		log_warnx("the token is another issuer's");
	else if (id == NULL)
		log_warnx("the token has no \"jti\" to revoke it by");
	else
		status = revoke_token(ctl, id, json_integer_value(
		    json_object_get(claims, "exp")));
	json_decref(header);
	json_decref(claims);
	return (status);
}

int
ctl_token_revoke(struct ctl *ctl, int argc, char **argv)
{
	const char *errstr, *expires, *id;
	int64_t seconds;
	int ch;

	id = expires = NULL;
	while ((ch = getopt(argc, argv, "+e:i:")) != -1) {
		switch (ch) {
		case 'e':
			expires = optarg;
			break;
		case 'i':
			id = optarg;
			break;
		default:
			return (CTL_USAGE);
		}
	}
	if (argc != optind || (id == NULL) != (expires == NULL))
		return (CTL_USAGE);
	if (id == NULL)
		return (ctl_with_token(revoke_given, ctl));
	seconds = strtonum(expires, 1, REVOKED_TIME_MAX, &errstr);
	if (errstr != NULL) {
		log_warnx("invalid time \"%s\": %s", expires, errstr);
		return (CTL_FAILED);
	}
	return (revoke_token(ctl, id, seconds));
}
