/*
 * The grammar of jwtd.conf(5).  The words come from conf_lex.c; what each
 * statement means is checked here, at its line; what needs the whole file to
 * be seen is left to conf_check().
 */
%{
#include "conf_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOUR	(60 * 60)
#define DAY	(24 * HOUR)

/* statements that a block, or the file, has once */
enum once {
	ONCE_PREFORK,
	ONCE_TIMEOUT_REQUEST,
	ONCE_TIMEOUT_IDLE,
	ONCE_LIMIT_CONNECTIONS,
	ONCE_LIMIT_REQUESTS,
	ONCE_ISSUER,
	ONCE_STORE,
	ONCE_LIFETIME,
	ONCE_REMEMBER,
	ONCE_THROTTLE,
	ONCE_SIGNERS,
	ONCE_RETIRED,
	ONCE_ALG,
	ONCE_KEY_CERTIFICATE,
	ONCE_TLS,
	ONCE_TLS_CERTIFICATE,
	ONCE_TLS_KEY,
	ONCE_SERVICE,
	ONCE_AUDIENCE,		/* these four are for some services only */
	ONCE_SCOPE,
	ONCE_REALM,
	ONCE_FORWARD,
	ONCE_N
};

struct item {
	const char	*text;
	int		 line;
};

/* yacc's functions have no argument to carry this */
static struct {
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
} p;

static int	 yylex(void);
static void	 yyerror(const char *);
static void	 error_at(int, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

static void	 define(const char *, const char *);
static void	 include(int, const char *);
static void	 number(enum once, const char *, const char *, unsigned int,
		    unsigned int, unsigned int *);
static void	 seconds(enum once, const char *, const char *, unsigned int,
		    unsigned int, unsigned int *);
static void	 list_begin(void);
static void	 list_add(const char *);

static void	 signer_begin(int);
static void	 signer_issuer(const char *);
static void	 signer_key(const char *);
static void	 key_retired(void);
static void	 key_alg(enum conf_alg, const char *);
static void	 key_certificate(const char *);
static void	 signer_store(enum conf_store, const char *);
static void	 store_unknown(const char *);
static void	 signer_throttle(const char *, const char *);

static void	 trust_begin(int, const char *);
static void	 trust_source(enum conf_trust_source, const char *);

static void	 server_begin(int, const char *);
static void	 server_end(void);
static void	 server_listen(const char *, int, const char *, int);
static void	 server_trusted(void);
static void	 tls_begin(int);
static void	 tls_file(enum once, const char *, const char *, char **);
static void	 tls_end(void);

static void	 location_begin(int, const char *);
static void	 location_end(void);
static void	 location_service(enum conf_service);
static void	 location_audience(const char *, int);
static void	 location_audiences(void);
static void	 location_scope(const char *);
static void	 location_realm(const char *);
static void	 location_forward(const char *, const char *);
%}

%union {
	const char	*string;
	int		 number;	/* a word's line; what was chosen */
}

%token	<number> AS AUDIENCE CERTIFICATE CLAIM CONNECTIONS FORWARD GRANT HEALTH
%token	<number> IDLE INCLUDE INSECURE ISSUER JWKS KEY LIFETIME LIMIT LISTEN
%token	<number> LOCATION METADATA METRICS ON PER PORT POSTGRES PREFORK PROXY
%token	<number> PS256 REALM REMEMBER REQUEST REQUESTS RESOURCE RETIRED RS256
%token	<number> SCOPE SERVER SIGNER STORE STOREFILE THROTTLE TIMEOUT TLS TRUST
%token	<number> TRUSTED
%token	<string> NAME STRING
%token	BAD
%type	<number> security proxy service
%type	<string> port

%%

/*
 * Each block is: what opens it, lines, and a brace, which one more statement
 * or something wrong may stand before.
 */
grammar		: /* empty */
		| grammar '\n'
		| grammar include
		| grammar statement '\n'
		| grammar error '\n'		{ yyerrok; }
		;

/* reduced as soon as the line has ended, so that the next word is the file's */
include		: INCLUDE STRING '\n'		{ include($1, $2); }
		;

statement	: NAME '=' STRING		{ define($1, $3); }
		| PREFORK STRING {
			number(ONCE_PREFORK, "prefork", $2, 1,
			    CONF_MAX_WORKERS, &p.conf->prefork);
		}
		| TIMEOUT REQUEST STRING {
			seconds(ONCE_TIMEOUT_REQUEST, "timeout request", $3, 1,
			    HOUR, &p.conf->timeout_request);
		}
		| TIMEOUT IDLE STRING {
			seconds(ONCE_TIMEOUT_IDLE, "timeout idle", $3, 1, HOUR,
			    &p.conf->timeout_idle);
		}
		| LIMIT CONNECTIONS STRING {
			number(ONCE_LIMIT_CONNECTIONS, "limit connections", $3,
			    1, 1000000, &p.conf->limit_connections);
		}
		| LIMIT REQUESTS STRING {
			number(ONCE_LIMIT_REQUESTS, "limit requests", $3, 1,
			    4096, &p.conf->limit_requests);
		}
		| signer
		| trust
		| server
		;

signer		: signer_open signer_body	{ p.signer = NULL; }
		;
signer_open	: SIGNER '{'			{ signer_begin($1); }
		;
signer_body	: signer_lines '}'
		| signer_lines signer_line '}'
		| signer_lines error '}'	{ yyerrok; }
		;
signer_lines	: /* empty */
		| signer_lines '\n'
		| signer_lines signer_line '\n'
		| signer_lines error '\n'	{ yyerrok; }
		;
signer_line	: ISSUER STRING			{ signer_issuer($2); }
		| KEY STRING			{ signer_key($2); } key_options
		| STORE STOREFILE STRING {
			signer_store(CONF_STORE_FILE, $3);
		}
		| STORE POSTGRES STRING {
			signer_store(CONF_STORE_POSTGRES, $3);
		}
		| STORE STRING			{ store_unknown($2); }
		| STORE STRING STRING		{ store_unknown($2); }
		| LIFETIME STRING {
			seconds(ONCE_LIFETIME, "lifetime", $2, 1, 30 * DAY,
			    &p.signer->lifetime);
		}
		| REMEMBER STRING {
			seconds(ONCE_REMEMBER, "remember", $2, 0, DAY,
			    &p.signer->remember);
		}
		| THROTTLE STRING PER STRING	{ signer_throttle($2, $4); }
		| PREFORK STRING {
			number(ONCE_SIGNERS, "prefork", $2, 1,
			    CONF_MAX_SIGNERS, &p.signer->prefork);
		}
		;
key_options	: /* empty */
		| key_options key_option
		;
key_option	: RETIRED			{ key_retired(); }
		| RS256				{ key_alg(CONF_ALG_RS256, "rs256"); }
		| PS256				{ key_alg(CONF_ALG_PS256, "ps256"); }
		| CERTIFICATE STRING		{ key_certificate($2); }
		;

trust		: trust_open trust_body		{ p.trust = NULL; }
		;
trust_open	: TRUST STRING '{'		{ trust_begin($1, $2); }
		;
trust_body	: trust_lines '}'
		| trust_lines trust_line '}'
		| trust_lines error '}'		{ yyerrok; }
		;
trust_lines	: /* empty */
		| trust_lines '\n'
		| trust_lines trust_line '\n'
		| trust_lines error '\n'	{ yyerrok; }
		;
trust_line	: JWKS STRING	{ trust_source(CONF_TRUST_JWKS, $2); }
		| KEY STRING	{ trust_source(CONF_TRUST_PEM, $2); }
		;

server		: server_open server_body	{ server_end(); }
		;
server_open	: SERVER STRING '{'		{ server_begin($1, $2); }
		;
server_body	: server_lines '}'
		| server_lines server_line '}'
		| server_lines error '}'	{ yyerrok; }
		;
server_lines	: /* empty */
		| server_lines '\n'
		| server_lines server_line '\n'
		| server_lines error '\n'	{ yyerrok; }
		;
server_line	: LISTEN ON STRING security port proxy {
			server_listen($3, $4, $5, $6);
		}
		| TRUSTED PROXY list		{ server_trusted(); }
		| tls
		| location
		;
security	: /* empty */			{ $$ = 0; }
		| TLS				{ $$ = TLS; }
		| INSECURE			{ $$ = INSECURE; }
		;
port		: /* empty */			{ $$ = NULL; }
		| PORT STRING			{ $$ = $2; }
		;
proxy		: /* empty */			{ $$ = 0; }
		| PROXY				{ $$ = 1; }
		;

tls		: tls_open tls_body		{ tls_end(); }
		;
tls_open	: TLS '{'			{ tls_begin($1); }
		;
tls_body	: tls_lines '}'
		| tls_lines tls_line '}'
		| tls_lines error '}'		{ yyerrok; }
		;
tls_lines	: /* empty */
		| tls_lines '\n'
		| tls_lines tls_line '\n'
		| tls_lines error '\n'		{ yyerrok; }
		;
tls_line	: CERTIFICATE STRING {
			tls_file(ONCE_TLS_CERTIFICATE, "certificate", $2,
			    &p.server->tls_certificate);
		}
		| KEY STRING {
			tls_file(ONCE_TLS_KEY, "key", $2, &p.server->tls_key);
		}
		;

location	: location_open location_body	{ location_end(); }
		;
location_open	: LOCATION STRING '{'		{ location_begin($1, $2); }
		;
location_body	: location_lines '}'
		| location_lines location_line '}'
		| location_lines error '}'	{ yyerrok; }
		;
location_lines	: /* empty */
		| location_lines '\n'
		| location_lines location_line '\n'
		| location_lines error '\n'	{ yyerrok; }
		;
location_line	: service			{ location_service($1); }
		| AUDIENCE STRING {
			location_audience($2, p.lex.line);
		}
		| AUDIENCE list			{ location_audiences(); }
		| SCOPE STRING			{ location_scope($2); }
		| REALM STRING			{ location_realm($2); }
		| FORWARD CLAIM STRING AS STRING {
			location_forward($3, $5);
		}
		;
service		: GRANT				{ $$ = CONF_GRANT; }
		| RESOURCE			{ $$ = CONF_RESOURCE; }
		| JWKS				{ $$ = CONF_JWKS; }
		| METADATA			{ $$ = CONF_METADATA; }
		| METRICS			{ $$ = CONF_METRICS; }
		| HEALTH			{ $$ = CONF_HEALTH; }
		;

list		: list_open list_items '}'
		| list_open list_items error '}' { yyerrok; }
		;
list_open	: '{'				{ list_begin(); }
		;
list_items	: /* empty */
		| list_items '\n'
		| list_items ','
		| list_items STRING		{ list_add($2); }
		| list_items error '\n'		{ yyerrok; }
		;

%%

static const struct {
	const char	*word;
	int		 token;
} keywords[] = {
	{ "as", AS },
	{ "audience", AUDIENCE },
	{ "certificate", CERTIFICATE },
	{ "claim", CLAIM },
	{ "connections", CONNECTIONS },
	{ "file", STOREFILE },
	{ "forward", FORWARD },
	{ "grant", GRANT },
	{ "health", HEALTH },
	{ "idle", IDLE },
	{ "include", INCLUDE },
	{ "insecure", INSECURE },
	{ "issuer", ISSUER },
	{ "jwks", JWKS },
	{ "key", KEY },
	{ "lifetime", LIFETIME },
	{ "limit", LIMIT },
	{ "listen", LISTEN },
	{ "location", LOCATION },
	{ "metadata", METADATA },
	{ "metrics", METRICS },
	{ "on", ON },
	{ "per", PER },
	{ "port", PORT },
	{ "postgres", POSTGRES },
	{ "prefork", PREFORK },
	{ "proxy", PROXY },
	{ "ps256", PS256 },
	{ "realm", REALM },
	{ "remember", REMEMBER },
	{ "request", REQUEST },
	{ "requests", REQUESTS },
	{ "resource", RESOURCE },
	{ "retired", RETIRED },
	{ "rs256", RS256 },
	{ "scope", SCOPE },
	{ "server", SERVER },
	{ "signer", SIGNER },
	{ "store", STORE },
	{ "throttle", THROTTLE },
	{ "timeout", TIMEOUT },
	{ "tls", TLS },
	{ "trust", TRUST },
	{ "trusted", TRUSTED }
};

/* what parses already but does nothing yet: a line goes when its feature comes */
static const char *const laters[] = {
	"certificate",		/* of a signing key */
	"jwks https://",
	"metadata",
	"metrics",
	"proxy",
	"ps256",
	"remember",
	"store postgres",
	"throttle",
	"trusted proxy"
};

static int
keyword(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strcmp(keywords[i].word, word) == 0)
			return (keywords[i].token);
	return (0);
}

static int
yylex(void)
{
	int token;

	token = conf_lex(&p.lex);
	switch (token) {
	case LEX_WORD:
		token = keyword(p.lex.text);
		if (token != 0) {
			yylval.number = p.lex.line;
			return (token);
		}
		/* FALLTHROUGH */
	case LEX_STRING:
		yylval.string = p.lex.text;
		return (STRING);
	case LEX_NAME:
		yylval.string = p.lex.text;
		return (NAME);
	case LEX_BAD:
		return (BAD);
	}
	return (token);
}

/* What is in error may hold what will then seem to be missing. */
static void
mark(bool all)
{
	if (p.location != NULL)
		p.location->partial = true;
	if (p.server != NULL && (all || p.location == NULL))
		p.server->partial = true;
	if (p.signer != NULL)
		p.signer->partial = true;
	if (p.trust != NULL)
		p.trust->partial = true;
	if (all || (p.server == NULL && p.signer == NULL && p.trust == NULL))
		p.conf->partial = true;
}

static void
error_at(int line, const char *fmt, ...)
{
	char text[CONF_MAX_STRING * 2 + 256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_error(&p.errors, p.lex.file, line, "%s", text);
	mark(false);
}

static void
yyerror(const char *msg)
{
	if (p.lex.token == '\n')
		error_at(p.lex.line, "%s at end of line", msg);
	else if (p.lex.token != LEX_BAD && p.lex.token != LEX_END)
		error_at(p.lex.line, "%s at \"%s\"", msg, p.lex.text);
	mark(p.lex.truncated);
	conf_lex_recover(&p.lex);
}

static void
later(const char *word)
{
	struct conf_later *later;
	size_t i;
	int n;

	for (i = 0; i < sizeof(laters) / sizeof(laters[0]); i++)
		if (strcmp(laters[i], word) == 0)
			break;
	if (i == sizeof(laters) / sizeof(laters[0]))
		return;
	later = conf_alloc(sizeof(*later));
	n = asprintf(&later->text,
	    "%s:%d: \"%s\" is not available in this version", p.lex.file,
	    p.lex.line, word);
	if (n == -1)
		later->text = conf_dup(word);
	TAILQ_INSERT_TAIL(&p.conf->laters, later, entry);
}

static bool
valid(const char *what, const char *value, const char *why)
{
	if (why == NULL)
		return (true);
	error_at(p.lex.line, "invalid %s \"%s\"%s%s", what, value,
	    *why != '\0' ? ": " : "", why);
	return (false);
}

static bool
once(enum once which, const char *word)
{
	if (p.seen[which] != 0) {
		error_at(p.lex.line, "duplicate \"%s\"", word);
		return (false);
	}
	p.seen[which] = p.lex.line;
	return (true);
}

static void
forget(enum once from, enum once to)
{
	memset(&p.seen[from], 0, (to - from + 1) * sizeof(p.seen[0]));
}

static void
define(const char *name, const char *value)
{
	const char *c;

	if (keyword(name) != 0) {
		error_at(p.lex.line, "macro name \"%s\" is a reserved word",
		    name);
		return;
	}
	for (c = name; isalnum((unsigned char)*c) || *c == '_'; c++)
		;
	if (*c != '\0' || c - name > CONF_MAX_TEXT)
		error_at(p.lex.line, "invalid macro name \"%s\"", name);
	else
		conf_lex_define(&p.lex, name, value);
}

static void
include(int line, const char *path)
{
	if (!conf_lex_include(&p.lex, path, line))
		p.conf->partial = true;
}

static void
number(enum once which, const char *word, const char *value, unsigned int min,
    unsigned int max, unsigned int *out)
{
	if (once(which, word))
		(void)valid(word, value, conf_number(value, min, max, out));
}

static void
seconds(enum once which, const char *word, const char *value,
    unsigned int min, unsigned int max, unsigned int *out)
{
	if (!once(which, word))
		return;
	(void)valid(word, value, conf_seconds(value, min, max, out));
	later(word);
}

static void
list_begin(void)
{
	p.nitems = 0;
	p.list_errors = p.errors.n;
}

static bool
list_empty(void)
{
	return (p.nitems == 0 && p.errors.n == p.list_errors);
}

static void
list_add(const char *text)
{
	p.items = conf_grow(p.items, p.nitems + 1, sizeof(*p.items));
	p.items[p.nitems].text = text;
	p.items[p.nitems].line = p.lex.line;
	p.nitems++;
}

static void
signer_begin(int line)
{
	forget(ONCE_ISSUER, ONCE_SIGNERS);
	if (p.conf->signer != NULL) {
		error_at(line, "duplicate \"signer\"");
		conf_signer_free(p.conf->signer);
	}
	p.signer = p.conf->signer = conf_signer_new();
	p.signer->file = p.lex.file;
	p.signer->line = line;
}

static void
signer_issuer(const char *issuer)
{
	if (!once(ONCE_ISSUER, "issuer") ||
	    !valid("issuer", issuer, conf_text(issuer, CONF_MAX_TEXT)))
		return;
	p.signer->issuer = conf_dup(issuer);
}

static bool
path_valid(const char *what, const char *path)
{
	return (valid(what, path, conf_bytes(path, CONF_MAX_STRING)));
}

static void
signer_key(const char *path)
{
	struct conf_key *key;

	forget(ONCE_RETIRED, ONCE_KEY_CERTIFICATE);
	(void)path_valid("key", path);
	TAILQ_FOREACH(key, &p.signer->keys, entry)
		if (strcmp(key->path, path) == 0)
			error_at(p.lex.line, "duplicate key \"%s\"", path);
	key = conf_alloc(sizeof(*key));
	key->path = conf_dup(path);
	key->file = p.lex.file;
	key->line = p.lex.line;
	TAILQ_INSERT_TAIL(&p.signer->keys, key, entry);
	p.key = key;
}

static void
key_retired(void)
{
	if (once(ONCE_RETIRED, "retired"))
		p.key->retired = true;
}

static void
key_alg(enum conf_alg alg, const char *word)
{
	if (p.key->alg != CONF_ALG_DEFAULT && p.key->alg != alg)
		error_at(p.lex.line, "a key is either \"rs256\" or \"ps256\"");
	else if (once(ONCE_ALG, word)) {
		p.key->alg = alg;
		later(word);
	}
}

static void
key_certificate(const char *path)
{
	if (!once(ONCE_KEY_CERTIFICATE, "certificate") ||
	    !path_valid("certificate", path))
		return;
	p.key->certificate = conf_dup(path);
	later("certificate");
}

static void
signer_store(enum conf_store store, const char *arg)
{
	const char *why;

	if (!once(ONCE_STORE, "store"))
		return;
	if (store == CONF_STORE_POSTGRES) {
		why = conf_conninfo(arg);
		/* never repeat what may be a secret */
		if (why != NULL && strcmp(why, "password") == 0) {
			error_at(p.lex.line, "\"store postgres\" with a "
			    "password: use a service or password file");
			return;
		}
		if (!valid("store", arg, why))
			return;
		later("store postgres");
	} else if (!path_valid("store", arg))
		return;
	p.signer->store = store;
	p.signer->store_arg = conf_dup(arg);
}

static void
store_unknown(const char *store)
{
	error_at(p.lex.line, "unknown store \"%s\"", store);
}

static void
signer_throttle(const char *count, const char *window)
{
	if (!once(ONCE_THROTTLE, "throttle"))
		return;
	(void)valid("throttle", count, conf_number(count, 1, 1000000,
	    &p.signer->throttle_count));
	(void)valid("throttle", window, conf_seconds(window, 1, DAY,
	    &p.signer->throttle_window));
	later("throttle");
}

static void
trust_begin(int line, const char *issuer)
{
	struct conf_trust *trust;

	trust = conf_alloc(sizeof(*trust));
	trust->issuer = conf_dup(issuer);
	trust->file = p.lex.file;
	trust->line = line;
	(void)valid("issuer", issuer, conf_text(issuer, CONF_MAX_TEXT));
	TAILQ_INSERT_TAIL(&p.conf->trusts, trust, entry);
	p.trust = trust;
}

static void
trust_source(enum conf_trust_source source, const char *path)
{
	if (p.trust->path != NULL) {
		error_at(p.lex.line, "trust \"%s\" has more than one source",
		    p.trust->issuer);
		return;
	}
	if (source == CONF_TRUST_PEM && !path_valid("key", path))
		return;
	if (source == CONF_TRUST_JWKS) {
		if (strncasecmp(path, "http://", 7) == 0) {
			(void)valid("jwks", path, "not \"https://\"");
			return;
		}
		if (!path_valid("jwks", path))
			return;
		if (strncmp(path, "https://", 8) == 0)
			later("jwks https://");
	}
	p.trust->source = source;
	p.trust->path = conf_dup(path);
}

static void
server_begin(int line, const char *name)
{
	struct conf_server *server;

	forget(ONCE_TLS, ONCE_TLS);
	server = conf_alloc(sizeof(*server));
	server->name = conf_dup(name);
	server->file = p.lex.file;
	server->line = line;
	TAILQ_INIT(&server->trusted);
	TAILQ_INIT(&server->locations);
	TAILQ_INSERT_TAIL(&p.conf->servers, server, entry);
	p.server = server;
	(void)valid("server", name, conf_host(name));
}

static void
server_end(void)
{
	struct conf_server *server;
	size_t i;

	server = p.server;
	for (i = 0; i < server->nlisteners; i++)
		if (server->listeners[i]->tls)
			break;
	if (i == server->nlisteners && p.seen[ONCE_TLS] != 0 &&
	    !server->partial)
		error_at(p.seen[ONCE_TLS], "server \"%s\" has a tls block and "
		    "does not listen with \"tls\"", server->name);
	p.server = NULL;
}

/* Is the address, the port and the word before it something to listen on? */
static bool
listen_valid(struct conf_listener *l, const char *address, int security,
    const char *port)
{
	char name[CONF_MAX_STRING + 64];
	unsigned int n;

	if (*address == '/') {
		if (security != 0 || port != NULL) {
			error_at(p.lex.line, "\"%s\" is not for a Unix socket",
			    security == TLS ? "tls" :
			    security == INSECURE ? "insecure" : "port");
			return (false);
		}
		return (valid("socket", address, conf_socket(address, l)));
	}
	n = 0;
	if (port != NULL &&
	    !valid("port", port, conf_number(port, 0, 65535, &n)))
		return (false);
	if (!valid("address", address, conf_address(address, n, l)))
		return (false);
	if (port == NULL) {
		error_at(p.lex.line, "listen on %s has no port", l->address);
		return (false);
	}
	l->tls = security == TLS;
	l->insecure = security == INSECURE;
	if (l->tls || l->insecure || conf_listener_loopback(l))
		return (true);
	error_at(p.lex.line, "listen on %s is without \"tls\": write "
	    "\"insecure\" if that is meant",
	    conf_listener_name(l, name, sizeof(name)));
	return (false);
}

/* What keeps a server from sharing a listener that others have, is reported. */
static void
listener_agree(const struct conf_listener *old, const struct conf_listener *l)
{
	char name[CONF_MAX_STRING + 64];
	size_t i;

	(void)conf_listener_name(old, name, sizeof(name));
	for (i = 0; i < old->nservers; i++) {
		if (old->servers[i] == p.server) {
			error_at(p.lex.line, "duplicate listen on %s", name);
			return;
		}
		if (strcasecmp(old->servers[i]->name, p.server->name) == 0) {
			error_at(p.lex.line, "duplicate server \"%s\" on %s",
			    p.server->name, name);
			return;
		}
	}
	if (old->tls != l->tls || old->insecure != l->insecure ||
	    old->proxy != l->proxy)
		error_at(p.lex.line, "listen on %s differs from %s:%d", name,
		    old->file, old->line);
}

/* Put it into the list, or free it and return the same one from there. */
static struct conf_listener *
listener_share(struct conf_listener *l)
{
	struct conf_listener *old;

	TAILQ_FOREACH(old, &p.conf->listeners, entry)
		if (old->family == l->family && old->port == l->port &&
		    strcmp(old->address, l->address) == 0) {
			listener_agree(old, l);
			free(l->address);
			free(l);
			return (old);
		}
	if (p.conf->nlisteners == CONF_MAX_LISTENERS)
		error_at(p.lex.line, "more than %d listeners",
		    CONF_MAX_LISTENERS);
	TAILQ_INSERT_TAIL(&p.conf->listeners, l, entry);
	p.conf->nlisteners++;
	return (l);
}

static void
server_listen(const char *address, int security, const char *port, int proxy)
{
	struct conf_listener *l;
	struct conf_server *server;

	if (proxy)
		later("proxy");
	server = p.server;
	l = conf_alloc(sizeof(*l));
	l->file = p.lex.file;
	l->line = p.lex.line;
	l->proxy = proxy;
	if (!listen_valid(l, address, security, port)) {
		free(l->address);
		free(l);
		return;
	}
	l = listener_share(l);
	l->servers = conf_grow(l->servers, l->nservers + 1,
	    sizeof(*l->servers));
	l->servers[l->nservers++] = server;
	server->listeners = conf_grow(server->listeners,
	    server->nlisteners + 1, sizeof(*server->listeners));
	server->listeners[server->nlisteners++] = l;
}

static void
server_trusted(void)
{
	struct conf_network *network;
	const char *why;
	size_t i;

	later("trusted proxy");
	if (list_empty())
		error_at(p.lex.line, "empty \"trusted proxy\"");
	for (i = 0; i < p.nitems; i++) {
		network = conf_alloc(sizeof(*network));
		why = conf_network(p.items[i].text, network);
		if (why == NULL) {
			TAILQ_INSERT_TAIL(&p.server->trusted, network, entry);
			continue;
		}
		free(network);
		error_at(p.items[i].line, "invalid network \"%s\"%s%s",
		    p.items[i].text, *why != '\0' ? ": " : "", why);
	}
}

static void
tls_begin(int line)
{
	(void)once(ONCE_TLS, "tls");
	p.seen[ONCE_TLS] = line;
	p.tls_errors = p.errors.n;
	forget(ONCE_TLS_CERTIFICATE, ONCE_TLS_KEY);
}

static void
tls_file(enum once which, const char *word, const char *path, char **out)
{
	if (!once(which, word) || !path_valid(word, path))
		return;
	free(*out);		/* of another tls block, which is an error */
	*out = conf_dup(path);
}

static void
tls_end(void)
{
	if (p.errors.n != p.tls_errors)
		return;
	if (p.server->tls_certificate == NULL)
		error_at(p.seen[ONCE_TLS], "tls has no certificate");
	if (p.server->tls_key == NULL)
		error_at(p.seen[ONCE_TLS], "tls has no key");
}

static void
location_begin(int line, const char *path)
{
	struct conf_location *location, *other;
	size_t len;

	forget(ONCE_SERVICE, ONCE_FORWARD);
	location = conf_alloc(sizeof(*location));
	location->server = p.server;
	location->file = p.lex.file;
	location->line = line;
	TAILQ_INIT(&location->forwards);
	location->path = conf_dup(path);
	len = strlen(path);
	location->prefix = len > 0 && path[len - 1] == '*';
	if (location->prefix)
		location->path[--len] = '\0';
	location->path_len = len;
	p.location = location;
	(void)valid("location", path, conf_location_path(path));
	TAILQ_FOREACH(other, &p.server->locations, entry)
		if (other->prefix == location->prefix &&
		    strcmp(other->path, location->path) == 0)
			error_at(line, "duplicate location \"%s\"", path);
	TAILQ_INSERT_TAIL(&p.server->locations, location, entry);
}

static void
location_end(void)
{
	static const struct {
		enum once	 which;
		const char	*word;
		bool		 grant;		/* else for resource only */
	} some[] = {
		{ ONCE_AUDIENCE, "audience", true },
		{ ONCE_SCOPE, "scope", false },
		{ ONCE_REALM, "realm", true },
		{ ONCE_FORWARD, "forward", false }
	};
	enum conf_service service;
	size_t i;

	service = p.location->service;
	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		if (p.seen[some[i].which] == 0 || service == CONF_NONE ||
		    service == CONF_RESOURCE ||
		    (service == CONF_GRANT && some[i].grant))
			continue;
		error_at(p.seen[some[i].which], "\"%s\" is not for \"%s\"",
		    some[i].word, conf_service_name(service));
	}
	p.location = NULL;
}

static void
location_service(enum conf_service service)
{
	if (p.location->service != CONF_NONE) {
		error_at(p.lex.line, "\"%s\" after \"%s\": a location is for "
		    "one service", conf_service_name(service),
		    conf_service_name(p.location->service));
		return;
	}
	p.location->service = service;
	later(conf_service_name(service));
}

static void
location_audience(const char *audience, int line)
{
	const char *why;

	if (p.seen[ONCE_AUDIENCE] == 0)
		p.seen[ONCE_AUDIENCE] = line;
	why = conf_text(audience, CONF_MAX_TEXT);
	if (why != NULL)
		error_at(line, "invalid audience \"%s\": %s", audience, why);
	else if (strings_has(&p.location->audience, audience))
		error_at(line, "duplicate audience \"%s\"", audience);
	else
		strings_add(&p.location->audience, audience);
}

static void
location_audiences(void)
{
	size_t i;

	if (list_empty())
		error_at(p.lex.line, "empty \"audience\"");
	for (i = 0; i < p.nitems; i++)
		location_audience(p.items[i].text, p.items[i].line);
}

static void
location_scope(const char *scope)
{
	if (once(ONCE_SCOPE, "scope") &&
	    valid("scope", scope, conf_scope(scope)))
		p.location->scope = conf_dup(scope);
}

static void
location_realm(const char *realm)
{
	if (once(ONCE_REALM, "realm") &&
	    valid("realm", realm, conf_realm(realm)))
		p.location->realm = conf_dup(realm);
}

static void
location_forward(const char *claim, const char *header)
{
	struct conf_forward *forward;

	p.seen[ONCE_FORWARD] = p.lex.line;
	if (!valid("claim", claim, conf_text(claim, CONF_MAX_TEXT)) ||
	    !valid("header", header, conf_header(header)))
		return;
	TAILQ_FOREACH(forward, &p.location->forwards, entry)
		if (strcasecmp(forward->header, header) == 0) {
			error_at(p.lex.line, "duplicate header \"%s\"",
			    header);
			return;
		}
	forward = conf_alloc(sizeof(*forward));
	forward->claim = conf_dup(claim);
	forward->header = conf_dup(header);
	TAILQ_INSERT_TAIL(&p.location->forwards, forward, entry);
}

static struct conf *
load(const char *name, const char *buf, size_t len, FILE *errors)
{
	struct conf *conf;
	bool readable;
	int n;

	memset(&p, 0, sizeof(p));
	p.errors.out = errors;
	p.conf = conf_new();
	conf_lex_init(&p.lex, &p.errors, &p.conf->files);
	p.lex.file = name;
	readable = buf != NULL ?
	    conf_lex_buffer(&p.lex, name, buf, len) :
	    conf_lex_file(&p.lex, name);
	if (readable) {
		if (yyparse() != 0 && p.errors.n == 0)
			conf_error(&p.errors, name, 0, "cannot be parsed");
		if (p.errors.n <= CONF_MAX_ERRORS)
			p.errors.n += conf_check(p.conf, name, errors);
	}
	conf = p.conf;
	n = p.errors.n;
	conf_lex_free(&p.lex);
	free(p.items);
	memset(&p, 0, sizeof(p));
	if (n == 0)
		return (conf);
	conf_free(conf);
	return (NULL);
}

struct conf *
conf_load(const char *path, FILE *errors)
{
	return (load(path, NULL, 0, errors));
}

struct conf *
conf_load_buffer(const char *name, const char *buf, size_t len, FILE *errors)
{
	return (load(name, buf, len, errors));
}
