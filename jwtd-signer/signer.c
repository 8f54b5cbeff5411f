/*
 * jwtd-signer: the only process with the private keys and the store.  It
 * loads them, gives up root, and forks the signers that use them; then it keeps
 * that many alive.  It reads no byte from a worker and none from a network.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "file.h"
#include "keydir.h"
#include "libraries.h"
#include "log.h"
#include "memlock.h"
#include "metrics.h"
#include "password.h"
#include "priv.h"
#include "restart.h"
#include "revocations.h"
#include "revoked.h"
#include "sandbox.h"
#include "serve.h"
#include "sign.h"
#include "signals.h"
#include "store.h"

#define SIGNER_USER	"_jwtdsign"
#define REVOKED_WAIT	5000	/* ms, for what was revoked at the start */
#define REVOKED_LOOK	10

struct signer {
	pid_t		 pid;		/* 0: not running */
	bool		 replaced;	/* told to end: workers changed */
	struct restart	 restart;
};

struct master {
	struct serve	 serve;		/* what every signer starts with */
	struct signer	 signers[CONF_MAX_SIGNERS];
	struct metrics_generation *metrics;
	unsigned int	 place;		/* in the metrics, of a generation */
	struct revoked	*revoked;	/* the table, or NULL */
	struct signer	 revocations;	/* the process that fills it */
	uint64_t	 revoked_from;	/* when that was seen the last time */
	int		 life[2];	/* the signers hold one end */
	sigset_t	 wait_mask;
	bool		 stopping;
};

static volatile sig_atomic_t terminated;

static void
on_signal(int sig)
{
	if (sig == SIGTERM)
		terminated = 1;
}

static void
publish_keys(const struct keyring *keys)
{
	char *jwks;

	if ((jwks = keyring_jwks(keys)) == NULL)
		fatalx("the public keys cannot be written");
	if (file_write_fd(FD_KEYS, jwks, strlen(jwks)) == -1)
		fatal("public keys");
	free(jwks);
	close(FD_KEYS);
}

/* What was revoked is in memory that the workers can read. */
static void
map_revoked(struct master *master)
{
	const struct conf_revocations *conf;

	conf = &master->serve.conf->signer->revocations;
	if (conf->on) {
		master->revoked = revoked_map(FD_REVOKE, conf->limit, true);
		if (master->revoked == NULL)
			fatal("revocations");
		master->revoked_from = revoked_checked(master->revoked);
	}
	close(FD_REVOKE);
}

/*
 * Open what needs privilege, then give it up, in this order and nowhere else:
 * secrets, chroot and user, sandbox.  Only then is there a signer to hear a
 * peer.
 */
static void
start(struct master *master)
{
	struct sandbox_needs needs;
	struct serve *serve;
	struct conf *conf;
	size_t i;

	serve = &master->serve;
	serve->conf = conf = control_conf();
	if (conf->signer == NULL)
		fatalx("the configuration has no signer");
	if (keydir_fill(conf->signer, (int64_t)time(NULL)) == -1)
		exit(1);
	if ((serve->keys = keyring_load(serve->conf->signer)) == NULL)
		exit(1);
	publish_keys(serve->keys);
	serve_init(serve);
	map_revoked(master);
	serve->store = store_open(serve->conf->signer, geteuid() == 0,
	    &serve->shared->store);
	if (serve->store == NULL)
		exit(1);
	master->metrics = &metrics_map(FD_SIGNER_METRICS)->
	    places[master->place];
	metrics_set(&master->metrics->processes[METRICS_REVOCATIONS].
	    configured, master->revoked != NULL);
	metrics_set(&master->metrics->processes[METRICS_SIGNER].configured,
	    serve->conf->signer->prefork);
	metrics_set(&master->metrics->key_expiry, keyring_expiry(serve->keys));
	if (password_dummy_init() == -1)
		fatalx("no memory for argon2id");
	if (pipe2(master->life, O_CLOEXEC) == -1)
		fatal("pipe2");
	for (i = 0; i < CONF_MAX_WORKERS; i++)
		serve->workers[i] = -1;
	memlock_allow();
	memset(&needs, 0, sizeof(needs));
	store_needs(serve->store, &needs);
	sandbox_early(SANDBOX_SIGNER_MASTER, &needs);
	priv_drop(SIGNER_USER, needs.directories[0]);
	if (memlock() == -1)
		log_debug("memory cannot be locked: %s", strerror(errno));
	sandbox(SANDBOX_SIGNER_MASTER);
}

static void __attribute__((noreturn))
run_signer(struct master *master, size_t slot)
{
	char role[32];

	close(FD_CONTROL);
	close(master->life[1]);
	master->serve.life = master->life[0];
	master->serve.slot = slot;
	master->serve.metrics = &master->metrics->signers[slot];
	setproctitle("signer %zu", slot);
	(void)snprintf(role, sizeof(role), "signer %zu", slot);
	log_role(role);
	/* a lock is not inherited */
	(void)memlock();
	serve_prepare(&master->serve);
	sandbox(SANDBOX_SIGNER);
	revoked_unmap(master->revoked);
	serve_run(&master->serve);
	store_close(master->serve.store);
	keyring_free(master->serve.keys);
	exit(0);
}

/*
 * It has the store and no way to a worker.  The keys are freed; what OpenSSL
 * has left of them in memory elsewhere, it has like all of us.
 */
static void __attribute__((noreturn))
run_revocations(struct master *master)
{
	struct revocations revocations;

	setproctitle("revocations");
	log_role("revocations");
	close(FD_CONTROL);
	close(master->life[1]);
	serve_leave(&master->serve);
	(void)memlock();
	sandbox(SANDBOX_SIGNER);
	revocations.conf = &master->serve.conf->signer->revocations;
	revocations.store = master->serve.store;
	revocations.table = master->revoked;
	revocations.life = master->life[0];
	revocations_run(&revocations);
	store_close(master->serve.store);
	exit(0);
}

/* As start_signers(). */
static int
start_revocations(struct master *master)
{
	struct signer *process;
	int wait;

	process = &master->revocations;
	if (master->revoked == NULL || process->pid != 0)
		return (-1);
	if ((wait = restart_wait(&process->restart, clock_ms())) > 0)
		return (wait);
	restart_started(&process->restart, clock_ms());
	switch (process->pid = fork()) {
	case -1:
		log_warn("fork");
		process->pid = 0;
		restart_ended(&process->restart, clock_ms());
		break;
	case 0:
		run_revocations(master);
	default:
		metrics_started(master->metrics, METRICS_REVOCATIONS);
		break;
	}
	return (-1);
}

/* Start those that are due.  Returns the ms until the next is, or -1. */
static int
start_signers(struct master *master)
{
	struct signer *signer;
	size_t i;
	int wait, next;
	pid_t pid;

	next = start_revocations(master);
	for (i = 0; i < master->serve.conf->signer->prefork; i++) {
		signer = &master->signers[i];
		if (signer->pid != 0)
			continue;
		wait = restart_wait(&signer->restart, clock_ms());
		if (wait > 0) {
			next = next == -1 || wait < next ? wait : next;
			continue;
		}
		restart_started(&signer->restart, clock_ms());
		signer->replaced = false;
		switch (pid = fork()) {
		case -1:
			log_warn("fork");
			restart_ended(&signer->restart, clock_ms());
			break;
		case 0:
			run_signer(master, i);
		default:
			signer->pid = pid;
			metrics_started(master->metrics, METRICS_SIGNER);
			/* alive until it shows that itself */
			metrics_set(&master->metrics->signers[i].beat,
			    clock_ms());
			break;
		}
	}
	return (next);
}

/* A request that a dead signer held gets an answer now, not a deadline. */
static void
answer_held(struct master *master, struct serve_held *held)
{
	uint64_t id;

	id = __atomic_exchange_n(&held->id, 0, __ATOMIC_ACQUIRE);
	if (id == 0 || held->worker >= CONF_MAX_WORKERS ||
	    master->serve.workers[held->worker] == -1)
		return;
	serve_orphan(master->serve.workers[held->worker], id);
}

static void
answer_for(struct master *master, size_t slot)
{
	struct serve_shared *shared;
	size_t i;

	shared = master->serve.shared;
	/* others may hash now */
	hashing_wait(&shared->hashing, slot, 0, 0);
	hashing_done(&shared->hashing, slot);
	for (i = 0; i < SERVE_HELD; i++)
		answer_held(master, &shared->held[slot][i]);
}

/* How it ended, which is to be known unless it was told to. */
static void
say_end(const char *what, int status)
{
	if (WIFSIGNALED(status))
		log_warnx("%s was ended by signal %d%s", what,
		    WTERMSIG(status), sandbox_death(WTERMSIG(status)));
	else
		log_warnx("%s ended with status %d", what,
		    WEXITSTATUS(status));
}

static void
revocations_ended(struct master *master, int status)
{
	master->revocations.pid = 0;
	metrics_ended(master->metrics, METRICS_REVOCATIONS, 0);
	if (master->stopping)
		return;
	say_end("revocations", status);
	restart_ended(&master->revocations.restart, clock_ms());
	metrics_add(&master->metrics->processes[METRICS_REVOCATIONS].restarts,
	    1);
}

static void
reap(struct master *master)
{
	struct signer *signer;
	char what[32];
	size_t i;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == master->revocations.pid) {
			revocations_ended(master, status);
			continue;
		}
		for (i = 0; i < CONF_MAX_SIGNERS; i++)
			if (master->signers[i].pid == pid)
				break;
		if (i == CONF_MAX_SIGNERS)
			continue;
		signer = &master->signers[i];
		signer->pid = 0;
		metrics_ended(master->metrics, METRICS_SIGNER, i);
		answer_for(master, i);
		if (master->stopping || signer->replaced) {
			restart_reset(&signer->restart);
			continue;
		}
		(void)snprintf(what, sizeof(what), "signer %zu", i);
		say_end(what, status);
		restart_ended(&signer->restart, clock_ms());
		metrics_add(&master->metrics->processes[METRICS_SIGNER].
		    restarts, 1);
	}
}

static void
end_signers(struct master *master)
{
	size_t i;

	for (i = 0; i < CONF_MAX_SIGNERS; i++)
		if (master->signers[i].pid != 0) {
			master->signers[i].replaced = true;
			(void)kill(master->signers[i].pid, SIGTERM);
		}
}

/*
 * Hear the parent.  Signers that have a worker's old socket are replaced, each
 * after the request that it has.  Returns false when the parent is gone.
 */
static bool
hear_parent(struct master *master)
{
	size_t slot;
	int result;
	bool changed;

	changed = false;
	while ((result = control_recv_worker(master->serve.workers,
	    master->serve.conf->prefork, &slot)) == 1)
		changed = true;
	if (changed)
		end_signers(master);
	return (result == -1);
}

static bool
any_signer(const struct master *master)
{
	size_t i;

	for (i = 0; i < CONF_MAX_SIGNERS; i++)
		if (master->signers[i].pid != 0)
			return (true);
	return (master->revocations.pid != 0);
}

/*
 * No worker starts before there is what was revoked; if it cannot be had, they
 * start in a while and do as they are configured to do without.  Returns the ms
 * until it is time to look again, or 0: ready.
 */
static int
wait_revoked(const struct master *master, uint64_t started)
{
	if (master->revoked == NULL || master->stopping ||
	    revoked_checked(master->revoked) != master->revoked_from)
		return (0);
	if (clock_ms() - started < REVOKED_WAIT)
		return (REVOKED_LOOK);
	log_warnx("revocations: starting without those of now");
	return (0);
}

static void
run(struct master *master)
{
	uint64_t started;
	struct timespec ts;
	struct pollfd pfd;
	bool told;
	int look, next;

	told = false;
	started = clock_ms();
	while (!master->stopping || any_signer(master)) {
		next = master->stopping ? -1 : start_signers(master);
		look = told ? 0 : wait_revoked(master, started);
		if (!told && look == 0) {
			control_ready();
			told = true;
		}
		if (look > 0 && (next == -1 || look < next))
			next = look;
		pfd.fd = FD_CONTROL;
		pfd.events = POLLIN;
		pfd.revents = 0;
		ts.tv_sec = next / 1000;
		ts.tv_nsec = (long)(next % 1000) * 1000000;
		if (ppoll(&pfd, 1, next == -1 ? NULL : &ts,
		    &master->wait_mask) == -1 && errno != EINTR)
			fatal("ppoll");
		reap(master);
		/* without a parent there is nobody to answer to */
		if (pfd.revents != 0 && !hear_parent(master))
			return;
		if (terminated && !master->stopping) {
			master->stopping = true;
			end_signers(master);
			if (master->revocations.pid != 0)
				(void)kill(master->revocations.pid, SIGTERM);
		}
	}
}

int
main(int argc, char *argv[])
{
	static const int heard[] = { SIGTERM, SIGCHLD, 0 };
	struct master *master;
	unsigned int place;
	int ch, foreground, verbose;
	const char *errstr;

	foreground = verbose = 0;
	place = 0;
	errstr = NULL;
	while ((ch = getopt(argc, argv, "dg:v")) != -1)
		switch (ch) {
		case 'd':
			foreground = 1;
			break;
		case 'g':
			place = (unsigned int)strtonum(optarg, 0,
			    METRICS_GENERATIONS - 1, &errstr);
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			return (2);
		}
	if (errstr != NULL)
		return (2);
	control_check("jwtd-signer: started by jwtd(8), not by hand");
	log_init("jwtd-signer", foreground, verbose);
	setproctitle("master");
	libraries_init();
	if ((master = calloc(1, sizeof(*master))) == NULL)
		fatal("master");
	master->place = place;
	signals_hear(heard, on_signal, &master->wait_mask);
	start(master);
	run(master);
	serve_end(&master->serve);
	return (0);
}
