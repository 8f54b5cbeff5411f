/*
 * jwtctl certificate: a self-signed TLS certificate, to start with.  The key
 * goes into a new file of mode 0600 and to nowhere else.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_x509.h"
#include "log.h"

#define DAYS_DEFAULT	365
#define DAYS_MAX	36500

/* The named server, or the first that has a tls block; NULL after a message. */
static const struct conf_server *
find_server(struct ctl *ctl, const char *name)
{
	const struct conf_server *server;
	const struct conf *conf;

	if ((conf = ctl_conf(ctl)) == NULL)
		return (NULL);
	TAILQ_FOREACH(server, &conf->servers, entry) {
		if (name != NULL && strcasecmp(name, server->name) != 0)
			continue;
		if (server->tls_certificate != NULL && server->tls_key != NULL)
			return (server);
		if (name != NULL) {
			log_warnx("server \"%s\" has no tls block", name);
			return (NULL);
		}
	}
	if (name != NULL)
		log_warnx("no such server \"%s\"", name);
	else
		log_warnx("%s: no server has a tls block", ctl->conf_path);
	return (NULL);
}

static bool
only_loopback(const struct conf_server *server)
{
	size_t i;

	for (i = 0; i < server->nlisteners; i++)
		if (!conf_listener_loopback(server->listeners[i]))
			return (false);
	return (true);
}

/* RFC 5280 section 4.2.1.6: an address as its bytes, else a DNS name */
static GENERAL_NAME *
make_name(const char *text)
{
	unsigned char address[16];
	ASN1_OCTET_STRING *value;
	GENERAL_NAME *name;
	int family, len, type;

	family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	type = GEN_DNS;
	len = (int)strlen(text);
	if (inet_pton(family, text, address) == 1) {
		type = GEN_IPADD;
		len = family == AF_INET ? 4 : 16;
	}
	/* dNSName is an IA5String, iPAddress an OCTET STRING */
	value = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING :
	    V_ASN1_OCTET_STRING);
	if (value == NULL || ASN1_STRING_set(value, type == GEN_DNS ?
	    (const void *)text : address, len) != 1 ||
	    (name = GENERAL_NAME_new()) == NULL) {
		ASN1_STRING_free(value);
		return (NULL);
	}
	GENERAL_NAME_set0_value(name, type, value);
	return (name);
}

static int
add_name(GENERAL_NAMES *names, const char *text)
{
	GENERAL_NAME *name;

	if ((name = make_name(text)) == NULL)
		return (-1);
	if (sk_GENERAL_NAME_push(names, name) <= 0) {
		GENERAL_NAME_free(name);
		return (-1);
	}
	return (0);
}

static int
add_alt_names(X509 *x509, const struct conf_server *server)
{
	static const char *const local[] = { "localhost", "127.0.0.1", "::1" };
	GENERAL_NAMES *names;
	size_t i;
	int rc;

	if ((names = GENERAL_NAMES_new()) == NULL)
		return (-1);
	rc = add_name(names, server->name);
	for (i = 0; i < 3 && rc == 0 && only_loopback(server); i++)
		if (strcmp(server->name, local[i]) != 0)
			rc = add_name(names, local[i]);
	if (rc == 0 && X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0,
	    X509V3_ADD_DEFAULT) != 1)
		rc = -1;
	GENERAL_NAMES_free(names);
	return (rc);
}

static X509 *
make_certificate(EVP_PKEY *pkey, const struct conf_server *server, int days)
{
	X509 *x509;

	if ((x509 = ctl_x509_new(pkey, server->name, days)) == NULL)
		return (NULL);
	if (add_alt_names(x509, server) == 0 &&
	    ctl_x509_extend(x509, NID_ext_key_usage, "serverAuth") == 0 &&
	    ctl_x509_sign(x509, pkey) == 0)
		return (x509);
	X509_free(x509);
	return (NULL);
}

static EVP_PKEY *
generate(void)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	pkey = NULL;
	ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	if (ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) == 1 &&
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_NAMED_CURVE) == 1)
		(void)EVP_PKEY_keygen(ctx, &pkey);
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

/* Both files or none. */
static int
save(const struct conf_server *server, EVP_PKEY *pkey, X509 *x509)
{
	BIO *certificate, *key;
	int status;

	status = CTL_FAILED;
	certificate = BIO_new(BIO_s_mem());
	key = BIO_new(BIO_s_mem());
	if (certificate == NULL || key == NULL ||
	    PEM_write_bio_X509(certificate, x509) != 1 ||
	    PEM_write_bio_PKCS8PrivateKey(key, pkey, NULL, NULL, 0, NULL,
	    NULL) != 1)
		log_warnx("out of memory");
	else if ((status = ctl_write_new(server->tls_key, key, 0600)) ==
	    CTL_OK) {
		status = ctl_write_new(server->tls_certificate, certificate,
		    0644);
		if (status != CTL_OK)
			(void)unlink(server->tls_key);
	}
	BIO_free(certificate);
	BIO_free(key);
	return (status);
}

static int
make_files(const struct conf_server *server, int days)
{
	EVP_PKEY *pkey;
	X509 *x509;
	int status;

	status = CTL_FAILED;
	x509 = NULL;
	if ((pkey = generate()) == NULL ||
	    (x509 = make_certificate(pkey, server, days)) == NULL)
		log_warnx("cannot make a certificate for \"%s\"",
		    server->name);
	else
		status = save(server, pkey, x509);
	if (status == CTL_OK)
		printf("%s: \"%s\", for %d days\n%s: P-256\n",
		    server->tls_certificate, server->name, days,
		    server->tls_key);
	X509_free(x509);
	EVP_PKEY_free(pkey);
	return (status);
}

/* Returns -1 if the options are wrong.  *days is 0 if none says how many. */
static int
new_options(int argc, char **argv, bool *signing, int *days)
{
	const char *errstr;
	int ch;

	*signing = false;
	*days = 0;
	while ((ch = getopt(argc, argv, "+d:s")) != -1) {
		if (ch == 's') {
			*signing = true;
			continue;
		}
		if (ch != 'd')
			return (-1);
		*days = (int)strtonum(optarg, 1, DAYS_MAX, &errstr);
		if (errstr != NULL) {
			log_warnx("invalid number of days \"%s\": %s", optarg,
			    errstr);
			return (-1);
		}
	}
	/* there is one key that signs, and it is no server's */
	return (argc - optind > (*signing ? 0 : 1) ? -1 : 0);
}

int
ctl_certificate_new(struct ctl *ctl, int argc, char **argv)
{
	const struct conf_server *server;
	bool signing;
	int days;

	if (new_options(argc, argv, &signing, &days) == -1)
		return (CTL_USAGE);
	if (signing)
		return (ctl_certificate_signing(ctl, days));
	if (days == 0)
		days = DAYS_DEFAULT;
	server = find_server(ctl, argc > optind ? argv[optind] : NULL);
	if (server == NULL || !ctl_check_new(server->tls_certificate) ||
	    !ctl_check_new(server->tls_key))
		return (CTL_FAILED);
	return (make_files(server, days));
}
