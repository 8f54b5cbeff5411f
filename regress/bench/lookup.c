/*
 * What a look-up costs next to a signature, in one run: for the ratio, which
 * stays the same on a slow machine.  Usage: lookup KEY file|postgres STORE NAME
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf.h"
#include "log.h"
#include "sign.h"
#include "store.h"

#define ROUNDS	5
#define MS	200		/* of each round */

/* microseconds of wall time, or of this process's CPU */
static double
now_us(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) == -1)
		fatal("clock_gettime");
	return ((double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3);
}

static struct keyring	*keys;
static struct store	*store;
static const char	*user;

static void
sign_once(void)
{
	static const char claims[] = "{\"sub\":\"alice\",\"aud\":\"api\"}";
	static char token[4096];

	if (keyring_sign(keys, claims, sizeof(claims) - 1, token,
	    sizeof(token)) == 0)
		fatalx("cannot sign");
}

static void
look_up_once(void)
{
	struct user found;

	if (store_lookup(store, user, &found) != STORE_FOUND)
		fatalx("user \"%s\" is not found", user);
	user_clear(&found);
}

struct cost {
	double	wall;
	double	cpu;
};

/* the best of some rounds, since noise only adds */
static struct cost
measure(void (*once)(void))
{
	struct cost best, cost;
	double wall, cpu;
	int n, round;

	best.wall = best.cpu = 1e9;
	once();
	for (round = 0; round < ROUNDS; round++) {
		wall = now_us(CLOCK_MONOTONIC);
		cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
		for (n = 0; now_us(CLOCK_MONOTONIC) - wall < MS * 1e3; n++)
			once();
		cost.wall = (now_us(CLOCK_MONOTONIC) - wall) / n;
		cost.cpu = (now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / n;
		if (cost.wall < best.wall)
			best.wall = cost.wall;
		if (cost.cpu < best.cpu)
			best.cpu = cost.cpu;
	}
	return (best);
}

int
main(int argc, char *argv[])
{
	struct store_shared shared;
	struct conf_signer signer;
	struct cost sign, lookup;
	struct conf_key key;

	if (argc != 5 || sodium_init() == -1)
		return (2);
	memset(&signer, 0, sizeof(signer));
	memset(&key, 0, sizeof(key));
	memset(&shared, 0, sizeof(shared));
	TAILQ_INIT(&signer.keys);
	key.path = argv[1];
	TAILQ_INSERT_TAIL(&signer.keys, &key, entry);
	signer.store = strcmp(argv[2], "file") == 0 ? CONF_STORE_FILE :
	    CONF_STORE_POSTGRES;
	signer.store_arg = argv[3];
	user = argv[4];
	if ((keys = keyring_load(&signer)) == NULL ||
	    (store = store_open(&signer, false, &shared)) == NULL)
		return (1);
	sign = measure(sign_once);
	lookup = measure(look_up_once);
	printf("%-9s %8.1f %8.1f %8.1f %8.3f %8.3f\n", argv[2], sign.cpu,
	    lookup.wall, lookup.cpu, lookup.wall / sign.wall,
	    lookup.cpu / sign.cpu);
	store_close(store);
	keyring_free(keys);
	return (0);
}
