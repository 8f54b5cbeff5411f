/*
 * The trust process: reads the key sets of other issuers, from files that the
 * parent has opened and from servers that it asks itself, and hands on those
 * that can be used.  It holds no secret, and no client ever reaches it.
 */
#include "trustd.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "control.h"
#include "file.h"
#include "log.h"
#include "priv.h"
#include "sandbox.h"
#include "source.h"
#include "system.h"
#include "tlsconf.h"
#include "trust.h"

#define START_WAIT	4	/* seconds, for issuers that are slow */
#define CA_MAX		((size_t)4 * 1024 * 1024)

static struct {
	const struct conf	*conf;
	struct event_base	*base;
	struct source		*sources;
	size_t			 n;
	uint32_t		 first;		/* issuer */
	bool			 ready;
	struct event		 terminate;
	struct event		 control;
	struct event		 start_wait;
} state;

static void
say_ready(void)
{
	if (state.ready)
		return;
	state.ready = true;
	control_ready();
}

static void
on_tried(void)
{
	size_t i;

	for (i = 0; i < state.n; i++)
		if (!state.sources[i].tried)
			return;
	say_ready();
}

static void
on_start_wait(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	say_ready();
}

static void
on_terminate(int sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	(void)arg;
	exit(0);
}

static void
read_file(struct source *source, int fd)
{
	const char *why;
	size_t len;
	char *buf;

	buf = file_read_fd(fd, TRUST_BYTES_MAX, &len, &why);
	if (buf == NULL)
		source_failed(source, why);
	else
		(void)source_take(source, buf, len);
	free(buf);
}

/* The fd, or -1, is this function's to close. */
static void
hear(const struct control *control, int fd)
{
	struct source *source;

	if (control->slot < state.first ||
	    control->slot - state.first >= state.n) {
		if (fd != -1)
			close(fd);
		return;
	}
	source = &state.sources[control->slot - state.first];
	if (control->type == CONTROL_KEYS && fd != -1) {
		source_out(source, fd);
		return;
	}
	if (control->type == CONTROL_SOURCE && fd != -1)
		read_file(source, fd);
	else if (control->type == CONTROL_DOWN)
		source->down = true;
	else if (control->type == CONTROL_UNKNOWN &&
	    source->trust->source == CONF_TRUST_HTTPS)
		source_https_unknown(source);
	if (fd != -1)
		close(fd);
}

static void
on_control(int fd, short what, void *arg)
{
	struct control control;
	int descriptor, result;

	(void)what;
	(void)arg;
	while ((result = control_recv(fd, &control, &descriptor)) == 1)
		hear(&control, descriptor);
	/* the parent's end is ours */
	if (result == 0)
		exit(0);
}

/* libtls looks into it when it connects, and then it is late. */
static bool
has_certificate(const char *pem, size_t len)
{
	X509 *certificate;
	BIO *bio;

	certificate = NULL;
	if ((bio = BIO_new_mem_buf(pem, (int)len)) != NULL)
		certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error();
	return (certificate != NULL);
}

/* What the certificates of servers are verified with, from memory. */
static struct tls_config *
client_config(const char *ca)
{
	struct tls_config *config;
	const char *why;
	size_t len;
	char *pem;

	if ((pem = file_read(ca, CA_MAX, &len, &why)) == NULL)
		fatalx("%s: %s", ca, why);
	if (!has_certificate(pem, len))
		fatalx("%s: no certificate in PEM", ca);
	if ((config = tls_config_new()) == NULL)
		fatal("tls");
	if (tls_config_set_protocols(config, TLS_PROTOCOL_TLSv1_2 |
	    TLS_PROTOCOL_TLSv1_3) == -1 ||
	    tls_config_set_ciphers(config, TLSCONF_CIPHERS) == -1 ||
	    tls_config_set_alpn(config, "http/1.1") == -1 ||
	    tls_config_set_ca_mem(config, (const uint8_t *)pem, len) == -1)
		fatalx("%s: %s", ca, tls_config_error(config));
	free(pem);
	return (config);
}

static void
setup_sources(void)
{
	const struct conf_trust *trust;
	struct tls_config *shared;
	struct source *source;

	state.first = state.conf->signer != NULL ? 1 : 0;
	state.sources = calloc(state.conf->ntrusts, sizeof(*state.sources));
	if (state.sources == NULL)
		fatal("sources");
	shared = NULL;
	TAILQ_FOREACH(trust, &state.conf->trusts, entry) {
		source = &state.sources[state.n];
		source->trust = trust;
		source->issuer = state.first + (uint32_t)state.n++;
		source->out = -1;
		source->tried = trust->source != CONF_TRUST_HTTPS;
		if (source->tried)
			continue;
		(void)url_parse(trust->path, &source->target.url);
		if (trust->ca == NULL && shared == NULL)
			shared = client_config(system_ca_bundle());
		source->target.config = trust->ca == NULL ? shared :
		    client_config(trust->ca);
	}
}

/* As all names are looked up at once, so are the URLs put into one list. */
static void
resolve_sources(void)
{
	struct addresses *addresses;
	struct url *urls;
	size_t i, n;

	urls = calloc(state.n, sizeof(*urls));
	addresses = calloc(state.n, sizeof(*addresses));
	if (urls == NULL || addresses == NULL)
		fatal("addresses");
	for (i = n = 0; i < state.n; i++)
		if (state.sources[i].trust->source == CONF_TRUST_HTTPS)
			urls[n++] = state.sources[i].target.url;
	resolve(urls, n, addresses, TRUST_USER);
	for (i = n = 0; i < state.n; i++)
		if (state.sources[i].trust->source == CONF_TRUST_HTTPS)
			state.sources[i].target.addresses = addresses[n++];
	free(urls);
	free(addresses);
}

static void
setup_events(void)
{
	static const struct timeval wait = { START_WAIT, 0 };

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	/* the parent hears that of the terminal, and decides */
	(void)signal(SIGINT, SIG_IGN);
	if ((state.base = event_base_new()) == NULL)
		fatalx("event_base_new");
	evsignal_set(&state.terminate, SIGTERM, on_terminate, NULL);
	event_base_set(state.base, &state.terminate);
	event_set(&state.control, FD_CONTROL, EV_READ | EV_PERSIST, on_control,
	    NULL);
	event_base_set(state.base, &state.control);
	evtimer_set(&state.start_wait, on_start_wait, NULL);
	event_base_set(state.base, &state.start_wait);
	if (event_add(&state.terminate, NULL) == -1 ||
	    event_add(&state.control, NULL) == -1 ||
	    evtimer_add(&state.start_wait, &wait) == -1)
		fatalx("event_add");
}

/*
 * Open what needs privilege, then give it up, in this order and nowhere else.
 * Only then is a byte read of what others have written.
 */
static void
start(void)
{
	size_t i;

	state.conf = control_conf();
	setup_sources();
	resolve_sources();
	setup_events();
	tzset();
	sandbox_early(SANDBOX_TRUST, NULL);
	priv_drop(TRUST_USER, system_empty_directory());
	sandbox(SANDBOX_TRUST);
	/* files, and what was known before */
	on_control(FD_CONTROL, EV_READ, NULL);
	for (i = 0; i < state.n; i++)
		if (!state.sources[i].tried)
			source_https(&state.sources[i], state.base, on_tried);
	on_tried();
}

void
trustd_main(int foreground, int verbose)
{
	control_check("jwtd: -T is for jwtd itself");
	log_init("jwtd", foreground, verbose);
	log_role("trust");
	setproctitle("trust");
	start();
	if (event_base_dispatch(state.base) == -1)
		fatalx("event loop");
	exit(0);
}
