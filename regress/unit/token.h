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

/* an RSA key of so many bits, or an EC key on that curve, if not on P-256 */
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
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, bits != 0 ? bits :
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

/* r and s of a DER signature, each in 32 bytes, by hand */
static inline void
token_raw(const unsigned char *der, unsigned char out[64])
{
	const unsigned char *p;
	size_t i, len;

	memset(out, 0, 64);
	for (i = 0, p = der + 2; i < 2; i++) {
		len = p[1];
		for (p += 2; *p == 0 && len > 1; len--)
			p++;
		memcpy(out + 32 * i + 32 - len, p, len);
		p += len;
	}
}

/*
 * RS256 with an RSA key, EdDSA, or the DER of an ES256 signature; with salt >=
 * 0 PSS with one of so many bytes.  Returns the signature's length.
 */
static inline size_t
token_sign(EVP_PKEY *pkey, const void *text, size_t text_len, int salt,
    unsigned char sig[1024])
{
	EVP_PKEY_CTX *pctx;
	EVP_MD_CTX *ctx;
	size_t len;

	len = 1024;
	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestSignInit(ctx, &pctx, EVP_PKEY_base_id(pkey) ==
	    EVP_PKEY_ED25519 ? NULL : EVP_sha256(), NULL, pkey) != 1 ||
	    (salt >= 0 && (EVP_PKEY_CTX_set_rsa_padding(pctx,
	    RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) != 1)) ||
	    EVP_DigestSign(ctx, sig, &len, text, text_len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return (len);
}

/* the JWS signature over text, as base64url; of RSA, that of RS256 or PS256 */
static inline char *
token_signature(EVP_PKEY *pkey, const char *text, int pss)
{
	unsigned char sig[1024], raw[64];
	size_t len;

	len = token_sign(pkey, text, strlen(text), pss ? 32 : -1, sig);
	if (EVP_PKEY_base_id(pkey) != EVP_PKEY_EC)
		return (token_base64url(sig, len));
	token_raw(sig, raw);
	return (token_base64url(raw, sizeof(raw)));
}

/* header and payload as they are, signed; the caller frees it */
static inline char *
token_make_as(EVP_PKEY *pkey, int pss, const char *header,
    const char *payload)
{
	char *h, *p, *sig, *signed_text, *token;

	h = token_base64url(header, strlen(header));
	p = token_base64url(payload, strlen(payload));
	if (asprintf(&signed_text, "%s.%s", h, p) == -1)
		abort();
	sig = token_signature(pkey, signed_text, pss);
	if (asprintf(&token, "%s.%s", signed_text, sig) == -1)
		abort();
	free(h);
	free(p);
	free(sig);
	free(signed_text);
	return (token);
}

static inline char *
token_make(EVP_PKEY *pkey, const char *header, const char *payload)
{
	return (token_make_as(pkey, 0, header, payload));
}

#endif
