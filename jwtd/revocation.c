/*
 * Was a token of our own revoked?  It asks the table that jwtd-signer keeps, in
 * memory, and decides what to do when that is not kept any more.
 */
#include "revocation.h"

#include <jansson.h>

#include "clock.h"
#include "log.h"
#include "reply.h"
#include "verified.h"

#define RETRY_AFTER	"5"	/* seconds */

/* Has it been out of date for longer than is configured?  Logged once. */
static bool
is_stale(struct worker *worker)
{
	uint64_t checked, now;
	bool stale;

	checked = revoked_checked(worker->revoked);
	now = clock_ms();
	stale = checked == 0 || (now > checked && now - checked >
	    (uint64_t)worker->conf->signer->revocations.stale * 1000);
	if (stale && !worker->stale)
		log_warnx("what was revoked is not known any more: %s",
		    worker->conf->signer->revocations.refuse ?
		    "no token of ours is accepted" :
		    "going by what was known last");
	else if (!stale && worker->stale)
		log_info("what was revoked is known again");
	worker->stale = stale;
	return (stale);
}

enum revoked_answer
revocation_of(struct worker *worker, const struct jwt *jwt)
{
	enum revoked_answer answer;

	if (worker->revoked == NULL || !worker->issuers[jwt->issuer].own)
		return (REVOKED_NO);
	/* without an iat it may be from any time */
	answer = revoked_look(worker->revoked,
	    json_string_value(json_object_get(jwt->claims, "jti")),
	    jwt->subject,
	    json_integer_value(json_object_get(jwt->claims, "iat")));
	if (is_stale(worker) && answer == REVOKED_NO &&
	    worker->conf->signer->revocations.refuse)
		return (REVOKED_UNKNOWN);
	return (answer);
}

bool
revocation_same(struct worker *worker)
{
	uint64_t version;

	if (worker->revoked == NULL)
		return (true);
	/* before anything is verified: what changes then is seen next time */
	version = revoked_version(worker->revoked);
	if (version != worker->revoked_version)
		verified_forget(worker->verified);
	worker->revoked_version = version;
	return (!is_stale(worker) || !worker->conf->signer->revocations.refuse);
}

void
revocation_unknown(struct conn *conn)
{
	reply_error_fields(conn, 503, "Cache-Control: no-store\r\n"
	    "Retry-After: " RETRY_AFTER "\r\n");
}
