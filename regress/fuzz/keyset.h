/* What the fuzzers of key sets ask of a set that was taken. */
#ifndef KEYSET_H
#define KEYSET_H

#include <stdarg.h>

#include "fuzz.h"
#include "jwk.h"

/* What is logged is no longer than a line, whatever the set says. */
static inline void __attribute__((format(printf, 1, 2)))
keyset_warn(const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	must(n > 0 && (size_t)n < sizeof(text));
}

/* A key is fit, and written as a JWK it is read as the same. */
static inline void
keyset_check_key(const struct jwk *key)
{
	char thumbprint[JWK_THUMBPRINT + 1], again[JWK_THUMBPRINT + 1];
	const char *why;
	struct jwkset set;
	json_t *json;
	char *text;

	must(key->pkey != NULL && jwk_unfit(key->pkey) == NULL);
	must(jwk_alg_fits(key->alg, key->pkey));
	must(memchr(key->kid, '\0', sizeof(key->kid)) != NULL);
	must(jwk_thumbprint(key->pkey, thumbprint) == 0);
	must(strlen(thumbprint) == JWK_THUMBPRINT);
	must((json = json_pack("{s:[o]}", "keys", jwk_public(key->pkey,
	    key->alg))) != NULL);
	must((text = json_dumps(json, 0)) != NULL);
	json_decref(json);
	must(jwkset_parse(text, strlen(text), &set, keyset_warn, &why) == 0);
	free(text);
	must(set.nkeys == 1 && set.keys[0].alg == key->alg);
	must(strcmp(set.keys[0].kid, thumbprint) == 0);
	must(jwk_thumbprint(set.keys[0].pkey, again) == 0);
	must(strcmp(again, thumbprint) == 0);
	jwkset_clear(&set);
}

/* parse is one of the two parsers of jwk.h. */
static inline void
keyset_check(const uint8_t *data, size_t size, bool kidless,
    int (*parse)(const char *, size_t, struct jwkset *,
    void (*)(const char *, ...), const char **))
{
	struct jwkset set;
	const char *why;
	char *buf;
	size_t i;

	buf = fuzz_copy(data, size);
	why = NULL;
	if (parse(buf, size, &set, keyset_warn, &why) == 0) {
		must(set.nkeys >= 1 && set.nkeys <= JWK_SET_MAX);
		must(set.kidless == kidless);
		for (i = 0; i < set.nkeys; i++)
			keyset_check_key(&set.keys[i]);
		jwkset_clear(&set);
	} else
		must(why != NULL && *why != '\0');
	free(buf);
}

#endif
