/*
 * New signing keys: of which type and size, and as the text of a file; see
 * ctl_keymake.h.  Nothing here writes one.
 */
#include "ctl_keymake.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jwk.h"
#include "log.h"

#define BITS_DEFAULT	2048

struct key_type {
	const char	*option;	/* of -t */
	const char	*name;
	int		 id;
};

static const struct key_type types[] = {
	{ "rsa", "RSA", EVP_PKEY_RSA },
	{ "ec", "EC", EVP_PKEY_EC },
	{ "ed25519", "Ed25519", EVP_PKEY_ED25519 }
};

#define NTYPES	(sizeof(types) / sizeof(types[0]))

/* The type of that name, or NULL after a message. */
static const struct key_type *
find_type(const char *option)
{
	size_t i;

	for (i = 0; i < NTYPES; i++)
		if (strcmp(types[i].option, option) == 0)
			return (&types[i]);
	log_warnx("unknown type of key \"%s\"", option);
	return (NULL);
}

int
keymake_options(struct keymake *make, int argc, char **argv,
    const char *options)
{
	const char *errstr;
	int ch;

	memset(make, 0, sizeof(*make));
	while ((ch = getopt(argc, argv, options)) != -1) {
		switch (ch) {
		case 't':
			if ((make->type = find_type(optarg)) == NULL)
				return (-1);
			break;
		case 'w':
			make->wait = optarg;
			break;
		case 'b':
			make->bits = (int)strtonum(optarg, JWK_RSA_MIN,
			    JWK_RSA_MAX, &errstr);
			if (errstr == NULL)
				break;
			log_warnx("invalid number of bits \"%s\": %s", optarg,
			    errstr);
			return (-1);
		default:
			return (-1);
		}
	}
	if (make->bits != 0 && make->type != NULL &&
	    make->type->id != EVP_PKEY_RSA) {
		log_warnx("only RSA keys come in sizes");
		return (-1);
	}
	return (0);
}

void
keymake_default(struct keymake *make, EVP_PKEY *like)
{
	size_t i;

	for (i = 0; make->type == NULL && like != NULL && make->bits == 0 &&
	    i < NTYPES; i++) {
		if (types[i].id != EVP_PKEY_base_id(like))
			continue;
		make->type = &types[i];
		make->bits = EVP_PKEY_bits(like);
	}
	if (make->type == NULL)
		make->type = &types[0];
	if (make->bits == 0)
		make->bits = BITS_DEFAULT;
}

EVP_PKEY *
keymake_new(const struct keymake *make)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	pkey = NULL;
	ctx = EVP_PKEY_CTX_new_id(make->type->id, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    (make->type->id == EVP_PKEY_RSA &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, make->bits) != 1) ||
	    (make->type->id == EVP_PKEY_EC &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) != 1) ||
	    EVP_PKEY_keygen(ctx, &pkey) != 1)
		log_warnx("cannot make a key");
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

BIO *
keymake_text(EVP_PKEY *pkey)
{
	BIO *bio;

	if ((bio = BIO_new(BIO_s_mem())) == NULL) {
		log_warnx("out of memory");
		return (NULL);
	}
	(void)PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL,
	    NULL);
	return (bio);
}

const char *
keymake_name(const struct keymake *make)
{
	return (make->type->name);
}
