/*
 * The statements of the signer and trust blocks.
 */
#include "conf_parse.h"

#include <string.h>

#include "revoked.h"
#include "url.h"

void
parse_signer(struct conf_parser *p, int line)
{
	parse_forget(p, ONCE_ISSUER, ONCE_KEYS);
	if (p->conf->signer != NULL) {
		parse_error(p, line, "duplicate \"signer\"");
		conf_signer_free(p->conf->signer);
	}
	p->signer = p->conf->signer = conf_signer_new();
	p->signer->file = p->lex.file;
	p->signer->line = line;
}

void
parse_issuer(struct conf_parser *p, const char *issuer)
{
	if (!parse_once(p, ONCE_ISSUER, "issuer") ||
	    !parse_valid(p, "issuer", issuer, conf_text(issuer, CONF_MAX_TEXT)))
		return;
	p->signer->issuer = conf_dup(issuer);
}

void
parse_key(struct conf_parser *p, const char *path)
{
	struct conf_key *key;

	parse_forget(p, ONCE_RETIRED, ONCE_KEY_CERTIFICATE);
	(void)parse_path(p, "key", path);
	TAILQ_FOREACH(key, &p->signer->keys, entry)
		if (strcmp(key->path, path) == 0)
			parse_error(p, p->lex.line, "duplicate key \"%s\"",
			    path);
	key = conf_alloc(sizeof(*key));
	key->path = conf_dup(path);
	key->file = p->lex.file;
	key->line = p->lex.line;
	TAILQ_INSERT_TAIL(&p->signer->keys, key, entry);
	p->key = key;
}

void
parse_key_retired(struct conf_parser *p)
{
	if (parse_once(p, ONCE_RETIRED, "retired"))
		p->key->retired = true;
}

void
parse_key_alg(struct conf_parser *p, enum conf_alg alg, const char *word)
{
	if (p->key->alg != CONF_ALG_DEFAULT && p->key->alg != alg)
		parse_error(p, p->lex.line,
		    "a key is either \"rs256\" or \"ps256\"");
	else if (parse_once(p, ONCE_ALG, word))
		p->key->alg = alg;
}

void
parse_key_certificate(struct conf_parser *p, const char *path)
{
	if (!parse_once(p, ONCE_KEY_CERTIFICATE, "certificate") ||
	    !parse_path(p, "certificate", path))
		return;
	p->key->certificate = conf_dup(path);
}

void
parse_keys(struct conf_parser *p, const char *path, enum conf_alg alg)
{
	if (!parse_once(p, ONCE_KEYS, "keys") || !parse_path(p, "keys", path))
		return;
	p->signer->directory = conf_dup(path);
	p->signer->directory_alg = alg;
}

void
parse_store(struct conf_parser *p, enum conf_store store, const char *arg)
{
	if (!parse_once(p, ONCE_STORE, "store"))
		return;
	if (store == CONF_STORE_POSTGRES) {
		/* never repeat what may be a secret */
		if (conf_conninfo_password(arg)) {
			parse_error(p, p->lex.line, "\"store postgres\" with a "
			    "password: use a service or password file");
			return;
		}
		if (!parse_valid(p, "store", arg,
		    conf_text(arg, CONF_MAX_STRING)))
			return;
	} else if (!parse_path(p, "store", arg))
		return;
	p->signer->store = store;
	p->signer->store_arg = conf_dup(arg);
}

void
parse_store_unknown(struct conf_parser *p, const char *store)
{
	parse_error(p, p->lex.line, "unknown store \"%s\"", store);
}

void
parse_throttle(struct conf_parser *p, const char *count, const char *window)
{
	if (!parse_once(p, ONCE_THROTTLE, "throttle"))
		return;
	(void)parse_valid(p, "throttle", count, conf_number(count, 1, 1000000,
	    &p->signer->throttle_count));
	(void)parse_valid(p, "throttle", window, conf_seconds(window, 1, DAY,
	    &p->signer->throttle_window));
}

void
parse_revocations(struct conf_parser *p)
{
	if (parse_once(p, ONCE_REVOCATIONS, "revocations"))
		p->signer->revocations.on = true;
}

void
parse_revocations_file(struct conf_parser *p, const char *path)
{
	if (!parse_once(p, ONCE_REVOCATIONS_FILE, "file") ||
	    !parse_path(p, "file", path))
		return;
	p->signer->revocations.file = conf_dup(path);
}

void
parse_revocations_limit(struct conf_parser *p, const char *limit)
{
	parse_number(p, ONCE_REVOCATIONS_LIMIT, "limit", limit, REVOKED_MIN,
	    REVOKED_MAX, &p->signer->revocations.limit);
}

void
parse_revocations_stale(struct conf_parser *p, const char *span, bool refuse)
{
	parse_seconds(p, ONCE_REVOCATIONS_STALE, "stale", span, 2, DAY,
	    &p->signer->revocations.stale);
	p->signer->revocations.refuse = refuse;
}

void
parse_trust(struct conf_parser *p, int line, const char *issuer)
{
	struct conf_trust *trust;

	parse_forget(p, ONCE_CA, ONCE_CA);
	if (p->conf->ntrusts++ == CONF_MAX_TRUSTS)
		parse_error(p, line, "more than %d trust blocks",
		    CONF_MAX_TRUSTS);
	trust = conf_alloc(sizeof(*trust));
	trust->issuer = conf_dup(issuer);
	trust->file = p->lex.file;
	trust->line = line;
	(void)parse_valid(p, "issuer", issuer,
	    conf_text(issuer, CONF_MAX_TEXT));
	TAILQ_INSERT_TAIL(&p->conf->trusts, trust, entry);
	p->trust = trust;
}

void
parse_trust_source(struct conf_parser *p, enum conf_trust_source source,
    const char *path)
{
	struct url url;

	if (p->trust->path != NULL) {
		parse_error(p, p->lex.line,
		    "trust \"%s\" has more than one source", p->trust->issuer);
		return;
	}
	if (source == CONF_TRUST_JWKS && strstr(path, "://") != NULL)
		source = CONF_TRUST_HTTPS;
	if (source == CONF_TRUST_HTTPS ?
	    !parse_valid(p, "jwks", path, url_parse(path, &url)) :
	    !parse_path(p, source == CONF_TRUST_PEM ? "key" : "jwks", path))
		return;
	p->trust->source = source;
	p->trust->path = conf_dup(path);
}

void
parse_trust_ca(struct conf_parser *p, const char *path)
{
	if (parse_once(p, ONCE_CA, "ca") && parse_path(p, "ca", path))
		p->trust->ca = conf_dup(path);
}
