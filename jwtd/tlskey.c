/*
 * tlskey: the only process with the TLS keys.  It signs handshakes for the
 * workers, one after another, and reads no byte from a network.  A worker is
 * held for hostile: what is malformed costs it the socket, and no more.
 */
#include "tlskey.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certificates.h"
#include "clock.h"
#include "conf.h"
#include "control.h"
#include "log.h"
#include "memlock.h"
#include "priv.h"
#include "sandbox.h"
#include "signals.h"
#include "system.h"
#include "tlskey_message.h"
#include "tlskeys.h"

struct tlskey {
	const struct conf	*conf;
	struct tlskeys		*keys;
	int			 workers[CONF_MAX_WORKERS];	/* -1: none */
	bool			 refused[CONF_MAX_WORKERS];	/* logged */
	sigset_t		 wait_mask;
};

static volatile sig_atomic_t terminated;

static void
on_terminate(int sig)
{
	(void)sig;
	terminated = 1;
}

/*
 * Open what needs privilege, then give it up, in this order and nowhere else.
 * Only then is the parent told, and the first byte from a worker read.
 */
static void
start(struct tlskey *tlskey)
{
	json_t *certificates;
	size_t i;

	tlskey->conf = control_conf();
	tlskey->keys = tlskeys_load(tlskey->conf, &certificates);
	certificates_publish(FD_PUBLISH, certificates);
	json_decref(certificates);
	close(FD_PUBLISH);
	for (i = 0; i < CONF_MAX_WORKERS; i++)
		tlskey->workers[i] = -1;
	tzset();
	memlock_allow();
	sandbox_early(SANDBOX_TLSKEY, NULL);
	priv_drop(TLSKEY_USER, system_empty_directory());
	if (memlock() == -1)
		log_debug("memory cannot be locked: %s", strerror(errno));
	sandbox(SANDBOX_TLSKEY);
}

/* Nobody waits for an answer that cannot be sent: it is dropped. */
static void
answer(struct tlskey *tlskey, size_t worker,
    const struct tlskey_request *request)
{
	struct tlskey_reply reply;

	memset(&reply, 0, sizeof(reply));
	reply.magic = TLSKEY_REPLY;
	reply.id = request->id;
	reply.status = TLSKEY_LATE;
	/* the answer to a late one only tells that there is somebody again */
	if (clock_ms() <= request->deadline) {
		reply.len = (uint32_t)tlskeys_sign(tlskey->keys, request,
		    reply.data);
		reply.status = reply.len > 0 ? TLSKEY_OK : TLSKEY_REFUSED;
	}
	if (reply.status == TLSKEY_REFUSED && !tlskey->refused[worker]) {
		log_warnx("worker %zu asked for what is not signed", worker);
		tlskey->refused[worker] = true;
	}
	if (reply.status != TLSKEY_OK)
		memset(reply.data, 0, sizeof(reply.data));
	if (tlskey_send_reply(tlskey->workers[worker], &reply) == PACKET_AGAIN)
		log_debug("an answer was dropped: the worker is behind");
}

static void
drop_worker(struct tlskey *tlskey, size_t worker, bool malformed)
{
	if (malformed) {
		log_warnx("worker %zu sent a malformed packet: its socket is "
		    "closed", worker);
		/* for the worker too, though the parent holds this end */
		(void)shutdown(tlskey->workers[worker], SHUT_RDWR);
	}
	close(tlskey->workers[worker]);
	tlskey->workers[worker] = -1;
}

static void
hear_worker(struct tlskey *tlskey, size_t worker)
{
	struct tlskey_request request;

	switch (tlskey_recv_request(tlskey->workers[worker], &request)) {
	case PACKET_DONE:
		answer(tlskey, worker, &request);
		break;
	case PACKET_AGAIN:
		break;
	case PACKET_CLOSED:
		drop_worker(tlskey, worker, false);
		break;
	case PACKET_MALFORMED:
		drop_worker(tlskey, worker, true);
		break;
	}
}

/* Returns false when the parent is gone. */
static bool
hear_parent(struct tlskey *tlskey)
{
	size_t slot;
	int result;

	while ((result = control_recv_worker(tlskey->workers,
	    tlskey->conf->prefork, &slot)) == 1)
		tlskey->refused[slot] = false;
	return (result == -1);
}

/* One request from each worker that has some, and again. */
static void
run(struct tlskey *tlskey)
{
	struct pollfd pfd[CONF_MAX_WORKERS + 1];
	size_t i;

	while (!terminated) {
		pfd[0].fd = FD_CONTROL;
		pfd[0].events = POLLIN;
		pfd[0].revents = 0;
		for (i = 0; i < tlskey->conf->prefork; i++) {
			/* a negative one is not looked at */
			pfd[i + 1].fd = tlskey->workers[i];
			pfd[i + 1].events = POLLIN;
			pfd[i + 1].revents = 0;
		}
		if (ppoll(pfd, tlskey->conf->prefork + 1, NULL,
		    &tlskey->wait_mask) == -1) {
			if (errno != EINTR)
				fatal("ppoll");
			continue;
		}
		for (i = 0; i < tlskey->conf->prefork; i++)
			if (pfd[i + 1].revents != 0)
				hear_worker(tlskey, i);
		if (pfd[0].revents != 0 && !hear_parent(tlskey))
			return;
	}
}

void
tlskey_main(int foreground, int verbose)
{
	static const int heard[] = { SIGTERM, 0 };
	struct tlskey *tlskey;

	control_check("jwtd: -K is for jwtd itself");
	log_init("jwtd", foreground, verbose);
	log_role("tlskey");
	setproctitle("tlskey");
	if ((tlskey = calloc(1, sizeof(*tlskey))) == NULL)
		fatal("tlskey");
	signals_hear(heard, on_terminate, &tlskey->wait_mask);
	start(tlskey);
	control_ready();
	run(tlskey);
	tlskeys_free(tlskey->keys);
	exit(0);
}
