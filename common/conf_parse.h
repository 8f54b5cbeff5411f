/*
 * What the actions of the grammar are: a function for each statement, that
 * checks it at its line and puts it into the configuration.  Only parse.y and
 * the conf_parse files include this.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf_internal.h"

#define HOUR	(60 * 60)
#define DAY	(24 * HOUR)

/* statements that a block, or the file, has once */
enum once {
	ONCE_PREFORK,
	ONCE_TIMEOUT_REQUEST,
	ONCE_TIMEOUT_IDLE,
	ONCE_LIMIT_CONNECTIONS,
	ONCE_LIMIT_REQUESTS,
	ONCE_STATUS,
	ONCE_ISSUER,
	ONCE_STORE,
	ONCE_LIFETIME,
	ONCE_REMEMBER,
	ONCE_REUSE,
	ONCE_THROTTLE,
	ONCE_REVOCATIONS,
	ONCE_REVOCATIONS_FILE,
	ONCE_REVOCATIONS_LIMIT,
	ONCE_REVOCATIONS_STALE,
	ONCE_SIGNERS,
	ONCE_KEYS,
	ONCE_RETIRED,
	ONCE_ALG,
	ONCE_KEY_CERTIFICATE,
	ONCE_CA,
	ONCE_TLS,
	ONCE_TLS_CERTIFICATE,
	ONCE_TLS_KEY,
	ONCE_SERVICE,
	ONCE_AUDIENCE,		/* these are for some services only */
	ONCE_SCOPE,
	ONCE_REALM,
	ONCE_TOKEN_LIFETIME,
	ONCE_FORWARD,
	ONCE_N
};

struct item {
	const char	*text;
	int		 line;
};

enum conf_security {
	LISTEN_PLAIN,		/* which only some addresses can be */
	LISTEN_TLS,
	LISTEN_INSECURE
};

struct conf_parser {
	struct conf		*conf;
	struct conf_errors	 errors;
	struct conf_lexer	 lex;
	struct conf_signer	*signer;	/* the open blocks, or NULL */
	struct conf_trust	*trust;
	struct conf_server	*server;
	struct conf_location	*location;
	struct conf_key		*key;		/* the last one */
	int			 tls_errors;	/* when its block began */
	int			 seen[ONCE_N];	/* a line, or 0 */
	struct item		*items;		/* of the last list */
	size_t			 nitems;
	int			 list_errors;	/* when it began */
};

/* conf_parse.c */
void	 parse_mark(struct conf_parser *, bool all);
void	 parse_error(struct conf_parser *, int line, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* is why NULL?  Else it is what is wrong with the value. */
bool	 parse_valid(struct conf_parser *, const char *what,
	    const char *value, const char *why);
bool	 parse_once(struct conf_parser *, enum once, const char *word);
void	 parse_forget(struct conf_parser *, enum once from, enum once to);
void	 parse_number(struct conf_parser *, enum once, const char *word,
	    const char *value, unsigned int min, unsigned int max,
	    unsigned int *);
void	 parse_seconds(struct conf_parser *, enum once, const char *word,
	    const char *value, unsigned int min, unsigned int max,
	    unsigned int *);
void	 parse_status(struct conf_parser *, const char *path);
bool	 parse_path(struct conf_parser *, const char *what, const char *path);
void	 parse_list_begin(struct conf_parser *);
void	 parse_list_add(struct conf_parser *, const char *);
bool	 parse_list_empty(const struct conf_parser *);

/* conf_parse_signer.c */
void	 parse_signer(struct conf_parser *, int line);
void	 parse_issuer(struct conf_parser *, const char *);
void	 parse_key(struct conf_parser *, const char *path);
void	 parse_key_retired(struct conf_parser *);
void	 parse_key_alg(struct conf_parser *, enum conf_alg, const char *word);
void	 parse_keys(struct conf_parser *, const char *path, enum conf_alg);
void	 parse_key_certificate(struct conf_parser *, const char *path);
void	 parse_store(struct conf_parser *, enum conf_store, const char *);
void	 parse_store_unknown(struct conf_parser *, const char *);
void	 parse_throttle(struct conf_parser *, const char *count,
	    const char *window);
void	 parse_revocations(struct conf_parser *);
void	 parse_revocations_file(struct conf_parser *, const char *path);
void	 parse_revocations_limit(struct conf_parser *, const char *);
void	 parse_revocations_stale(struct conf_parser *, const char *,
	    bool refuse);
void	 parse_trust(struct conf_parser *, int line, const char *issuer);
void	 parse_trust_source(struct conf_parser *, enum conf_trust_source,
	    const char *path);
void	 parse_trust_ca(struct conf_parser *, const char *path);

/* conf_parse_server.c */
void	 parse_server(struct conf_parser *, int line, const char *name);
void	 parse_server_end(struct conf_parser *);
void	 parse_listen(struct conf_parser *, const char *address,
	    enum conf_security, const char *port, bool proxy);
void	 parse_trusted(struct conf_parser *);
void	 parse_tls(struct conf_parser *, int line);
void	 parse_tls_file(struct conf_parser *, enum once, const char *word,
	    const char *path, char **);
void	 parse_tls_end(struct conf_parser *);

/* conf_parse_location.c */
void	 parse_location(struct conf_parser *, int line, const char *path);
void	 parse_location_end(struct conf_parser *);
void	 parse_service(struct conf_parser *, enum conf_service);
void	 parse_audience(struct conf_parser *, const char *, int line);
void	 parse_audiences(struct conf_parser *);
void	 parse_scope(struct conf_parser *, const char *);
void	 parse_realm(struct conf_parser *, const char *);
void	 parse_forward(struct conf_parser *, const char *claim,
	    const char *header);

#endif
