/*
 * What the machine allows: the operations that an answer cannot do without, one
 * after the other, with nothing around them.  It uses none of the daemon's code
 * but the sizes of its packets.
 *
 * Usage: limits [-j processes] NAME MS [KEY]
 * Prints microseconds of CPU for one, and how many there were in a second by
 * all processes together.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "message.h"

#define PROCESSES_MAX	64
#define DIGEST		32

struct result {
	double	cpu;		/* microseconds for one */
	double	rate;		/* in a second */
};

static const char	*key_path;
static EVP_PKEY_CTX	*ctx;
static uint8_t		 digest[DIGEST], sig[1024];
static size_t		 sig_len;
static uint8_t		 secret[crypto_sign_SECRETKEYBYTES];
static char		 hash[crypto_pwhash_STRBYTES];
static const char	 password[] = "correct horse battery staple";
static struct message_request question;
static struct message_reply reply;
static size_t		 question_size, reply_size;
static int		 fd = -1;

static EVP_PKEY_CTX *
rsa_context(int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *new;
	EVP_PKEY *pkey;
	FILE *f;

	if (key_path == NULL || (f = fopen(key_path, "r")) == NULL)
		fatal("%s", key_path == NULL ? "no key" : key_path);
	pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	if (pkey == NULL || (new = EVP_PKEY_CTX_new(pkey, NULL)) == NULL ||
	    init(new) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(new, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(new, EVP_sha256()) != 1)
		fatalx("%s: no RSA key", key_path);
	return (new);
}

static void
sign_once(void)
{
	sig_len = sizeof(sig);
	if (EVP_PKEY_sign(ctx, sig, &sig_len, digest, sizeof(digest)) != 1)
		fatalx("cannot sign");
}

static void
sign_init(void)
{
	ctx = rsa_context(EVP_PKEY_sign_init);
}

static void
verify_init(void)
{
	sign_init();
	sign_once();
	ctx = rsa_context(EVP_PKEY_verify_init);
}

static void
verify_once(void)
{
	if (EVP_PKEY_verify(ctx, sig, sig_len, digest, sizeof(digest)) != 1)
		fatalx("cannot verify");
}

static void
ed25519_init(void)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES];

	(void)crypto_sign_keypair(public, secret);
}

static void
ed25519_once(void)
{
	char text[512] = "about as long as a token's header and claims";

	(void)crypto_sign_detached(sig, NULL, (const uint8_t *)text,
	    sizeof(text), secret);
}

static void
argon2id_init(void)
{
	if (crypto_pwhash_str(hash, password, strlen(password),
	    crypto_pwhash_OPSLIMIT_INTERACTIVE,
	    crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		fatalx("out of memory");
}

static void
argon2id_once(void)
{
	if (crypto_pwhash_str_verify(hash, password, strlen(password)) != 0)
		fatalx("cannot verify");
}

/* the other end answers until this one is closed */
static void
echo_start(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == -1)
		fatal("socketpair");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fds[0]);
		while (recv(fds[1], &question, question_size, 0) > 0)
			if (send(fds[1], &reply, reply_size, 0) == -1)
				break;
		_exit(0);
	}
	close(fds[1]);
	fd = fds[0];
}

static void
small_init(void)
{
	question_size = 256;
	reply_size = 1024;
	echo_start();
}

static void
packets_init(void)
{
	question_size = sizeof(question);
	reply_size = sizeof(reply);
	echo_start();
}

static void
echo_once(void)
{
	if (send(fd, &question, question_size, 0) == -1 ||
	    recv(fd, &reply, reply_size, 0) != (ssize_t)reply_size)
		fatal("socketpair");
}

static const struct limit {
	const char	*name;
	void		(*init)(void);
	void		(*once)(void);
} limits[] = {
	{ "rsa-sign", sign_init, sign_once },
	{ "rsa-verify", verify_init, verify_once },
	{ "ed25519-sign", ed25519_init, ed25519_once },
	{ "argon2id", argon2id_init, argon2id_once },
	{ "socketpair", small_init, echo_once },
	{ "packets", packets_init, echo_once }
};

static double
now(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) == -1)
		fatal("clock_gettime");
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

/* the CPU time of the process that echoes, which ends here */
static double
echo_end(void)
{
	struct rusage ru;

	if (fd == -1)
		return (0);
	close(fd);
	if (wait(NULL) == -1 || getrusage(RUSAGE_CHILDREN, &ru) == -1)
		fatal("wait");
	return ((double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
}

static struct result
measure(const struct limit *limit, double seconds)
{
	struct result result;
	double wall, cpu;
	int n;

	limit->init();
	limit->once();
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	n = 0;
	do {
		limit->once();
		n++;
	} while (now(CLOCK_MONOTONIC) - wall < seconds);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = now(CLOCK_MONOTONIC) - wall;
	result.cpu = (cpu + echo_end()) * 1e6 / n;
	result.rate = n / wall;
	return (result);
}

/* in as many processes; the mean of their CPU, and their rates added */
static struct result
measure_all(const struct limit *limit, double seconds, int processes)
{
	struct result all, one;
	int fds[2], i;

	all.cpu = all.rate = 0;
	if (pipe(fds) == -1)
		fatal("pipe");
	for (i = 0; i < processes; i++)
		switch (fork()) {
		case -1:
			fatal("fork");
		case 0:
			one = measure(limit, seconds);
			_exit(write(fds[1], &one, sizeof(one)) !=
			    sizeof(one));
		}
	close(fds[1]);
	for (i = 0; i < processes; i++) {
		if (read(fds[0], &one, sizeof(one)) != sizeof(one))
			fatalx("a process failed");
		all.cpu += one.cpu / processes;
		all.rate += one.rate;
	}
	while (wait(NULL) != -1)
		;
	return (all);
}

int
main(int argc, char *argv[])
{
	struct result result;
	int ch, processes;
	size_t i;

	processes = 1;
	while ((ch = getopt(argc, argv, "j:")) != -1) {
		if (ch != 'j')
			return (2);
		processes = (int)strtonum(optarg, 1, PROCESSES_MAX, NULL);
	}
	argc -= optind;
	argv += optind;
	if (argc < 2 || processes == 0 || sodium_init() == -1)
		return (2);
	key_path = argv[2];
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (strcmp(argv[0], limits[i].name) != 0)
			continue;
		result = measure_all(&limits[i],
		    (double)strtonum(argv[1], 1, 60000, NULL) / 1e3,
		    processes);
		printf("%.3f %.1f\n", result.cpu, result.rate);
		return (0);
	}
	fatalx("no limit \"%s\"", argv[0]);
}
