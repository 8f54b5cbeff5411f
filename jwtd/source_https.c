/*
 * A key set behind a URL: when it is fetched, and what becomes of a fetch.  A
 * server that cannot be had takes nothing away; it is asked ever less often.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "refresh.h"

#define UNREACHED_MAX	6	/* then its name is looked up again */

static void	(*on_tried)(void);

static void
schedule(struct source *source, uint64_t ms)
{
	struct timeval tv;

	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (evtimer_add(&source->timer, &tv) == -1)
		fatalx("event_add");
}

/*
 * Only a new process can look a name up: this one has no files left.  The
 * parent starts it, and has the sets meanwhile.
 */
static void
look_up_again(struct source *source)
{
	if (source->target.url.numeric || source->unreached < UNREACHED_MAX)
		return;
	log_debug("%s: looking its name up again", source->trust->path);
	exit(0);
}

static void
retry(struct source *source)
{
	source->failures++;
	schedule(source, (uint64_t)refresh_retry(source->failures) * 1000);
}

static void
on_done(void *arg, const struct fetch_result *result)
{
	struct source *source;

	source = arg;
	source->fetch = NULL;
	source->tried = true;
	source->unreached = result->connected ? 0 : source->unreached + 1;
	if (result->why != NULL) {
		source_failed(source, result->why);
		retry(source);
	} else if (source_take(source, result->body, result->len) == -1)
		retry(source);
	else {
		source->failures = 0;
		schedule(source,
		    (uint64_t)refresh_after(result->max_age) * 1000);
	}
	on_tried();
	look_up_again(source);
}

static void
on_timer(int fd, short what, void *arg)
{
	struct fetch_result result;
	struct source *source;

	(void)fd;
	(void)what;
	source = arg;
	source->begun = clock_ms();
	if (source->target.addresses.n > 0) {
		source->fetch = fetch_start(source->base, &source->target,
		    on_done, source);
		return;
	}
	memset(&result, 0, sizeof(result));
	result.why = "the host's name was not found";
	on_done(source, &result);
}

void
source_https(struct source *source, struct event_base *base,
    void (*tried)(void))
{
	on_tried = tried;
	source->base = base;
	evtimer_set(&source->timer, on_timer, source);
	event_base_set(base, &source->timer);
	schedule(source, 0);
}

void
source_https_unknown(struct source *source)
{
	uint64_t now, earliest;

	if (source->fetch != NULL)
		return;
	now = clock_ms();
	earliest = source->begun + REFRESH_ASKED * 1000UL;
	/* and if the timer was to go off sooner, once more */
	schedule(source, earliest > now ? earliest - now : 0);
}
