/*
 * The TLS side of a listener: TLS 1.2 and 1.3, forward secrecy only, no tickets
 * and no session cache, so that a worker holds no ticket key.  It holds no
 * private key either: libtls takes the public one of the certificate for it.
 */
#include "tlsconf.h"

#include <stdbool.h>
#include <stdlib.h>

#include "certificates.h"
#include "log.h"

/* both libraries export it, and neither declares it */
void	tls_config_use_fake_private_key(struct tls_config *);

static struct tls_config *
new_config(void)
{
	struct tls_config *config;

	if ((config = tls_config_new()) == NULL)
		fatal("tls");
	tls_config_use_fake_private_key(config);
	return (config);
}

/* Put a server's certificate into config: as the default, or besides it. */
static int
set_certificate(struct tls_config *config, const struct conf *conf,
    const struct conf_server *server, const json_t *certificates, bool first)
{
	const char *pem;
	size_t len;

	pem = certificates_of(certificates, conf, server, &len);
	return (first ? tls_config_set_keypair_mem(config,
	    (const uint8_t *)pem, len, NULL, 0) :
	    tls_config_add_keypair_mem(config, (const uint8_t *)pem, len,
	    NULL, 0));
}

/*
 * libtls looks into the certificates when it has them all, and does not say
 * which of them is wrong.  So each is tried alone first.
 */
static void
check_certificate(const struct conf *conf, const struct conf_server *server,
    const json_t *certificates)
{
	struct tls_config *config;
	struct tls *tls;
	const char *why;

	config = new_config();
	if ((tls = tls_server()) == NULL)
		fatal("tls");
	why = NULL;
	if (set_certificate(config, conf, server, certificates, true) == -1)
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
tlsconf_new(const struct conf *conf, const struct conf_listener *listener,
    const json_t *certificates)
{
	struct tls_config *config;
	struct tls *tls;
	size_t i;

	config = new_config();
	if ((tls = tls_server()) == NULL)
		fatal("tls");
	if (tls_config_set_protocols(config, TLS_PROTOCOL_TLSv1_2 |
	    TLS_PROTOCOL_TLSv1_3) == -1 ||
	    tls_config_set_ciphers(config, TLSCONF_CIPHERS) == -1 ||
	    tls_config_set_alpn(config, "http/1.1") == -1)
		fatalx("tls: %s", tls_config_error(config));
	for (i = 0; i < listener->nservers; i++) {
		check_certificate(conf, listener->servers[i], certificates);
		if (set_certificate(config, conf, listener->servers[i],
		    certificates, i == 0) == -1)
			fatalx("tls: %s", tls_config_error(config));
	}
	if (tls_configure(tls, config) == -1)
		fatalx("tls: %s", tls_error(tls));
	tls_config_free(config);
	return (tls);
}
