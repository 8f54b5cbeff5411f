/*
 * jwtctl doctor, certificates: those of TLS with their keys and names, and what
 * holds for every certificate.  Nothing of a private key is ever written.
 */
#include "ctl_doctor.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "file.h"
#include "pemkey.h"

#define PEM_MAX		((size_t)256 * 1024)
#define DAY		(24L * 60 * 60)
#define DAYS_SOON	30

static X509 *
read_certificate(struct doctor *d, const char *path)
{
	const char *why;
	size_t len;
	X509 *x509;
	char *buf;
	BIO *bio;

	if ((buf = file_read(path, PEM_MAX, &len, &why)) == NULL) {
		doctor_say(d, DOCTOR_ERROR, "certificate %s: %s", path, why);
		return (NULL);
	}
	x509 = NULL;
	if ((bio = BIO_new_mem_buf(buf, (int)len)) != NULL)
		x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	/* some have their key in the same file */
	freezero(buf, len);
	ERR_clear_error();
	if (x509 == NULL)
		doctor_say(d, DOCTOR_ERROR, "certificate %s: no certificate "
		    "in PEM", path);
	return (x509);
}

static time_t
seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return (0);
	return (timegm(&tm));
}

/* Say what is wrong with its dates; returns whether nothing is. */
static bool
check_dates(struct doctor *d, const char *path, const X509 *x509,
    time_t *until)
{
	char span[32], text[32];
	time_t from, now;

	now = time(NULL);
	from = seconds_of(X509_get0_notBefore(x509));
	*until = seconds_of(X509_get0_notAfter(x509));
	if (from > now)
		doctor_say(d, DOCTOR_ERROR, "certificate %s: not valid before "
		    "%s", path, doctor_time(text, sizeof(text), from));
	else if (*until <= now)
		doctor_say(d, DOCTOR_ERROR, "certificate %s: expired at %s",
		    path, doctor_time(text, sizeof(text), *until));
	else if (*until - now < DAYS_SOON * DAY) {
		ctl_format_span(span, sizeof(span), (uint64_t)(*until - now));
		doctor_say(d, DOCTOR_WARNING, "certificate %s: expires in %s, "
		    "at %s", path, span,
		    doctor_time(text, sizeof(text), *until));
	} else
		return (true);
	return (false);
}

X509 *
doctor_certificate(struct doctor *d, const char *path, EVP_PKEY *pkey,
    time_t *until, bool *good)
{
	X509 *x509;

	if ((x509 = read_certificate(d, path)) == NULL)
		return (NULL);
	*good = check_dates(d, path, x509, until);
	/* compares the public halves */
	if (pkey != NULL && X509_check_private_key(x509, pkey) != 1) {
		doctor_say(d, DOCTOR_ERROR, "certificate %s: not the "
		    "certificate of its key", path);
		*good = false;
	}
	ERR_clear_error();
	return (x509);
}

/* Who else can read it? */
static void
check_secret(struct doctor *d, const char *path, int fd)
{
	struct stat st;
	const char *why;

	if ((why = file_secret_check(fd)) == NULL || fstat(fd, &st) == -1)
		return;
	doctor_say(d, (st.st_mode & (S_IROTH | S_IWOTH)) != 0 ? DOCTOR_ERROR :
	    DOCTOR_WARNING, "tls key %s: %s (mode %04o)", path, why,
	    (unsigned int)st.st_mode & 07777);
}

static EVP_PKEY *
read_key(struct doctor *d, const char *path)
{
	struct pemkey_text *text;
	const char *why;
	EVP_PKEY *pkey;
	int fd;

	pkey = NULL;
	if ((fd = pemkey_open(path, &why)) != -1) {
		check_secret(d, path, fd);
		if ((text = pemkey_read(fd, &why)) != NULL)
			pkey = pemkey_parse(text, &why);
		pemkey_free(text);
		close(fd);
	}
	if (pkey == NULL)
		doctor_say(d, DOCTOR_ERROR, "tls key %s: %s", path, why);
	return (pkey);
}

static bool
names(X509 *x509, const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		return (X509_check_ip_asc(x509, name, 0) == 1);
	return (X509_check_host(x509, name, 0, 0, NULL) == 1);
}

static void
check_server(struct doctor *d, const struct conf_server *server)
{
	char text[32];
	EVP_PKEY *pkey;
	time_t until;
	X509 *x509;
	bool good;

	pkey = read_key(d, server->tls_key);
	x509 = doctor_certificate(d, server->tls_certificate, pkey, &until,
	    &good);
	if (x509 != NULL && !names(x509, server->name)) {
		doctor_say(d, DOCTOR_ERROR, "certificate %s: not for the name "
		    "\"%s\"", server->tls_certificate, server->name);
		good = false;
	}
	if (x509 != NULL && pkey != NULL && good)
		doctor_say(d, DOCTOR_OK, "certificate %s: for \"%s\", until "
		    "%s", server->tls_certificate, server->name,
		    doctor_time(text, sizeof(text), until));
	X509_free(x509);
	EVP_PKEY_free(pkey);
}

void
doctor_tls(struct doctor *d)
{
	const struct conf_server *server;

	TAILQ_FOREACH(server, &d->conf->servers, entry)
		if (server->tls_certificate != NULL &&
		    server->tls_key != NULL)
			check_server(d, server);
}
