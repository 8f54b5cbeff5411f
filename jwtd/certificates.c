/* Certificates between the process with the keys and the workers, as JSON. */
#include "certificates.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "file.h"
#include "log.h"

void
certificates_publish(int fd, const json_t *certificates)
{
	size_t len;
	char *text;

	if ((text = json_dumps(certificates, JSON_COMPACT)) == NULL)
		fatalx("the certificates cannot be written");
	if ((len = strlen(text)) > CERTIFICATES_MAX)
		fatalx("the certificates are too large");
	if (file_write_fd(fd, text, len) == -1)
		fatal("certificates");
	free(text);
}

json_t *
certificates_read(int fd)
{
	json_t *certificates;
	const char *why;
	char *text;
	size_t len;

	if ((text = file_read_fd(fd, CERTIFICATES_MAX, &len, &why)) == NULL)
		fatalx("certificates: %s", why);
	certificates = json_loadb(text, len, 0, NULL);
	if (!json_is_array(certificates))
		fatalx("the certificates cannot be read");
	free(text);
	return (certificates);
}

const char *
certificates_of(const json_t *certificates, const struct conf *conf,
    const struct conf_server *wanted, size_t *len)
{
	const struct conf_server *server;
	const json_t *pem;
	size_t i;

	i = 0;
	TAILQ_FOREACH(server, &conf->servers, entry) {
		if (server == wanted)
			break;
		i++;
	}
	pem = json_array_get(certificates, i);
	if (!json_is_string(pem))
		fatalx("server \"%s\" has no certificate", wanted->name);
	*len = json_string_length(pem);
	return (json_string_value(pem));
}

uint64_t
certificates_expiry(const char *pem, size_t len)
{
	uint64_t expiry;
	static char no_passphrase[] = "";
	struct tm tm;
	time_t t;
	X509 *x509;
	BIO *bio;

	if (len > INT_MAX ||
	    (bio = BIO_new_mem_buf(pem, (int)len)) == NULL)
		return (0);
	/* or libcrypto asks the terminal */
	x509 = PEM_read_bio_X509(bio, NULL, NULL, no_passphrase);
	expiry = 0;
	if (x509 != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(x509),
	    &tm) == 1 && (t = timegm(&tm)) > 0)
		expiry = (uint64_t)t;
	X509_free(x509);
	BIO_free(bio);
	ERR_clear_error();
	return (expiry);
}
