/*
 * jwtctl certificate new -s: a self-signed certificate of the key that signs
 * tokens, for verifiers such as container registries that take a key in no
 * other form.  It reads the private key, and writes the certificate alone.
 */
#include <openssl/pem.h>

#include <stdio.h>

#include "ctl.h"
#include "ctl_x509.h"
#include "keyfile.h"
#include "log.h"

/* it lasts as long as its key may: the key is what is to be replaced */
#define DAYS_DEFAULT	3650
#define ERROR_SIZE	1024

static X509 *
make_certificate(EVP_PKEY *pkey, const char *issuer, int days)
{
	X509 *x509;

	if ((x509 = ctl_x509_new(pkey, issuer, days)) == NULL)
		return (NULL);
	if (ctl_x509_sign(x509, pkey) == 0)
		return (x509);
	X509_free(x509);
	return (NULL);
}

static int
save(const char *path, X509 *x509)
{
	BIO *bio;
	int status;

	status = CTL_FAILED;
	if ((bio = BIO_new(BIO_s_mem())) == NULL ||
	    PEM_write_bio_X509(bio, x509) != 1)
		log_warnx("out of memory");
	else
		status = ctl_write_new(path, bio, 0644);
	BIO_free(bio);
	return (status);
}

int
ctl_certificate_signing(struct ctl *ctl, int days)
{
	const struct conf_signer *signer;
	const struct conf_key *key;
	char err[ERROR_SIZE];
	enum jwk_alg alg;
	EVP_PKEY *pkey;
	X509 *x509;
	int status;

	if ((signer = ctl_signer(ctl)) == NULL)
		return (CTL_FAILED);
	if (signer->directory != NULL) {
		log_warnx("\"%s\" has keys without certificates: one takes a "
		    "line 'key \"FILE\" certificate \"FILE\"' instead",
		    signer->directory);
		return (CTL_FAILED);
	}
	key = conf_signing_key(signer);
	if (key->certificate == NULL) {
		log_warnx("%s:%d: key \"%s\" has no certificate: add "
		    "'certificate \"FILE\"' to that line", key->file != NULL ?
		    key->file : ctl->conf_path, key->line, key->path);
		return (CTL_FAILED);
	}
	if (!ctl_check_new(key->certificate))
		return (CTL_FAILED);
	if ((pkey = keyfile_load_conf(key, &alg, err, sizeof(err))) == NULL) {
		log_warnx("%s", err);
		return (CTL_FAILED);
	}
	if (days == 0)
		days = DAYS_DEFAULT;
	status = CTL_FAILED;
	x509 = make_certificate(pkey, signer->issuer, days);
	if (x509 == NULL)
		log_warnx("cannot make a certificate of \"%s\"", key->path);
	else
		status = save(key->certificate, x509);
	if (status == CTL_OK)
		printf("%s: \"%s\", for %d days\n", key->certificate,
		    signer->issuer, days);
	X509_free(x509);
	EVP_PKEY_free(pkey);
	return (status);
}
