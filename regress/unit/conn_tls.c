/*
 * jwtd/conn_tls.c: whatever pieces the bytes come in, TLS gets them all, in
 * order, and each connection its own.
 */
#include "conn_tls.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

/* a client, with what it has said that is not sent yet, and our side of it */
struct pair {
	struct conn	 conn;
	struct tls	*client;
	int		 fd;		/* the client's end */
	size_t		 len;
	uint8_t		 wire[65536];
};

static struct worker worker;
static struct worker_listener listener;

static struct tls *
new_server(void)
{
	struct tls_config *config;
	struct tls *tls;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;
	X509 *x509;
	BIO *bio;
	char *pem;
	long len;

	pkey = NULL;
	if ((ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL)) == NULL ||
	    EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) != 1 || EVP_PKEY_keygen(ctx, &pkey) != 1 ||
	    (x509 = X509_new()) == NULL ||
	    X509_gmtime_adj(X509_getm_notBefore(x509), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x509), 3600) == NULL ||
	    X509_set_pubkey(x509, pkey) != 1 ||
	    X509_sign(x509, pkey, EVP_sha256()) == 0 ||
	    (bio = BIO_new(BIO_s_mem())) == NULL ||
	    PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL,
	    NULL) != 1 || PEM_write_bio_X509(bio, x509) != 1)
		abort();
	len = BIO_get_mem_data(bio, &pem);
	if ((config = tls_config_new()) == NULL ||
	    tls_config_set_keypair_mem(config, (uint8_t *)pem, (size_t)len,
	    (uint8_t *)pem, (size_t)len) == -1 ||
	    (tls = tls_server()) == NULL || tls_configure(tls, config) == -1)
		abort();
	tls_config_free(config);
	BIO_free(bio);
	X509_free(x509);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return (tls);
}

static ssize_t
client_read(struct tls *tls, void *p, size_t len, void *arg)
{
	struct pair *pair;
	ssize_t n;

	(void)tls;
	pair = arg;
	n = read(pair->fd, p, len);
	return (n == -1 ? TLS_WANT_POLLIN : n);
}

static ssize_t
client_write(struct tls *tls, const void *p, size_t len, void *arg)
{
	struct pair *pair;

	(void)tls;
	pair = arg;
	if (len > sizeof(pair->wire) - pair->len)
		abort();
	memcpy(pair->wire + pair->len, p, len);
	pair->len += len;
	return ((ssize_t)len);
}

/* Send so much of what the client has said, and wake our side up. */
static void
deliver(struct pair *pair, size_t n)
{
	if (n > pair->len)
		n = pair->len;
	if (write(pair->fd, pair->wire, n) != (ssize_t)n)
		abort();
	pair->len -= n;
	memmove(pair->wire, pair->wire + n, pair->len);
	pair->conn.drained = false;
}

static struct pair *
new_pair(void)
{
	struct tls_config *config;
	struct pair *pair;
	int fds[2], size;

	size = 256 * 1024;
	if ((pair = calloc(1, sizeof(*pair))) == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1 ||
	    fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(fds[1], F_SETFL, O_NONBLOCK) == -1 ||
	    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)) == -1 || (config = tls_config_new()) == NULL ||
	    (pair->client = tls_client()) == NULL)
		abort();
	tls_config_insecure_noverifycert(config);
	tls_config_insecure_noverifyname(config);
	pair->fd = fds[0];
	pair->conn.fd = fds[1];
	pair->conn.worker = &worker;
	pair->conn.listener = &listener;
	if (tls_configure(pair->client, config) == -1 ||
	    tls_connect_cbs(pair->client, client_read, client_write, pair,
	    "localhost") == -1 || conn_tls_accept(&pair->conn) == -1)
		abort();
	tls_config_free(config);
	return (pair);
}

static void
free_pair(struct pair *pair)
{
	conn_tls_free(&pair->conn);
	tls_free(pair->client);
	close(pair->fd);
	close(pair->conn.fd);
	free(pair);
}

/* Shake hands, in pieces of that size.  True if both ends are content. */
static bool
shake(struct pair *pair, size_t piece)
{
	int rc, ours;

	ours = TLS_WANT_POLLIN;
	do {
		rc = tls_handshake(pair->client);
		if (pair->len == 0 && rc == TLS_WANT_POLLIN)
			return (false);
		while (pair->len > 0 && ours == TLS_WANT_POLLIN) {
			deliver(pair, piece);
			ours = tls_handshake(pair->conn.tls);
		}
	} while (rc == TLS_WANT_POLLIN && ours == TLS_WANT_POLLIN);
	if (ours == 0 && rc != 0)
		rc = tls_handshake(pair->client);
	return (rc == 0 && ours == 0);
}

/* The client says so many bytes that begin with this one. */
static void
say(struct pair *pair, char first, size_t n)
{
	char text[16384];

	memset(text, '.', sizeof(text));
	text[0] = first;
	if (tls_write(pair->client, text, n) != (ssize_t)n)
		abort();
}

/* What is read next begins with that, and is that long. */
static void
hears(struct pair *pair, char first, ssize_t n, const char *what)
{
	char text[16384];

	text[0] = '\0';
	ok(tls_read(pair->conn.tls, text, sizeof(text)) == n &&
	    text[0] == first, "%s", what);
}

static ssize_t
hear(struct pair *pair)
{
	char text[16384];

	return (tls_read(pair->conn.tls, text, sizeof(text)));
}

/* A record that is cut in two after each of its bytes. */
static void
test_pieces(void)
{
	struct pair *pair;
	size_t at, whole;
	int bad;

	pair = new_pair();
	ok(shake(pair, 1), "a handshake, byte by byte");
	is_int((long long)conn_tls_ahead(&pair->conn), 0, "... is all read");
	bad = 0;
	whole = 2;
	for (at = 1; at < whole; at++) {
		say(pair, 'a', 50);
		whole = pair->len;
		deliver(pair, at);
		bad += hear(pair) != TLS_WANT_POLLIN;
		bad += conn_tls_ahead(&pair->conn) != 0;
		deliver(pair, whole);
		bad += hear(pair) != 50;
	}
	ok(whole > 50 && bad == 0, "a record in two pieces, cut anywhere");
	free_pair(pair);
}

static void
test_drained(void)
{
	struct pair *pair;

	pair = new_pair();
	ok(shake(pair, 4096), "a handshake");
	say(pair, 'a', 10);
	deliver(pair, 4096);
	hears(pair, 'a', 10, "a record");
	ok(pair->conn.drained, "... was all that there was");
	say(pair, 'b', 10);
	deliver(pair, 4096);
	pair->conn.drained = true;
	is_int(hear(pair), TLS_WANT_POLLIN,
	    "then nothing is read until the socket wakes it up");
	pair->conn.drained = false;
	hears(pair, 'b', 10, "... and then it is");
	free_pair(pair);
}

/* What one connection leaves is not in the way of another, and not lost. */
static void
test_two(void)
{
	struct pair *a, *b;
	size_t left;

	a = new_pair();
	b = new_pair();
	ok(shake(a, 4096) && shake(b, 100), "two handshakes");
	say(a, '1', 100);
	say(a, '2', 200);
	say(a, '3', 300);
	deliver(a, 65536);
	hears(a, '1', 100, "the first record of three");
	left = conn_tls_ahead(&a->conn);
	ok(left > 500 && a->conn.spilt.p == NULL, "the others are read ahead");
	is_int((long long)conn_tls_ahead(&b->conn), 0, "... for one of them");
	say(b, 'x', 400);
	deliver(b, 65536);
	hears(b, 'x', 400, "the other gets its own");
	ok(a->conn.spilt.p != NULL && a->conn.spilt.size == left,
	    "the first has a buffer for what it left");
	is_int((long long)conn_tls_ahead(&a->conn), (long long)left,
	    "... which is still all ahead");
	say(a, '4', 400);
	deliver(a, 65536);
	hears(a, '2', 200, "the second record");
	hears(a, '3', 300, "the third");
	ok(a->conn.spilt.p == NULL, "the buffer is gone");
	hears(a, '4', 400, "what came later comes later");
	say(b, 'y', 10);
	say(b, 'z', 10);
	deliver(b, 65536);
	hears(b, 'y', 10, "one record of two");
	conn_tls_free(&b->conn);
	is_int((long long)conn_tls_ahead(&b->conn), 0, "it goes with the rest");
	say(a, '5', 10);
	deliver(a, 65536);
	hears(a, '5', 10, "which nobody else gets");
	ok(b->conn.spilt.p == NULL, "and which is kept nowhere");
	free_pair(a);
	free_pair(b);
}

/* More than is read at a time, with a record across the border. */
static void
test_large(void)
{
	struct pair *pair;
	int i;

	pair = new_pair();
	ok(shake(pair, 4096), "a handshake");
	for (i = 0; i < 3; i++)
		say(pair, (char)('a' + i), 16384);
	deliver(pair, 65536);
	for (i = 0; i < 3; i++)
		hears(pair, (char)('a' + i), 16384, "one of the largest");
	is_int(hear(pair), TLS_WANT_POLLIN, "and no more");
	free_pair(pair);
}

static void
test_ends(void)
{
	struct pair *pair;
	ssize_t n;

	pair = new_pair();
	ok(shake(pair, 4096), "a handshake");
	say(pair, 'a', 10);
	(void)tls_close(pair->client);
	deliver(pair, 4096);
	hears(pair, 'a', 10, "a record with close_notify behind it");
	is_int(hear(pair), 0, "the end");
	free_pair(pair);
	pair = new_pair();
	ok(shake(pair, 4096), "a handshake");
	say(pair, 'a', 10);
	say(pair, 'b', 10);
	deliver(pair, pair->len - 1);
	(void)shutdown(pair->fd, SHUT_WR);
	hears(pair, 'a', 10, "a record with a part of one behind it");
	n = hear(pair);
	if (n == TLS_WANT_POLLIN) {
		pair->conn.drained = false;
		n = hear(pair);
	}
	ok(n == 0 || n == -1, "then the end comes, and no part of it");
	free_pair(pair);
}

static void
test_full(void)
{
	static const char text[16384];
	struct pair *pair;
	ssize_t n;
	int i;

	pair = new_pair();
	ok(shake(pair, 4096), "a handshake");
	n = 0;
	for (i = 0; i < 1000 && n >= 0; i++)
		n = tls_write(pair->conn.tls, text, sizeof(text));
	is_int(n, TLS_WANT_POLLOUT, "a client that does not read");
	free_pair(pair);
}

int
main(void)
{
	buf_pool_init(&worker.pool);
	worker.ahead = conn_tls_new();
	listener.worker = &worker;
	listener.tls = new_server();
	test_pieces();
	test_drained();
	test_two();
	test_large();
	test_ends();
	test_full();
	tls_free(listener.tls);
	return (done());
}
