/*
 * What all signers start with, made by their master before it forks them: the
 * audiences that there are, and the memory that they share; and how others are
 * rid of it.  It makes no secret.
 */
#include "serve.h"

#include <sys/mman.h>

#include <stdlib.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "revoking.h"

/* every audience that a grant location can give */
static void
collect_audiences(const struct conf *conf, struct strings *out)
{
	const struct conf_location *location;
	const struct conf_server *server;
	size_t i;

	TAILQ_FOREACH(server, &conf->servers, entry) {
		TAILQ_FOREACH(location, &server->locations, entry) {
			if (location->service != CONF_GRANT)
				continue;
			out->v = reallocarray(out->v,
			    out->n + location->audience.n, sizeof(*out->v));
			if (out->v == NULL)
				fatal("audiences");
			for (i = 0; i < location->audience.n; i++)
				out->v[out->n++] = location->audience.v[i];
		}
	}
}

static void
share_memory(struct serve *serve)
{
	const struct conf_signer *conf;

	serve->shared = mmap(NULL, sizeof(*serve->shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
	if (serve->shared == MAP_FAILED)
		fatal("mmap");
	conf = serve->conf->signer;
	throttle_init(&serve->shared->throttle, conf->throttle_count,
	    conf->throttle_window);
	throttle_init(&serve->shared->revoking, REVOKING_COUNT,
	    REVOKING_SECONDS);
	remember_init(&serve->shared->remember, conf->remember);
	hashing_init(&serve->shared->hashing, conf->prefork,
	    sysconf(_SC_NPROCESSORS_ONLN));
}

/* And what was revoked, which is no token to give again. */
static void
share_tokens(struct serve *serve)
{
	const struct conf_signer *conf;

	conf = serve->conf->signer;
	if (conf->reuse == 0)
		return;
	if ((serve->reuse = reuse_new(conf->reuse)) == NULL)
		fatal("reuse");
	if (conf->revocations.on && (serve->revoked = revoked_map(FD_REVOKE,
	    conf->revocations.limit, false)) == NULL)
		fatal("revocations");
}

void
serve_init(struct serve *serve)
{
	collect_audiences(serve->conf, &serve->audiences);
	share_memory(serve);
	share_tokens(serve);
}

void
serve_end(struct serve *serve)
{
	reuse_free(serve->reuse);
	serve->reuse = NULL;
}

void
serve_leave(struct serve *serve)
{
	size_t i;

	for (i = 0; i < CONF_MAX_WORKERS; i++)
		if (serve->workers[i] != -1)
			close(serve->workers[i]);
	keyring_free(serve->keys);
	reuse_unmap(serve->reuse);
}
