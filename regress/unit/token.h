/*
 * Keys and tokens for unit tests, made with libcrypto alone: what is tested
 * does not also make what it is tested with.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline EVP_PKEY *
token_key(int type, int bits)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	pkey = NULL;
	ctx = EVP_PKEY_CTX_new_id(type, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    (type == EVP_PKEY_RSA &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1) ||
	    (type == EVP_PKEY_EC &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx,
	    NID_X9_62_prime256v1) != 1) ||
	    EVP_PKEY_keygen(ctx, &pkey) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return (pkey);
}

/* RFC 7515 appendix C, in memory of its own */
static inline char *
token_base64url(const void *in, size_t len)
{
	char *out, *p;

	if ((out = malloc((len + 2) / 3 * 4 + 1)) == NULL)
		abort();
	(void)EVP_EncodeBlock((unsigned char *)out, in, (int)len);
	for (p = out; *p != '\0' && *p != '='; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	*p = '\0';
	return (out);
}

/* the signature over text, as base64url */
static inline char *
token_signature(EVP_PKEY *pkey, const char *text)
{
	unsigned char sig[1024];
	EVP_MD_CTX *ctx;
	size_t len;

	len = sizeof(sig);
	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) != 1 ||
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text,
	    strlen(text)) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return (token_base64url(sig, len));
}

/* header and payload as they are, signed; the caller frees it */
static inline char *
token_make(EVP_PKEY *pkey, const char *header, const char *payload)
{
	char *h, *p, *sig, *signed_text, *token;

	h = token_base64url(header, strlen(header));
	p = token_base64url(payload, strlen(payload));
	if (asprintf(&signed_text, "%s.%s", h, p) == -1)
		abort();
	sig = token_signature(pkey, signed_text);
	if (asprintf(&token, "%s.%s", signed_text, sig) == -1)
		abort();
	free(h);
	free(p);
	free(sig);
	free(signed_text);
	return (token);
}

#endif
