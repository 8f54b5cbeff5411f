/*
 * jwtctl status: what the daemon is doing, for a person.  The numbers are those
 * of /metrics; it writes nothing.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ctl.h"
#include "ctl_daemon.h"
#include "http_status.h"
#include "log.h"
#include "paths.h"

#define PATIENCE	2000	/* ms, for its answer */

/* "2026-11-24 12:00:00, 3h ago" */
static void
print_time(const char *what, uint64_t when)
{
	char text[64], span[32];
	struct tm tm;
	time_t now, t;

	now = time(NULL);
	t = (time_t)when;
	if (localtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)strlcpy(text, "a bad time", sizeof(text));
	ctl_format_span(span, sizeof(span), (uint64_t)(t > now ? t - now :
	    now - t));
	printf("%s %s, %s%s%s", what, text, t > now ? "in " : "", span,
	    t > now ? "" : " ago");
}

static void
print_parent(const struct daemon *daemon, const struct metrics_parent *parent)
{
	printf("jwtd is running, pid %ld,", (long)daemon->pid);
	print_time(" since", parent->started);
	if (parent->loaded == 0) {
		printf("\nnot ready yet\n");
		return;
	}
	printf("\nconfiguration %llu,",
	    (unsigned long long)parent->reloads + 1);
	print_time(" since", parent->loaded);
	printf("\nreloads: %llu done, %llu refused",
	    (unsigned long long)parent->reloads,
	    (unsigned long long)parent->refused);
	if (parent->refused > 0)
		print_time(", the last of these", parent->last_refused);
	printf("\n");
}

static void
print_processes(const struct metrics *metrics, uint64_t serving)
{
	const struct metrics_generation *place;
	uint64_t running, configured, others, restarts;
	size_t i;

	place = &metrics->places[serving % METRICS_GENERATIONS];
	others = 0;
	printf("\n%-16s %10s %10s %10s\n", "process", "configured", "running",
	    "restarts");
	for (i = 0; i < METRICS_KINDS; i++) {
		configured = place->processes[i].configured;
		running = place->processes[i].running;
		restarts = metrics_sum(&metrics->places[0].processes[i].
		    restarts, 0, 1);
		others += metrics_sum(&metrics->places[0].processes[i].running,
		    0, 1) - running;
		if (configured + running + restarts > 0)
			printf("%-16s %10llu %10llu %10llu\n",
			    metrics_kind_name(i),
			    (unsigned long long)configured,
			    (unsigned long long)running,
			    (unsigned long long)restarts);
	}
	if (others > 0)
		printf("and %llu of other configurations, which start or end\n",
		    (unsigned long long)others);
}

static void
print_requests(const struct metrics *metrics)
{
	uint64_t n;
	size_t service, i;

	printf("\nconnections: %llu now, %llu since the start; "
	    "%llu grants in flight\n", (unsigned long long)
	    METRICS_WORKERS(metrics, connections), (unsigned long long)
	    METRICS_WORKERS(metrics, accepted), (unsigned long long)
	    METRICS_WORKERS(metrics, inflight));
	printf("\n%-16s %10s %10s\n", "service", "status", "requests");
	for (service = 0; service < METRICS_SERVICES; service++)
		for (i = 0; http_status(i) != 0; i++) {
			n = METRICS_WORKERS(metrics, requests[service][i]);
			if (n > 0)
				printf("%-16s %10d %10llu\n",
				    conf_service_name((enum conf_service)
				    service), http_status(i),
				    (unsigned long long)n);
		}
}

/* How long so many took, on average, and 99 of 100 at most. */
static void
print_phase(const char *name, const struct metrics_histogram *first,
    size_t step, size_t n)
{
	uint64_t count, seen, sum;
	size_t i;

	count = 0;
	for (i = 0; i <= METRICS_BUCKETS; i++)
		count += metrics_sum(&first->bucket[i], step, n);
	if (count == 0)
		return;
	sum = metrics_sum(&first->sum, step, n);
	printf("%-16s %10llu %8.2fms", name, (unsigned long long)count,
	    (double)sum / (double)count / 1000);
	seen = 0;
	for (i = 0; i < METRICS_BUCKETS; i++) {
		seen += metrics_sum(&first->bucket[i], step, n);
		if (seen >= count - count / 100)
			break;
	}
	if (i < METRICS_BUCKETS)
		printf(" %8gms\n", (double)metrics_bounds[i] / 1000);
	else
		printf(" %10s\n", "more");
}

static void
print_grants(const struct metrics *metrics)
{
	const struct metrics_generation *first;
	size_t i;

	first = &metrics->places[0];
	printf("\ngrants: %llu passwords remembered, %llu hashed; %llu "
	    "deferred, %llu throttled; %llu tokens reused\n",
	    (unsigned long long)
	    METRICS_SIGNERS(metrics, remembered), (unsigned long long)
	    METRICS_SIGNERS(metrics, hashed), (unsigned long long)
	    METRICS_SIGNERS(metrics, deferred), (unsigned long long)
	    METRICS_SIGNERS(metrics, throttled), (unsigned long long)
	    METRICS_SIGNERS(metrics, reused));
	printf("\n%-16s %10s %10s %10s\n", "phase", "number", "mean",
	    "99% within");
	for (i = 0; i < METRICS_PHASES; i++)
		print_phase(metrics_phase_name(i),
		    &first->signers[0].phases[i], sizeof(first->signers[0]),
		    CONF_MAX_SIGNERS);
	print_phase("total", &first->workers[0].total,
	    sizeof(first->workers[0]), CONF_MAX_WORKERS);
}

static void
print_expiry(const struct metrics *metrics, uint64_t serving)
{
	const struct metrics_generation *place;
	uint64_t tls;

	place = &metrics->places[serving % METRICS_GENERATIONS];
	/* all workers have the same */
	tls = place->workers[0].first_expiry;
	if (tls != 0 || place->key_expiry != 0)
		printf("\n");
	if (tls != 0) {
		print_time("the first TLS certificate to expire:", tls);
		printf("\n");
	}
	if (place->key_expiry != 0) {
		print_time("the certificate of the signing key expires:",
		    place->key_expiry);
		printf("\n");
	}
}

/* Have it write what it counts.  Who is stopped does not. */
static bool
ask(struct daemon *daemon)
{
	uint64_t before, until;

	before = daemon->file->status.answers;
	until = clock_ms() + PATIENCE;
	if (!daemon_signal(daemon, STATUS_ASK))
		return (false);
	do {
		daemon_pause();
		if (!daemon_read(daemon, false))
			return (false);
		if (daemon->file->status.answers != before)
			return (daemon_read(daemon, true));
	} while (clock_ms() < until && daemon_runs(daemon));
	log_warnx("no answer from jwtd, pid %ld", (long)daemon->pid);
	return (false);
}

/* One that runs is found by the usual path too, when the file is broken. */
static const char *
find_path(struct ctl *ctl)
{
	const struct conf *conf;
	const char *path;

	if ((conf = ctl_conf(ctl)) == NULL)
		return (geteuid() == 0 && strcmp(ctl->conf_path, path_conf) ==
		    0 ? path_status : NULL);
	if ((path = status_path(conf, ctl->conf_path)) == NULL)
		log_warnx("%s: there is no \"status\"", ctl->conf_path);
	return (path);
}

int
ctl_status(struct ctl *ctl, int argc, char **argv)
{
	const struct metrics *metrics;
	struct daemon daemon;
	const char *path;
	uint64_t serving;
	bool answered;

	(void)argv;
	if (argc != 1)
		return (CTL_USAGE);
	if ((path = find_path(ctl)) == NULL || !daemon_find(&daemon, path))
		return (CTL_FAILED);
	answered = ask(&daemon);
	if (!answered && !daemon_runs(&daemon)) {
		daemon_close(&daemon);
		return (CTL_FAILED);
	}
	print_parent(&daemon, &daemon.file->status.parent);
	if (answered) {
		metrics = &daemon.file->metrics;
		serving = daemon.file->status.parent.serving;
		print_processes(metrics, serving);
		print_requests(metrics);
		print_grants(metrics);
		print_expiry(metrics, serving);
	}
	daemon_close(&daemon);
	return (answered ? CTL_OK : CTL_FAILED);
}
