/*
 * A worker: accepts connections and answers them, without root, without a file
 * system and without a secret.  It is exec'd by the parent with its descriptors
 * at fixed numbers (control.h) and ends when the parent does.
 */
#include "worker.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certificates.h"
#include "conn.h"
#include "conn_proxy.h"
#include "conn_tls.h"
#include "control.h"
#include "issuers.h"
#include "link.h"
#include "log.h"
#include "metrics.h"
#include "priv.h"
#include "request_log.h"
#include "revoked.h"
#include "sandbox.h"
#include "sslctx.h"
#include "system.h"
#include "tlsconf.h"
#include "tlskey_client.h"
#include "verified.h"

#define ACCEPT_BATCH	16	/* so that others are heard in between */
#define ACCEPT_PAUSE	250000	/* microseconds, when descriptors are short */
#define LINGER		2	/* seconds */
#define SPARE_FDS	32	/* besides the connections */

/* May those who wait there be taken by this worker? */
static bool
is_ours(const struct worker_listener *listener)
{
	return (listener->tls == NULL || !listener->worker->holding);
}

static void
set_accepting(struct worker *worker, bool accepting)
{
	struct worker_listener *listener;
	size_t i;

	if (worker->accepting == accepting)
		return;
	worker->accepting = accepting;
	for (i = 0; i < worker->conf->nlisteners; i++) {
		listener = &worker->listeners[i];
		if (is_ours(listener) && (accepting ?
		    event_add(&listener->event, NULL) :
		    event_del(&listener->event)) == -1)
			fatalx("listener event");
	}
}

static void
on_accept_again(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	set_accepting(arg, true);
}

/* Out of descriptors or memory: what is queued waits in the kernel a little. */
static void
pause_accepting(struct worker *worker)
{
	static const struct timeval pause = { 0, ACCEPT_PAUSE };

	/* said once, until nobody waits any more */
	if (!worker->short_of)
		log_warn("accept: pausing");
	worker->short_of = true;
	set_accepting(worker, false);
	(void)evtimer_add(&worker->accept_again, &pause);
}

/* A client is there: it gets a connection, or the door. */
static void
welcome(const struct worker_listener *listener, int fd,
    const struct sockaddr_storage *ss)
{
	const int on = 1;
	struct address peer;

	peer = address_from(ss);
	if (listener->conf->proxy &&
	    !conn_proxy_allowed(listener->conf, &peer)) {
		log_debug("a peer that may not send a PROXY header");
		close(fd);
		return;
	}
	if (listener->conf->family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	conn_new(listener, fd, &peer);
}

/*
 * Accept up to max.  When there is no room, the connection that has been idle
 * longest makes some; without one, nothing is accepted until worker_has_room().
 */
static void
accept_some(struct worker_listener *listener, int max)
{
	struct sockaddr_storage ss;
	struct worker *worker;
	struct conn *oldest;
	socklen_t len;
	int i, client;
	bool full;

	worker = listener->worker;
	for (i = 0; i < max; i++) {
		full = worker->nconns >= worker->conf->limit_connections;
		oldest = full ? deadline_first(&worker->idle) : NULL;
		if (full && oldest == NULL) {
			set_accepting(worker, false);
			return;
		}
		len = sizeof(ss);
		client = accept4(listener->fd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client == -1) {
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOBUFS || errno == ENOMEM)
				pause_accepting(worker);
			else if (errno == EAGAIN)
				worker->short_of = false;
			else if (errno == EINVAL)
				fatal("a listener that does not listen");
			return;
		}
		metrics_add(&worker->metrics->accepted, 1);
		if (oldest != NULL)
			conn_free(oldest);
		welcome(listener, client, &ss);
	}
}

static void
on_acceptable(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	accept_some(arg, ACCEPT_BATCH);
}

void
worker_has_room(struct worker *worker)
{
	if (!worker->accepting && !worker->draining &&
	    !evtimer_pending(&worker->accept_again, NULL))
		set_accepting(worker, true);
}

void
worker_conn_closed(struct worker *worker)
{
	if (worker->draining && worker->nconns == 0)
		(void)event_base_loopexit(worker->base, NULL);
	worker_has_room(worker);
}

/*
 * Take what is queued, if that is ours to take, and no more; each connection
 * ends with its next answer.
 */
static void
drain(struct worker *worker)
{
	size_t i;

	if (worker->draining)
		return;
	for (i = 0; worker->serving && i < worker->conf->nlisteners; i++)
		if (is_ours(&worker->listeners[i]))
			accept_some(&worker->listeners[i], INT_MAX);
	set_accepting(worker, false);
	(void)evtimer_del(&worker->accept_again);
	for (i = 0; i < worker->conf->nlisteners; i++)
		close(worker->listeners[i].fd);
	worker->draining = true;
	if (worker->nconns == 0)
		(void)event_base_loopexit(worker->base, NULL);
}

/* SIGTERM: do not wait for those who ask nothing. */
static void
on_terminate(int sig, short what, void *arg)
{
	struct conn *conn, *next;
	struct worker *worker;

	(void)sig;
	(void)what;
	worker = arg;
	if (worker->ending)
		return;
	drain(worker);
	worker->ending = true;
	TAILQ_FOREACH_SAFE(conn, &worker->conns, entry, next)
		conn_drain(conn);
}

void
worker_told(struct worker *worker, const struct control *control)
{
	if (control->type == CONTROL_ACCEPT)
		worker->told_accept = true;
	else if (control->type == CONTROL_DRAIN)
		worker->told_drain = true;
	else if (control->type == CONTROL_HOLD)
		worker->told_hold = true;
}

/* Whoever waits at a listener with TLS waits for another generation. */
static void
hold(struct worker *worker)
{
	bool accepting;

	accepting = worker->accepting;
	set_accepting(worker, false);
	worker->holding = true;
	set_accepting(worker, accepting);
}

static void
obey(struct worker *worker)
{
	if (worker->told_accept && !worker->serving && !worker->draining) {
		worker->serving = true;
		set_accepting(worker, true);
	}
	if (worker->told_hold && !worker->holding && !worker->draining)
		hold(worker);
	if (worker->told_drain)
		drain(worker);
}

static void
on_control(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	issuers_hear(arg);
	obey(arg);
}

static void
raise_descriptors(unsigned int connections)
{
	struct rlimit rl;
	rlim_t wanted;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	wanted = (rlim_t)connections + SPARE_FDS + CONF_MAX_LISTENERS;
	if (rl.rlim_cur >= wanted)
		return;
	rl.rlim_cur = wanted;
	/* root may raise the hard limit; others get as far as they can */
	if (rl.rlim_max < wanted) {
		rl.rlim_max = wanted;
		if (setrlimit(RLIMIT_NOFILE, &rl) == 0)
			return;
		(void)getrlimit(RLIMIT_NOFILE, &rl);
		rl.rlim_cur = rl.rlim_max;
	}
	(void)setrlimit(RLIMIT_NOFILE, &rl);
}

/* For the metrics: in the order of the servers, 0 where there is none. */
static void
note_expiry(struct worker *worker, const json_t *certificates)
{
	const struct conf_server *server;
	uint64_t expiry, first;
	const char *pem;
	size_t i, len;

	first = 0;
	i = 0;
	TAILQ_FOREACH(server, &worker->conf->servers, entry)
		i++;
	worker->expiry = calloc(i + 1, sizeof(*worker->expiry));
	if (worker->expiry == NULL)
		fatal("certificates");
	i = 0;
	TAILQ_FOREACH(server, &worker->conf->servers, entry) {
		if (certificates != NULL && server->tls_certificate != NULL) {
			pem = certificates_of(certificates, worker->conf,
			    server, &len);
			expiry = certificates_expiry(pem, len);
			worker->expiry[i] = expiry;
			if (expiry != 0 && (first == 0 || expiry < first))
				first = expiry;
		}
		i++;
	}
	metrics_set(&worker->metrics->first_expiry, first);
}

static void
setup_listeners(struct worker *worker)
{
	struct worker_listener *listener;
	const struct conf_listener *conf;
	json_t *certificates;
	size_t i;

	certificates = NULL;
	if (conf_tls(worker->conf)) {
		sslctx_init();
		tlskey_client_init(FD_TLSKEY);
		certificates = certificates_read(FD_CERTIFICATES);
	} else
		close(FD_TLSKEY);
	close(FD_CERTIFICATES);
	worker->listeners = calloc(worker->conf->nlisteners,
	    sizeof(*worker->listeners));
	if (worker->listeners == NULL)
		fatal("listeners");
	i = 0;
	TAILQ_FOREACH(conf, &worker->conf->listeners, entry) {
		listener = &worker->listeners[i];
		listener->conf = conf;
		listener->worker = worker;
		listener->fd = FD_LISTEN + (int)i;
		if (conf->tls)
			listener->tls = tlsconf_new(worker->conf, conf,
			    certificates);
		event_set(&listener->event, listener->fd,
		    EV_READ | EV_PERSIST, on_acceptable, listener);
		event_base_set(worker->base, &listener->event);
		i++;
	}
	note_expiry(worker, certificates);
	json_decref(certificates);
}

static void
setup_events(struct worker *worker)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	/* the parent hears that of the terminal, and decides */
	(void)signal(SIGINT, SIG_IGN);
	evsignal_set(&worker->terminate, SIGTERM, on_terminate, worker);
	event_base_set(worker->base, &worker->terminate);
	event_set(&worker->control, FD_CONTROL, EV_READ | EV_PERSIST,
	    on_control, worker);
	event_base_set(worker->base, &worker->control);
	evtimer_set(&worker->accept_again, on_accept_again, worker);
	event_base_set(worker->base, &worker->accept_again);
	if (event_add(&worker->terminate, NULL) == -1 ||
	    event_add(&worker->control, NULL) == -1)
		fatalx("event_add");
	deadline_queue_init(&worker->requests, worker->base,
	    worker->conf->timeout_request, conn_expired_request);
	deadline_queue_init(&worker->replies, worker->base,
	    worker->conf->timeout_request, conn_expired);
	deadline_queue_init(&worker->idle, worker->base,
	    worker->conf->timeout_idle, conn_expired);
	deadline_queue_init(&worker->lingering, worker->base, LINGER,
	    conn_expired);
}

static void
setup_revoked(struct worker *worker)
{
	const struct conf_signer *signer;

	signer = worker->conf->signer;
	if (signer != NULL && signer->revocations.on) {
		worker->revoked = revoked_map(FD_REVOKED,
		    signer->revocations.limit, false);
		if (worker->revoked == NULL)
			fatal("revocations");
	}
	close(FD_REVOKED);
}

/*
 * Open what needs privilege, then give it up, in this order and nowhere else.
 * Only then is the parent told, and the first byte from a client read.
 */
static void
start(struct worker *worker, unsigned int slot, unsigned int place)
{
	struct metrics *metrics;

	worker->conf = control_conf();
	metrics = metrics_map(FD_METRICS);
	worker->all_metrics = metrics;
	worker->place = &metrics->places[place];
	worker->metrics = &metrics->places[place].workers[slot];
	TAILQ_INIT(&worker->conns);
	buf_pool_init(&worker->pool);
	worker->date_time = -1;
	raise_descriptors(worker->conf->limit_connections);
	if ((worker->base = event_base_new()) == NULL)
		fatalx("event_base_new");
	setup_listeners(worker);
	setup_revoked(worker);
	setup_events(worker);
	if ((worker->verified = verified_new()) == NULL)
		fatal("verified");
	if ((worker->ahead = conn_tls_new()) == NULL)
		fatal("read ahead");
	worker->log = request_log_new(worker);
	issuers_load(worker);
	if (worker->conf->signer != NULL)
		worker->link = link_new(worker, FD_SIGNER);
	tzset();
	sandbox_early(SANDBOX_WORKER, NULL);
	priv_drop(WORKER_USER, system_empty_directory());
	sandbox(SANDBOX_WORKER);
}

void
worker_main(unsigned int slot, unsigned int place, int foreground, int verbose)
{
	struct worker *worker;
	char *role;

	control_check("jwtd: -W is for jwtd itself");
	log_init("jwtd", foreground, verbose);
	if (asprintf(&role, "worker %u", slot) == -1 ||
	    (worker = calloc(1, sizeof(*worker))) == NULL)
		fatal("worker");
	log_role(role);
	setproctitle("%s", role);
	start(worker, slot, place);
	control_ready();
	obey(worker);
	if (event_base_dispatch(worker->base) == -1)
		fatalx("event loop");
	exit(0);
}
