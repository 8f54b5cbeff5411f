/*
 * jwtd.conf(5) as a struct, and the ways to get one: from a file, or from the
 * bytes that the parent validated.  parse.y fills it, conf_check.c checks it,
 * conf_print.c prints it, and conf.c makes and frees it.
 */
#ifndef CONF_H
#define CONF_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONF_MAX_WORKERS	64
#define CONF_MAX_SIGNERS	64
#define CONF_MAX_LISTENERS	64
#define CONF_MAX_TRUSTS		63
#define CONF_LIFETIME_MAX	2592000		/* seconds: 30 days */

struct strings {
	char	**v;
	size_t	  n;
};

bool	strings_has(const struct strings *, const char *);

enum conf_alg {
	CONF_ALG_DEFAULT,		/* the key's own type decides */
	CONF_ALG_RS256,
	CONF_ALG_PS256
};

struct conf_key {
	TAILQ_ENTRY(conf_key)	 entry;
	char			*path;
	bool			 retired;
	enum conf_alg		 alg;
	char			*certificate;	/* or NULL */
	bool			 found;		/* in the signer's directory */
	bool			 next;		/* then: it signs later */
	int64_t			 since;		/* then: from when it signs */
	int			 line;
	const char		*file;		/* in conf's files; or NULL */
};
TAILQ_HEAD(conf_keys, conf_key);

enum conf_store {
	CONF_STORE_FILE,
	CONF_STORE_POSTGRES
};

/* what was revoked: where it is kept, and what is done without it */
struct conf_revocations {
	bool			 on;
	char			*file;		/* NULL: the store's database */
	unsigned int		 limit;		/* entries in memory */
	unsigned int		 stale;		/* seconds without news: then */
	bool			 refuse;	/* ...accept no token */
};

struct conf_signer {
	char			*issuer;
	/* exactly one is not retired; none before keydir_fill() */
	struct conf_keys	 keys;
	char			*directory;	/* of the keys; or NULL */
	enum conf_alg		 directory_alg;	/* of those of RSA */
	enum conf_store		 store;
	char			*store_arg;	/* path, or libpq's string */
	unsigned int		 lifetime;	/* seconds */
	unsigned int		 remember;	/* seconds; 0: never */
	unsigned int		 reuse;		/* of tokens; the same */
	unsigned int		 throttle_count; /* 0: no throttle */
	unsigned int		 throttle_window; /* seconds */
	struct conf_revocations	 revocations;
	unsigned int		 prefork;
	int			 line;
	const char		*file;		/* in conf's files; or NULL */
	bool			 partial;	/* it had an error inside */
};

enum conf_trust_source {
	CONF_TRUST_JWKS,		/* a file */
	CONF_TRUST_PEM,			/* a file */
	CONF_TRUST_HTTPS		/* a key set at a URL */
};

struct conf_trust {
	TAILQ_ENTRY(conf_trust)	 entry;
	char			*issuer;
	enum conf_trust_source	 source;
	char			*path;		/* or the URL */
	char			*ca;		/* of the URL; or NULL */
	int			 line;
	const char		*file;		/* in conf's files; or NULL */
	bool			 partial;	/* it had an error inside */
};
TAILQ_HEAD(conf_trusts, conf_trust);

struct conf_forward {
	TAILQ_ENTRY(conf_forward) entry;
	char			*claim;
	char			*header;
};
TAILQ_HEAD(conf_forwards, conf_forward);

enum conf_service {
	CONF_NONE,
	CONF_GRANT,
	CONF_RESOURCE,
	CONF_REVOKE,
	CONF_INTROSPECTION,
	CONF_JWKS,
	CONF_METADATA,
	CONF_METRICS,
	CONF_HEALTH
};

struct conf_server;

struct conf_location {
	TAILQ_ENTRY(conf_location) entry;
	struct conf_server	*server;
	char			*path;		/* without the final '*' */
	size_t			 path_len;
	bool			 prefix;	/* it had a final '*' */
	enum conf_service	 service;
	struct strings		 audience;	/* the first is the default */
	unsigned int		 lifetime;	/* seconds; 0: the signer's */
	char			*scope;		/* or NULL: none is needed */
	char			*realm;		/* never NULL after checks */
	struct conf_forwards	 forwards;
	int			 line;
	const char		*file;		/* in conf's files; or NULL */
	bool			 partial;	/* it had an error inside */
};
TAILQ_HEAD(conf_locations, conf_location);

struct conf_listener {
	TAILQ_ENTRY(conf_listener) entry;
	char			*address;	/* numeric, or a path */
	int			 family;	/* AF_INET, AF_INET6, AF_UNIX */
	uint16_t		 port;		/* 0: the system chooses */
	bool			 tls;
	bool			 insecure;
	bool			 proxy;		/* PROXY protocol expected */
	struct sockaddr_storage	 ss;
	socklen_t		 ss_len;
	struct conf_server	**servers;	/* in the file's order */
	size_t			 nservers;
	int			 line;
	const char		*file;		/* in conf's files; or NULL */
};
TAILQ_HEAD(conf_listeners, conf_listener);

struct conf_network {
	TAILQ_ENTRY(conf_network) entry;
	int			 family;
	uint8_t			 address[16];
	unsigned int		 bits;
	char			*text;
};
TAILQ_HEAD(conf_networks, conf_network);

struct conf_server {
	TAILQ_ENTRY(conf_server) entry;
	char			*name;
	struct conf_listener	**listeners;
	size_t			 nlisteners;
	char			*tls_certificate;	/* or NULL */
	char			*tls_key;		/* or NULL */
	struct conf_networks	 trusted;
	struct conf_locations	 locations;
	int			 line;
	const char		*file;		/* in conf's files; or NULL */
	bool			 partial;	/* it had an error inside */
};
TAILQ_HEAD(conf_servers, conf_server);

struct conf {
	unsigned int		 prefork;
	unsigned int		 timeout_request;	/* seconds */
	unsigned int		 timeout_idle;		/* seconds */
	unsigned int		 limit_connections;	/* per worker */
	unsigned int		 limit_requests;	/* per worker */
	char			*status;		/* path, or NULL */
	struct conf_signer	*signer;		/* or NULL */
	struct conf_trusts	 trusts;
	size_t			 ntrusts;
	struct conf_servers	 servers;
	struct conf_listeners	 listeners;	/* each once, of all servers */
	size_t			 nlisteners;
	struct strings		 files;		/* names of what was read */
	bool			 partial;	/* an error outside of blocks */
};

/*
 * Both return a checked configuration that the caller frees with conf_free(),
 * or NULL after every error was written to errors, one a line, as
 * "file:line: text".  With errors NULL they go to log_warnx().  Not reentrant.
 */
struct conf	*conf_load(const char *, FILE *errors);
struct conf	*conf_load_buffer(const char *name, const char *buf, size_t len,
		    FILE *errors);

/*
 * Write it so that conf_load_buffer() reads the same configuration from it,
 * without macros and includes.  Paths come out as they were given.
 */
void		 conf_print(const struct conf *, FILE *);

/* The same configuration once more, checked; NULL after a message. */
struct conf	*conf_copy(const struct conf *);

/*
 * A time of jwtd.conf(5), such as "15m".  Returns NULL, or what is wrong with
 * it, "" if there is no more to say than that it is invalid.
 */
const char	*conf_seconds(const char *, unsigned int min, unsigned int max,
		    unsigned int *);

/*
 * The checks that need the whole file: what a block must have, what may not be
 * twice, what does not fit together; fills in the defaults.  Returns the number
 * of errors that it reported through conf_error().
 */
int		 conf_check(struct conf *, const char *file, FILE *errors);

/*
 * The location of that server that takes the path: the longest match, or NULL.
 * path is decoded and without a query.
 */
const struct conf_location *conf_location_find(const struct conf_server *,
		    const char *path, size_t len);

/*
 * The server of that listener that a Host names (without port, any case), or
 * its first one.
 */
const struct conf_server *conf_server_find(const struct conf_listener *,
		    const char *host, size_t len);

/*
 * Is there a password in libpq's connection string, in any of the forms that it
 * reads?  Such a string is refused, and never repeated in a message.
 */
bool		 conf_conninfo_password(const char *);

/* the one that is not retired */
const struct conf_key *conf_signing_key(const struct conf_signer *);
/* The word of the statement; "none" for CONF_NONE. */
const char	*conf_service_name(enum conf_service);

/* Is it a service to which clients say who they are by Basic? */
bool		 conf_is_basic(enum conf_service);

/* Does any listener have TLS? */
bool		 conf_tls(const struct conf *);

/* "127.0.0.1 port 80", "[::1] port 80" or the path; for logs */
const char	*conf_listener_name(const struct conf_listener *, char *buf,
		    size_t size);

/* is it a loopback address, or a Unix socket? */
bool		 conf_listener_loopback(const struct conf_listener *);

struct conf	*conf_new(void);
void		 conf_free(struct conf *);

#endif
