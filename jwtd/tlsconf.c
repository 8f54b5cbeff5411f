/*
 * The TLS side of a listener: TLS 1.2 and 1.3, forward secrecy only, no tickets
 * and no session cache, so that a worker holds no ticket key.
 */
#include "tlsconf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "log.h"

#define PEM_MAX		(256 * 1024)

static char *
read_pem(const char *path, size_t *len)
{
	const char *why;
	char *pem;

	if ((pem = file_read(path, PEM_MAX, len, &why)) == NULL)
		fatalx("%s: %s", path, why);
	return (pem);
}

/* Put a server's pair into config: as the default, or besides it. */
static int
set_pair(struct tls_config *config, const struct conf_server *server,
    bool first)
{
	size_t cert_len, key_len;
	char *cert, *key;
	int result;

	cert = read_pem(server->tls_certificate, &cert_len);
	key = read_pem(server->tls_key, &key_len);
	if (first)
		result = tls_config_set_keypair_mem(config,
		    (const uint8_t *)cert, cert_len, (const uint8_t *)key,
		    key_len);
	else
		result = tls_config_add_keypair_mem(config,
		    (const uint8_t *)cert, cert_len, (const uint8_t *)key,
		    key_len);
	free(cert);
	freezero(key, key_len);
	return (result);
}

/*
 * libtls looks into the pairs when it has them all, and does not say which of
 * them is wrong.  So each is tried alone first.
 */
static void
check_pair(const struct conf_server *server)
{
	struct tls_config *config;
	struct tls *tls;
	const char *why;

	if ((config = tls_config_new()) == NULL ||
	    (tls = tls_server()) == NULL)
		fatal("tls");
	why = NULL;
	if (set_pair(config, server, true) == -1)
		why = tls_config_error(config);
	else if (tls_configure(tls, config) == -1)
		why = tls_error(tls);
	if (why != NULL)
		fatalx("certificate %s with key %s: %s",
		    server->tls_certificate, server->tls_key, why);
	tls_free(tls);
	tls_config_free(config);
}

struct tls *
tlsconf_new(const struct conf_listener *listener)
{
	struct tls_config *config;
	struct tls *tls;
	size_t i;

	if ((config = tls_config_new()) == NULL ||
	    (tls = tls_server()) == NULL)
		fatal("tls");
	if (tls_config_set_protocols(config, TLS_PROTOCOL_TLSv1_2 |
	    TLS_PROTOCOL_TLSv1_3) == -1 ||
	    tls_config_set_ciphers(config, TLSCONF_CIPHERS) == -1 ||
	    tls_config_set_alpn(config, "http/1.1") == -1)
		fatalx("tls: %s", tls_config_error(config));
	for (i = 0; i < listener->nservers; i++) {
		check_pair(listener->servers[i]);
		if (set_pair(config, listener->servers[i], i == 0) == -1)
			fatalx("tls: %s", tls_config_error(config));
	}
	if (tls_configure(tls, config) == -1)
		fatalx("tls: %s", tls_error(tls));
	tls_config_free(config);
	return (tls);
}
