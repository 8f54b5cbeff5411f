/* common/metrics.c: places in shared memory, and histograms. */
#include "metrics.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "metrics_text.h"
#include "resource.h"

#include "tap.h"

#define CHILDREN	4
#define EACH		20000

static void
test_file(void)
{
	struct metrics_generation *last;
	struct metrics *metrics, *other;
	int fd;

	fd = metrics_file();
	ok((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
	metrics = metrics_map(dup(fd));
	other = metrics_map(dup(fd));
	ok(metrics != other, "mapped twice");
	last = &metrics->places[METRICS_GENERATIONS - 1];
	is_int(last->workers[CONF_MAX_WORKERS - 1].accepted, 0, "zero");
	metrics_add(&last->workers[CONF_MAX_WORKERS - 1].accepted, 3);
	is_int((long long)metrics_get(&other->places[METRICS_GENERATIONS - 1].
	    workers[CONF_MAX_WORKERS - 1].accepted), 3, "is shared");
#ifdef F_ADD_SEALS
	ok(ftruncate(fd, 0) == -1 && errno == EPERM, "cannot shrink");
	ok(ftruncate(fd, 1 << 24) == -1 && errno == EPERM, "cannot grow");
	ok(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == -1,
	    "nor be closed to others");
#endif
	close(fd);
	ok(((uintptr_t)&last->workers[1] & 63) == 0 &&
	    ((uintptr_t)&last->signers[1] & 63) == 0,
	    "no place shares a line of the cache with another");
}

static void
test_many(void)
{
	struct metrics_generation *place;
	int fd, i, j;

	fd = metrics_file();
	place = &metrics_map(fd)->places[1];
	for (i = 0; i < CHILDREN; i++)
		if (fork() == 0) {
			for (j = 0; j < EACH; j++)
				metrics_add(&place->workers[0].accepted, 1);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	is_int((long long)metrics_get(&place->workers[0].accepted), CHILDREN *
	    EACH, "none is lost when two have one place");
}

static void
test_histogram(void)
{
	struct metrics_histogram h;
	size_t i, n;

	memset(&h, 0, sizeof(h));
	for (i = 1; i < METRICS_BUCKETS; i++)
		if (metrics_bounds[i] <= metrics_bounds[i - 1])
			break;
	is_int((long long)i, METRICS_BUCKETS, "bounds grow");
	metrics_observe(&h, 0);
	metrics_observe(&h, metrics_bounds[0]);
	is_int((long long)h.bucket[0], 2, "a bound is in its bucket");
	metrics_observe(&h, metrics_bounds[0] + 1);
	is_int((long long)h.bucket[1], 1, "and more is in the next");
	metrics_observe(&h, metrics_bounds[METRICS_BUCKETS - 1]);
	is_int((long long)h.bucket[METRICS_BUCKETS - 1], 1, "the last bound");
	metrics_observe(&h, 1000000000);
	is_int((long long)h.bucket[METRICS_BUCKETS], 1, "past the last");
	is_int((long long)h.sum, (long long)(2 * metrics_bounds[0] + 1 +
	    metrics_bounds[METRICS_BUCKETS - 1] + 1000000000), "the sum");
	for (i = n = 0; i <= METRICS_BUCKETS; i++)
		n += h.bucket[i];
	is_int((long long)n, 5, "each once");
	(void)metrics_since(&h, UINT64_MAX);
	is_int((long long)h.bucket[0], 3, "a time to come is no time");
}

/* A place that had a generation gets another one: nothing goes back. */
static void
test_begin(void)
{
	static struct metrics_generation place;

	metrics_started(&place, METRICS_MASTER);
	metrics_started(&place, METRICS_WORKER);
	metrics_started(&place, METRICS_WORKER);
	metrics_started(&place, METRICS_SIGNER);
	place.workers[0].connections = place.workers[1].connections = 5;
	place.workers[0].inflight = place.workers[1].inflight = 2;
	place.workers[0].accepted = 9;
	place.signers[3].beat = 1000;
	place.signers[3].hashed = 8;
	place.processes[METRICS_WORKER].restarts = 1;
	metrics_ended(&place, METRICS_WORKER, 1);
	is_int((long long)place.processes[METRICS_WORKER].running, 1,
	    "one has ended");
	ok(place.workers[1].connections == 0 && place.workers[1].inflight == 0,
	    "... with its connections");
	ok(place.workers[0].connections == 5 && place.workers[0].inflight == 2,
	    "... and with nobody else's");
	metrics_ended(&place, METRICS_MASTER, 0);
	is_int((long long)place.processes[METRICS_SIGNER].running, 0,
	    "signers end with their master");
	metrics_begin(&place);
	ok(place.processes[METRICS_WORKER].running == 0 &&
	    place.workers[0].connections == 0 &&
	    place.workers[0].inflight == 0 && place.signers[3].beat == 0,
	    "another generation: nothing is there yet");
	ok(place.workers[0].accepted == 9 && place.signers[3].hashed == 8 &&
	    place.processes[METRICS_WORKER].restarts == 1,
	    "... and what was counted stays");
}

static char *
print(const struct metrics *metrics, const struct conf *conf)
{
	char *text;
	size_t len;
	FILE *f;

	text = NULL;
	if ((f = open_memstream(&text, &len)) == NULL)
		abort();
	metrics_print(f, metrics, conf, NULL);
	(void)fclose(f);
	return (text);
}

static bool
has(const char *text, const char *line)
{
	return (strstr(text, line) != NULL);
}

/* Places that somebody else has filled with anything. */
static void
test_print(void)
{
	static struct metrics metrics;
	struct metrics_generation *last;
	struct conf_signer signer;
	struct conf *conf;
	char *text;

	conf = conf_new();
	last = &metrics.places[METRICS_GENERATIONS - 1];
	metrics.places[0].workers[0].accepted = 1;
	last->workers[CONF_MAX_WORKERS - 1].accepted = 2;
	metrics.places[0].signers[1].phases[METRICS_SIGN].bucket[3] = 4;
	last->signers[CONF_MAX_SIGNERS - 1].phases[METRICS_SIGN].bucket[4] = 5;
	metrics.places[0].processes[METRICS_TRUST].restarts = 1;
	last->processes[METRICS_TRUST].restarts = 5;
	metrics.places[0].processes[METRICS_WORKER].running = 3;
	metrics.places[1].processes[METRICS_WORKER].configured = 8;
	metrics.places[1].processes[METRICS_WORKER].running = 7;
	last->processes[METRICS_WORKER].running = 2;
	metrics.parent.serving = 1;
	metrics.parent.reloads = 2;
	metrics.places[0].key_expiry = 1234;
	metrics.places[1].key_expiry = 5678;
	text = print(&metrics, conf);
	ok(has(text, "\njwtd_connections_accepted_total 3\n"),
	    "summed from the first to the last");
	ok(has(text, "jwtd_process_restarts_total{process=\"trust\"} 6\n"),
	    "of a kind");
	ok(has(text, "jwtd_processes_configured{process=\"worker\"} 8\n") &&
	    has(text, "jwtd_processes_running{process=\"worker\"} 7\n") &&
	    has(text, "jwtd_processes_not_serving{process=\"worker\"} 5\n"),
	    "those of one generation are not those of another");
	ok(has(text, "\njwtd_configuration_generation 3\n"), "generations");
	ok(!has(text, "jwtd_grant_seconds"), "no signer: no times");
	free(text);
	memset(&signer, 0, sizeof(signer));
	conf->signer = &signer;
	text = print(&metrics, conf);
	ok(has(text, "\njwtd_key_expiry_seconds 5678\n"),
	    "the key of the generation that serves");
	ok(has(text, "_bucket{phase=\"sign\",le=\"0.0005\"} 0\n") &&
	    has(text, "_bucket{phase=\"sign\",le=\"0.001\"} 4\n") &&
	    has(text, "_bucket{phase=\"sign\",le=\"0.0025\"} 9\n") &&
	    has(text, "_bucket{phase=\"sign\",le=\"+Inf\"} 9\n") &&
	    has(text, "_count{phase=\"sign\"} 9\n"), "buckets add up");
	free(text);
	memset(&metrics, 0xff, sizeof(metrics));
	text = print(&metrics, conf);
	ok(strlen(text) < 65536 && has(text, "_sum{phase=\"total\"} "),
	    "whatever the places hold, the text is bounded");
	free(text);
	conf->signer = NULL;
	conf_free(conf);
}

static void
test_refusals(void)
{
	const char *name;
	size_t i, n;

	for (i = n = 0; (name = resource_refusal(i)) != NULL; i++)
		n += *name != '\0' && strspn(name,
		    "abcdefghijklmnopqrstuvwxyz_") == strlen(name);
	is_int((long long)i, JWT_ERRORS + 3, "all refusals have a name");
	is_int((long long)n, (long long)i, "of one word");
	is_str(resource_refusal(JWT_EXPIRED), "expired", "expired");
}

int
main(void)
{
	test_file();
	test_many();
	test_histogram();
	test_begin();
	test_print();
	test_refusals();
	return (done());
}
