/*
 * What is counted, written for Prometheus.  It reads the places of all
 * processes and adds them up; no label's value comes from a request.
 */
#include "metrics_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_status.h"
#include "log.h"
#include "reply.h"
#include "resource.h"

static void
head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
single(FILE *f, const char *name, const char *type, const char *help,
    uint64_t value)
{
	head(f, name, type, help);
	fprintf(f, "%s %llu\n", name, (unsigned long long)value);
}

/* What a service usually answers is there before it does for the first time. */
static bool
is_usual(enum conf_service service, int status)
{
	switch (service) {
	case CONF_GRANT:
		return (status == 200 || status == 400 || status == 401 ||
		    status == 429 || status == 503);
	case CONF_RESOURCE:
		return (status == 202 || status == 401 || status == 403);
	case CONF_REVOKE:
	case CONF_INTROSPECTION:
		return (status == 200 || status == 401 || status == 403);
	case CONF_HEALTH:
		return (status == 200 || status == 503);
	case CONF_JWKS:
	case CONF_METADATA:
		return (status == 200 || status == 304);
	case CONF_METRICS:
		return (status == 200);
	case CONF_NONE:
		return (status == 400 || status == 404);
	}
	return (false);
}

static void
print_requests(FILE *f, const struct metrics *metrics)
{
	uint64_t n;
	size_t service, i;

	head(f, "jwtd_requests_total", "counter",
	    "Requests answered, by service and status; none is no location's.");
	for (service = 0; service < METRICS_SERVICES; service++)
		for (i = 0; http_status(i) != 0; i++) {
			n = METRICS_WORKERS(metrics, requests[service][i]);
			if (n == 0 && !is_usual((enum conf_service)service,
			    http_status(i)))
				continue;
			fprintf(f, "jwtd_requests_total{service=\"%s\","
			    "code=\"%d\"} %llu\n",
			    conf_service_name((enum conf_service)service),
			    http_status(i), (unsigned long long)n);
		}
}

static void
print_refusals(FILE *f, const struct metrics *metrics)
{
	size_t i;

	head(f, "jwtd_tokens_refused_total", "counter",
	    "Requests that the resource service refused, by reason.");
	for (i = 0; resource_refusal(i) != NULL; i++)
		fprintf(f, "jwtd_tokens_refused_total{reason=\"%s\"} %llu\n",
		    resource_refusal(i),
		    (unsigned long long)METRICS_WORKERS(metrics, refusals[i]));
}

static void
print_connections(FILE *f, const struct metrics *metrics)
{
	single(f, "jwtd_connections", "gauge", "Connections of clients.",
	    METRICS_WORKERS(metrics, connections));
	single(f, "jwtd_connections_accepted_total", "counter",
	    "Connections that were accepted.",
	    METRICS_WORKERS(metrics, accepted));
	single(f, "jwtd_tls_handshakes_failed_total", "counter",
	    "TLS handshakes that failed.",
	    METRICS_WORKERS(metrics, handshakes_failed));
	single(f, "jwtd_grants_in_flight", "gauge",
	    "Requests that wait for a signer or are with one.",
	    METRICS_WORKERS(metrics, inflight));
	single(f, "jwtd_log_lines_left_out_total", "counter",
	    "Lines on refusals that were left out of the log.",
	    METRICS_WORKERS(metrics, lines_left_out));
}

/* What head() has begun, for each kind. */
static void
print_kinds(FILE *f, const char *name, const uint64_t value[METRICS_KINDS])
{
	size_t i;

	for (i = 0; i < METRICS_KINDS; i++)
		fprintf(f, "%s{process=\"%s\"} %llu\n", name,
		    metrics_kind_name(i), (unsigned long long)value[i]);
}

static void
print_processes(FILE *f, const struct metrics *metrics)
{
	uint64_t configured[METRICS_KINDS], running[METRICS_KINDS];
	uint64_t others[METRICS_KINDS], restarts[METRICS_KINDS];
	const struct metrics_generation *serving;
	const struct metrics_processes *first;
	size_t i;

	serving = metrics_serving(metrics);
	for (i = 0; i < METRICS_KINDS; i++) {
		configured[i] = metrics_get(&serving->processes[i].configured);
		running[i] = metrics_get(&serving->processes[i].running);
		first = &metrics->places[0].processes[i];
		others[i] = metrics_sum(&first->running, 0, 1) - running[i];
		restarts[i] = metrics_sum(&first->restarts, 0, 1);
	}
	head(f, "jwtd_processes_configured", "gauge",
	    "Processes that should run, by kind.");
	print_kinds(f, "jwtd_processes_configured", configured);
	head(f, "jwtd_processes_running", "gauge",
	    "Of these, processes that run, by kind.");
	print_kinds(f, "jwtd_processes_running", running);
	head(f, "jwtd_processes_not_serving", "gauge",
	    "Processes that a reload has started or is ending, by kind.");
	print_kinds(f, "jwtd_processes_not_serving", others);
	head(f, "jwtd_process_restarts_total", "counter",
	    "Processes that died and were to be started again, by kind.");
	print_kinds(f, "jwtd_process_restarts_total", restarts);
}

static void
print_reloads(FILE *f, const struct metrics *metrics)
{
	single(f, "jwtd_start_time_seconds", "gauge",
	    "When the daemon was started, since the epoch.",
	    metrics_get(&metrics->parent.started));
	single(f, "jwtd_configuration_load_time_seconds", "gauge",
	    "Since when this configuration serves, since the epoch.",
	    metrics_get(&metrics->parent.loaded));
	single(f, "jwtd_configuration_generation", "gauge",
	    "Which configuration serves: 1 is that of the start.",
	    metrics_get(&metrics->parent.reloads) + 1);
	single(f, "jwtd_configurations_in_use", "gauge",
	    "Configurations that have processes.",
	    metrics_get(&metrics->parent.generations));
	single(f, "jwtd_reloads_total", "counter", "Reloads that were done.",
	    metrics_get(&metrics->parent.reloads));
	single(f, "jwtd_reloads_refused_total", "counter",
	    "Reloads that changed nothing.",
	    metrics_get(&metrics->parent.refused));
	single(f, "jwtd_last_refused_reload_time_seconds", "gauge",
	    "When a reload changed nothing, since the epoch; 0 is never.",
	    metrics_get(&metrics->parent.last_refused));
}

static void
print_phase(FILE *f, const char *phase,
    const struct metrics_histogram *first, size_t step, size_t n)
{
	static const char name[] = "jwtd_grant_seconds";
	uint64_t total;
	size_t i;

	total = 0;
	for (i = 0; i <= METRICS_BUCKETS; i++) {
		total += metrics_sum(&first->bucket[i], step, n);
		fprintf(f, "%s_bucket{phase=\"%s\",le=\"", name, phase);
		if (i < METRICS_BUCKETS)
			fprintf(f, "%g", (double)metrics_bounds[i] / 1e6);
		else
			fputs("+Inf", f);
		fprintf(f, "\"} %llu\n", (unsigned long long)total);
	}
	fprintf(f, "%s_sum{phase=\"%s\"} %.6f\n", name, phase,
	    (double)metrics_sum(&first->sum, step, n) / 1e6);
	fprintf(f, "%s_count{phase=\"%s\"} %llu\n", name, phase,
	    (unsigned long long)total);
}

static void
print_latency(FILE *f, const struct metrics *metrics)
{
	const struct metrics_generation *first;
	size_t i;

	first = &metrics->places[0];
	head(f, "jwtd_grant_seconds", "histogram",
	    "How long the parts of a grant took, and all of it.");
	for (i = 0; i < METRICS_PHASES; i++)
		print_phase(f, metrics_phase_name(i),
		    &first->signers[0].phases[i], sizeof(first->signers[0]),
		    CONF_MAX_SIGNERS);
	print_phase(f, "total", &first->workers[0].total,
	    sizeof(first->workers[0]), CONF_MAX_WORKERS);
}

static void
print_signers(FILE *f, const struct metrics *metrics)
{
	uint64_t expiry;

	single(f, "jwtd_passwords_remembered_total", "counter",
	    "Requests whose password was known to be right.",
	    METRICS_SIGNERS(metrics, remembered));
	single(f, "jwtd_passwords_hashed_total", "counter",
	    "Requests whose password was hashed.",
	    METRICS_SIGNERS(metrics, hashed));
	single(f, "jwtd_hashes_deferred_total", "counter",
	    "Requests that had to wait for their turn to hash.",
	    METRICS_SIGNERS(metrics, deferred));
	single(f, "jwtd_requests_throttled_total", "counter",
	    "Requests that were refused after too many failures.",
	    METRICS_SIGNERS(metrics, throttled));
	single(f, "jwtd_tokens_reused_total", "counter",
	    "Grants that were answered with a token of before.",
	    METRICS_SIGNERS(metrics, reused));
	expiry = metrics_get(&metrics_serving(metrics)->key_expiry);
	head(f, "jwtd_key_expiry_seconds", "gauge",
	    "When a certificate of the key that signs expires, since the "
	    "epoch.");
	if (expiry != 0)
		fprintf(f, "jwtd_key_expiry_seconds %llu\n",
		    (unsigned long long)expiry);
	print_latency(f, metrics);
}

/*
 * The first to expire of the certificates of servers with that name, which may
 * be on different listeners; 0 if there is none.
 */
static uint64_t
first_expiry(const struct conf *conf, const uint64_t *expiry,
    const char *name)
{
	const struct conf_server *server;
	uint64_t first;
	size_t i;

	first = 0;
	i = 0;
	TAILQ_FOREACH(server, &conf->servers, entry) {
		if (strcasecmp(server->name, name) == 0 && expiry[i] != 0 &&
		    (first == 0 || expiry[i] < first))
			first = expiry[i];
		i++;
	}
	return (first);
}

/* A host name has nothing that would have to be escaped. */
static void
print_expiry(FILE *f, const struct conf *conf, const uint64_t *expiry)
{
	const struct conf_server *server, *before;
	uint64_t first;

	head(f, "jwtd_certificate_expiry_seconds", "gauge",
	    "When the TLS certificate of a server expires, since the epoch.");
	TAILQ_FOREACH(server, &conf->servers, entry) {
		TAILQ_FOREACH(before, &conf->servers, entry)
			if (strcasecmp(before->name, server->name) == 0)
				break;
		first = first_expiry(conf, expiry, server->name);
		if (before == server && first != 0)
			fprintf(f, "jwtd_certificate_expiry_seconds"
			    "{server=\"%s\"} %llu\n", server->name,
			    (unsigned long long)first);
	}
}

void
metrics_print(FILE *f, const struct metrics *metrics, const struct conf *conf,
    const uint64_t *expiry)
{
	print_reloads(f, metrics);
	print_processes(f, metrics);
	print_requests(f, metrics);
	print_connections(f, metrics);
	print_refusals(f, metrics);
	if (conf_tls(conf))
		print_expiry(f, conf, expiry);
	if (conf->signer != NULL)
		print_signers(f, metrics);
}

void
metrics_reply(struct conn *conn)
{
	static const char fields[] = "Cache-Control: no-store\r\n";
	struct reply reply;
	char *text;
	FILE *f;

	text = NULL;
	if ((f = open_memstream(&text, &reply.body_len)) == NULL) {
		reply_error(conn, 503);
		return;
	}
	metrics_print(f, conn->worker->all_metrics, conn->worker->conf,
	    conn->worker->expiry);
	if (fclose(f) == EOF) {
		free(text);
		reply_error(conn, 503);
		return;
	}
	reply.status = 200;
	reply.type = "text/plain; version=0.0.4; charset=utf-8";
	reply.body = text;
	reply.fields = fields;
	reply.fields_len = sizeof(fields) - 1;
	reply_send(conn, &reply);
	free(text);
}
