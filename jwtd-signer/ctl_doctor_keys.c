/*
 * jwtctl doctor, the signing keys: loaded as the signer loads them, and the
 * certificates that go with them.  Nothing of a private key is ever written.
 */
#include "ctl_doctor.h"

#include "jwk.h"
#include "keydir.h"
#include "keyfile.h"

static void
check_key_certificate(struct doctor *d, const char *path, EVP_PKEY *pkey)
{
	char text[32];
	time_t until;
	X509 *x509;
	bool good;

	x509 = doctor_certificate(d, path, pkey, &until, &good);
	if (x509 != NULL && good)
		doctor_say(d, DOCTOR_OK, "certificate %s: its key's, until %s",
		    path, doctor_time(text, sizeof(text), until));
	X509_free(x509);
}

static void
check_key(struct doctor *d, const struct conf_key *key)
{
	char err[512], kid[JWK_THUMBPRINT + 1];
	enum jwk_alg alg;
	EVP_PKEY *pkey;

	pkey = keyfile_load_conf(key, &alg, err, sizeof(err));
	if (pkey == NULL)
		doctor_say(d, DOCTOR_ERROR, "key %s", err);
	else if (jwk_thumbprint(pkey, kid) == -1)
		doctor_say(d, DOCTOR_ERROR, "key %s: no thumbprint",
		    key->path);
	else
		doctor_say(d, DOCTOR_OK, "key %s: %s %s, %d bits, kid %s",
		    key->path, !key->retired ? "signs" :
		    key->next ? "is to sign" : "retired",
		    jwk_alg_name(alg), EVP_PKEY_bits(pkey), kid);
	if (key->certificate != NULL)
		check_key_certificate(d, key->certificate, pkey);
	EVP_PKEY_free(pkey);
}

void
doctor_keys(struct doctor *d, struct conf_signer *signer)
{
	const struct conf_key *key;
	bool good;

	if (signer == NULL)
		return;
	/* what it logs is an error if there is one, and else names */
	good = keydir_fill(signer, (int64_t)time(NULL)) == 0;
	doctor_tell(d, good ? DOCTOR_WARNING : DOCTOR_ERROR);
	TAILQ_FOREACH(key, &signer->keys, entry)
		check_key(d, key);
}
