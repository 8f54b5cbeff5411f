/* common/jwk_pem.c: keys from PEM files, public keys and certificates. */
#define OPENSSL_SUPPRESS_DEPRECATED	/* calls that both libraries have */

#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tap.h"
#include "token.h"

enum { RSA_A, RSA_B, RSA_SHORT, EC, ED, EC_OTHER, NKEYS };

/* what PEM, which has no word for it, makes of them */
static const enum jwk_alg algs[NKEYS] = {
	[EC] = JWK_ES256,
	[ED] = JWK_EDDSA
};

static EVP_PKEY *keys[NKEYS];
static char *public[NKEYS], *private[NKEYS], *certificate[NKEYS];

static char *
take(BIO *bio)
{
	char *data, *text;
	long n;

	n = BIO_get_mem_data(bio, &data);
	if (n <= 0 || (text = strndup(data, (size_t)n)) == NULL)
		abort();
	BIO_free(bio);
	return (text);
}

static void
make_certificate(int i)
{
	X509_NAME *name;
	X509 *cert;
	BIO *bio;

	if ((cert = X509_new()) == NULL || (bio = BIO_new(BIO_s_mem())) == NULL)
		abort();
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -120);
	X509_gmtime_adj(X509_getm_notAfter(cert), -60);
	X509_set_pubkey(cert, keys[i]);
	name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"signing", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	if (X509_sign(cert, keys[i], i == ED ? NULL : EVP_sha256()) == 0 ||
	    PEM_write_bio_X509(bio, cert) != 1)
		abort();
	certificate[i] = take(bio);
	X509_free(cert);
}

static void
make(void)
{
	BIO *bio;
	int i;

	keys[RSA_A] = token_key(EVP_PKEY_RSA, 2048);
	keys[RSA_B] = token_key(EVP_PKEY_RSA, 2048);
	keys[RSA_SHORT] = token_key(EVP_PKEY_RSA, 1024);
	keys[EC] = token_key(EVP_PKEY_EC, 0);
	keys[ED] = token_key(EVP_PKEY_ED25519, 0);
	keys[EC_OTHER] = token_key(EVP_PKEY_EC, NID_secp384r1);
	for (i = 0; i < NKEYS; i++) {
		bio = BIO_new(BIO_s_mem());
		(void)PEM_write_bio_PUBKEY(bio, keys[i]);
		public[i] = take(bio);
		bio = BIO_new(BIO_s_mem());
		(void)PEM_write_bio_PrivateKey(bio, keys[i], NULL, NULL, 0,
		    NULL, NULL);
		private[i] = take(bio);
		make_certificate(i);
	}
}

static int skipped;

static void
skip(const char *fmt, ...)
{
	(void)fmt;
	skipped++;
}

/*
 * These texts one after another: are a and b found, in that order, and no
 * more?  NKEYS stands for none.
 */
static void
check(const char *name, const char *one, const char *two, int a, int b)
{
	struct jwkset set;
	char *text;
	const int want[] = { a, b };
	const char *why;
	size_t i, n;
	int result;

	n = (size_t)(a != NKEYS) + (b != NKEYS);
	if (asprintf(&text, "%s%s", one, two) == -1)
		abort();
	why = NULL;
	result = jwkset_parse_pem(text, strlen(text), &set, skip, &why);
	free(text);
	is_int(result, n == 0 ? -1 : 0, name);
	is_int((long long)set.nkeys, (long long)n, "... keys");
	if (n != 0)
		ok(set.kidless, "... so that a token's is ignored");
	else
		is_str(why, "no public key that can be used", "... why");
	for (i = 0; i < n && i < set.nkeys; i++) {
		is_int(EVP_PKEY_eq(set.keys[i].pkey, keys[want[i]]), 1,
		    "... the key");
		is_str(set.keys[i].kid, "", "... it has no kid");
		is_int(set.keys[i].alg, algs[want[i]], "... alg");
	}
	jwkset_clear(&set);
}

static char *
with_crlf(const char *text)
{
	char *out, *p;

	if ((out = p = malloc(2 * strlen(text) + 1)) == NULL)
		abort();
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			*p++ = '\r';
		*p++ = *text;
	}
	*p = '\0';
	return (out);
}

static void
test_forms(void)
{
	char *crlf, *cut;

	check("public key", public[RSA_A], "", RSA_A, NKEYS);
	/* whether it still holds is between the issuer and its certifier */
	check("certificate", certificate[RSA_A], "", RSA_A, NKEYS);
	check("two public keys", public[RSA_B], public[RSA_A], RSA_B, RSA_A);
	check("public key and certificate", public[RSA_A], certificate[RSA_B],
	    RSA_A, RSA_B);
	check("text around", "issuer's key\n", public[RSA_A], RSA_A, NKEYS);
	check("text behind", public[RSA_A], "x\n", RSA_A, NKEYS);
	crlf = with_crlf(public[RSA_A]);
	check("CR LF", crlf, "", RSA_A, NKEYS);
	free(crlf);
	check("EC and RSA", public[EC], public[RSA_A], EC, RSA_A);
	check("EC certificate and RSA", certificate[EC], public[RSA_A], EC,
	    RSA_A);
	check("Ed25519 and its certificate", public[ED], certificate[ED], ED,
	    ED);
	check("P-384 and RSA", public[EC_OTHER], public[RSA_A], RSA_A, NKEYS);
	check("P-384 certificate and RSA", certificate[EC_OTHER],
	    public[RSA_A], RSA_A, NKEYS);
	check("short and long", public[RSA_SHORT], public[RSA_B], RSA_B,
	    NKEYS);
	check("private and public", private[RSA_A], public[RSA_B], RSA_B,
	    NKEYS);

	check("nothing", "", "", NKEYS, NKEYS);
	check("no PEM", "{\"keys\":[]}", "\n", NKEYS, NKEYS);
	check("P-384", public[EC_OTHER], certificate[EC_OTHER], NKEYS, NKEYS);
	check("1024 bits", public[RSA_SHORT], certificate[RSA_SHORT], NKEYS,
	    NKEYS);
	skipped = 0;
	check("private key", private[RSA_A], "", NKEYS, NKEYS);
	is_int(skipped, 1, "... and says that it was skipped");
	check("other private keys", private[EC], private[ED], NKEYS, NKEYS);
	skipped = 0;
	check("one cut off and another", public[RSA_A],
	    "-----BEGIN PUBLIC KEY-----\nAA*A\n", RSA_A, NKEYS);
	is_int(skipped, 1, "... and says that it ends there");
	skipped = 0;
	check("two good ones", public[RSA_A], public[RSA_B], RSA_A, RSA_B);
	is_int(skipped, 0, "... and has nothing to say");
	cut = strndup(public[RSA_A], strlen(public[RSA_A]) / 2);
	check("half a key", cut, "", NKEYS, NKEYS);
	free(cut);
	check("no key inside", "-----BEGIN PUBLIC KEY-----\nAAAA\n",
	    "-----END PUBLIC KEY-----\n", NKEYS, NKEYS);
}

static char *
with_exponent(unsigned int exponent)
{
	const BIGNUM *n;
	EVP_PKEY *pkey;
	BIGNUM *e;
	BIO *bio;
	RSA *rsa;

	RSA_get0_key(EVP_PKEY_get0_RSA(keys[RSA_A]), &n, NULL, NULL);
	if ((rsa = RSA_new()) == NULL || (e = BN_new()) == NULL ||
	    BN_set_word(e, exponent) != 1 ||
	    RSA_set0_key(rsa, BN_dup(n), e, NULL) != 1 ||
	    (pkey = EVP_PKEY_new()) == NULL ||
	    EVP_PKEY_assign_RSA(pkey, rsa) != 1 ||
	    (bio = BIO_new(BIO_s_mem())) == NULL ||
	    PEM_write_bio_PUBKEY(bio, pkey) != 1)
		abort();
	EVP_PKEY_free(pkey);
	return (take(bio));
}

/* as with a JWK: nobody can sign for these, or anybody can */
static void
test_exponents(void)
{
	static const unsigned int bad[] = { 0, 1, 2, 65536 };
	char what[32], *pem;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(what, sizeof(what), "exponent %u", bad[i]);
		pem = with_exponent(bad[i]);
		check(what, pem, "", NKEYS, NKEYS);
		free(pem);
	}
}

static void
test_many(void)
{
	struct jwkset set;
	const char *why;
	char *text;
	size_t len;
	int i;

	len = strlen(public[RSA_A]);
	if ((text = malloc((JWK_SET_MAX + 1) * len)) == NULL)
		abort();
	for (i = 0; i < JWK_SET_MAX + 1; i++)
		memcpy(text + (size_t)i * len, public[RSA_A], len);
	is_int(jwkset_parse_pem(text, (JWK_SET_MAX + 1) * len, &set,
	    skip, &why), 0,
	    "many keys");
	ok(set.nkeys <= JWK_SET_MAX, "... no more than there is room for");
	jwkset_clear(&set);
	free(text);
}

int
main(void)
{
	int i;

	make();
	test_forms();
	test_exponents();
	test_many();
	for (i = 0; i < NKEYS; i++) {
		EVP_PKEY_free(keys[i]);
		free(public[i]);
		free(private[i]);
		free(certificate[i]);
	}
	return (done());
}
