/*
 * The health service.  Alive is whoever answers; ready is who could grant.  The
 * store is not asked: a daemon whose database is away still verifies tokens.
 */
#include "health.h"

#include <string.h>

#include "clock.h"
#include "link.h"
#include "metrics.h"
#include "reply.h"

/*
 * A signer shows itself every second, and before each request, which can take
 * as long as a database may: PG_CONNECT_MS, and PG_QUERY_MS twice.
 */
#define SIGNER_SILENT	8000	/* ms */

static bool
signers_alive(const struct worker *worker)
{
	uint64_t now;
	size_t i;

	now = clock_ms();
	for (i = 0; i < worker->conf->signer->prefork; i++)
		if (metrics_get(&worker->place->signers[i].beat) +
		    SIGNER_SILENT > now)
			return (true);
	return (false);
}

/* NULL if there is nothing against it. */
static const char *
why_not(const struct worker *worker)
{
	/* after a reload another one is ready */
	if (worker->ending && !worker->told_drain)
		return ("{\"status\":\"not ready\",\"reason\":\"draining\"}\n");
	if (worker->link != NULL && (!link_usable(worker->link) ||
	    !signers_alive(worker)))
		return ("{\"status\":\"not ready\",\"reason\":\"signers\"}\n");
	return (NULL);
}

void
health(struct conn *conn)
{
	static const char fields[] = "Cache-Control: no-store\r\n";
	struct reply reply;
	const char *body;

	body = NULL;
	if (!span_is(conn->head.query, "live"))
		body = why_not(conn->worker);
	memset(&reply, 0, sizeof(reply));
	reply.status = body != NULL ? 503 : 200;
	reply.type = "application/json";
	reply.body = body != NULL ? body : "{\"status\":\"ok\"}\n";
	reply.body_len = strlen(reply.body);
	reply.fields = fields;
	reply.fields_len = sizeof(fields) - 1;
	reply_send(conn, &reply);
}
