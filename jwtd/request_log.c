/*
 * The lines of requests, as key=value, and how many of them there may be: a
 * client that is refused must not be able to fill the log.  Here are no
 * passwords and no tokens; a name is what somebody claims, and is quoted.
 */
#include "request_log.h"

#include <sys/types.h>

#include <event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "log_limit.h"
#include "log_value.h"
#include "metrics.h"
#include "worker.h"

/* lines a second of each worker */
#define GRANT_LINES	100
#define RESOURCE_LINES	10

#define LEVEL_INFO	0
#define LEVEL_NOTICE	1	/* somebody may be trying */
#define LEVEL_WARNING	2	/* we have failed */

struct request_log {
	struct log_limit	 grants;
	struct log_limit	 failures;	/* of logins, for fail2ban */
	struct log_limit	 resources;
	struct event		 later;
	struct metrics_worker	*metrics;
};

static const struct {
	const char	*name;
	int		 level;
} reasons[] = {
	[GRANT_OK] = { "ok", LEVEL_INFO },
	[GRANT_MALFORMED] = { "malformed", LEVEL_INFO },
	[GRANT_NO_CREDENTIALS] = { "no_credentials", LEVEL_INFO },
	[GRANT_BAD_CREDENTIALS] = { "bad_credentials", LEVEL_NOTICE },
	[GRANT_BAD_SCOPE] = { "bad_scope", LEVEL_INFO },
	[GRANT_BAD_TARGET] = { "bad_target", LEVEL_INFO },
	[GRANT_DENIED] = { "denied", LEVEL_NOTICE },
	[GRANT_THROTTLED] = { "throttled", LEVEL_NOTICE },
	[GRANT_OVERLOAD] = { "overload", LEVEL_WARNING },
	[GRANT_UNAVAILABLE] = { "unavailable", LEVEL_WARNING },
	[GRANT_BROKEN] = { "broken", LEVEL_WARNING },
	[GRANT_GONE] = { "gone", LEVEL_INFO }
};

static void
say_left_out(int fd, short what, void *arg)
{
	struct request_log *l;
	uint64_t grants, resources;

	(void)fd;
	(void)what;
	l = arg;
	grants = log_limit_left_out(&l->grants) +
	    log_limit_left_out(&l->failures);
	resources = log_limit_left_out(&l->resources);
	if (grants + resources == 0)
		return;
	metrics_add(&l->metrics->lines_left_out, grants + resources);
	log_notice("lines left out: grant=%llu resource=%llu",
	    (unsigned long long)grants, (unsigned long long)resources);
}

struct request_log *
request_log_new(struct worker *worker)
{
	struct request_log *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("request log");
	log_limit_init(&l->grants, GRANT_LINES, clock_ms());
	log_limit_init(&l->failures, GRANT_LINES, clock_ms());
	log_limit_init(&l->resources, RESOURCE_LINES, clock_ms());
	l->metrics = worker->metrics;
	evtimer_set(&l->later, say_left_out, l);
	event_base_set(worker->base, &l->later);
	return (l);
}

static bool
take(struct request_log *l, struct log_limit *limit)
{
	static const struct timeval second = { 1, 0 };

	if (log_limit_take(limit, clock_ms()))
		return (true);
	if (!evtimer_pending(&l->later, NULL))
		(void)evtimer_add(&l->later, &second);
	return (false);
}

void
request_log_asked(struct link_context *context,
    const struct message_request *request)
{
	char all[sizeof(request->audience)];
	size_t i;

	all[0] = '\0';
	for (i = 0; i < MESSAGE_AUDIENCES &&
	    request->audience[i][0] != '\0'; i++) {
		if (i > 0)
			(void)strlcat(all, " ", sizeof(all));
		(void)strlcat(all, request->audience[i], sizeof(all));
	}
	log_value_quote(context->audience, sizeof(context->audience), all);
	log_value_quote(context->scope, sizeof(context->scope),
	    request->scope);
}

void
request_log_grant(struct worker *worker, const struct link_context *context,
    int status)
{
	char user[LINK_USER_TEXT], client[ADDRESS_TEXT];
	void (*say)(const char *, ...)
	    __attribute__((format(printf, 1, 2)));
	uint64_t us;

	if (context->reason != GRANT_OK &&
	    !take(worker->log, context->reason == GRANT_BAD_CREDENTIALS ?
	    &worker->log->failures : &worker->log->grants))
		return;
	us = clock_us() - context->started;
	log_value_quote(user, sizeof(user), context->user);
	say = log_info;
	if (reasons[context->reason].level == LEVEL_NOTICE)
		say = log_notice;
	else if (reasons[context->reason].level == LEVEL_WARNING)
		say = log_warnx;
	say("%s user=%s client=%s audience=%s scope=%s status=%d "
	    "reason=%s ms=%llu.%llu id=%016llx%s",
	    conf_service_name(context->location->service), user,
	    address_text(&context->client, client),
	    context->audience[0] != '\0' ? context->audience : "\"\"",
	    context->scope[0] != '\0' ? context->scope : "\"\"", status,
	    reasons[context->reason].name, (unsigned long long)(us / 1000),
	    (unsigned long long)(us % 1000 / 100),
	    (unsigned long long)context->id,
	    context->reused ? " reused=yes" : "");
}

bool
request_log_room(struct worker *worker)
{
	return (take(worker->log, &worker->log->resources));
}

void
request_log_resource(const struct address *client, int status,
    const char *reason)
{
	char text[ADDRESS_TEXT];

	log_info("resource client=%s status=%d reason=%s",
	    address_text(client, text), status, reason);
}
