/*
 * The grammar of jwtd.conf(5).  The words come from conf_lex.c, and the actions
 * are in the conf_parse files; what needs the whole file to be seen is left to
 * conf_check().
 */
%{
#include "conf_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* yacc's functions have no argument to carry this */
static struct conf_parser p;

static int	 yylex(void);
static void	 yyerror(const char *);
static void	 define(const char *, const char *);
static void	 include(int, const char *);
%}

%union {
	const char	*string;
	int		 number;	/* a word's line; what was chosen */
}

%token	<number> ACCEPT
%token	<number> AS AUDIENCE CA CERTIFICATE CLAIM CONNECTIONS FORWARD GRANT
%token	<number> HEALTH IDLE INCLUDE INSECURE ISSUER JWKS KEY KEYS LIFETIME
%token	<number> LIMIT LISTEN LOCATION METADATA METRICS ON PER PORT POSTGRES
%token	<number> PREFORK PROXY PS256 REALM REMEMBER REQUEST REQUESTS RESOURCE
%token	<number> RETIRED REUSE RS256 SCOPE SERVER SIGNER STATUS STORE STOREFILE
%token	<number> THROTTLE TIMEOUT TLS TRUST TRUSTED INTROSPECTION REFUSE
%token	<number> REVOCATIONS REVOKE STALE
%token	<string> NAME STRING
%token	BAD
%type	<number> alg security proxy service
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
			parse_number(&p, ONCE_PREFORK, "prefork", $2, 1,
			    CONF_MAX_WORKERS, &p.conf->prefork);
		}
		| TIMEOUT REQUEST STRING {
			parse_seconds(&p, ONCE_TIMEOUT_REQUEST,
			    "timeout request", $3, 1, HOUR,
			    &p.conf->timeout_request);
		}
		| TIMEOUT IDLE STRING {
			parse_seconds(&p, ONCE_TIMEOUT_IDLE, "timeout idle", $3,
			    1, HOUR, &p.conf->timeout_idle);
		}
		| LIMIT CONNECTIONS STRING {
			parse_number(&p, ONCE_LIMIT_CONNECTIONS,
			    "limit connections", $3, 1, 1000000,
			    &p.conf->limit_connections);
		}
		| LIMIT REQUESTS STRING {
			parse_number(&p, ONCE_LIMIT_REQUESTS, "limit requests",
			    $3, 1, 4096, &p.conf->limit_requests);
		}
		| STATUS STRING			{ parse_status(&p, $2); }
		| signer
		| trust
		| server
		;

signer		: signer_open signer_body	{ p.signer = NULL; }
		;
signer_open	: SIGNER '{'			{ parse_signer(&p, $1); }
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
signer_line	: ISSUER STRING			{ parse_issuer(&p, $2); }
		| KEY STRING { parse_key(&p, $2); } key_options
		| KEYS STRING alg		{ parse_keys(&p, $2, $3); }
		| STORE STOREFILE STRING {
			parse_store(&p, CONF_STORE_FILE, $3);
		}
		| STORE POSTGRES STRING {
			parse_store(&p, CONF_STORE_POSTGRES, $3);
		}
		| STORE STRING			{ parse_store_unknown(&p, $2); }
		| STORE STRING STRING		{ parse_store_unknown(&p, $2); }
		| LIFETIME STRING {
			parse_seconds(&p, ONCE_LIFETIME, "lifetime", $2, 1,
			    CONF_LIFETIME_MAX, &p.signer->lifetime);
		}
		| REMEMBER STRING {
			parse_seconds(&p, ONCE_REMEMBER, "remember", $2, 0, DAY,
			    &p.signer->remember);
		}
		| REUSE STRING {
			parse_seconds(&p, ONCE_REUSE, "reuse", $2, 0, DAY,
			    &p.signer->reuse);
		}
		| THROTTLE STRING PER STRING	{ parse_throttle(&p, $2, $4); }
		| REVOCATIONS { parse_revocations(&p); } revocations_options
		| PREFORK STRING {
			parse_number(&p, ONCE_SIGNERS, "prefork", $2, 1,
			    CONF_MAX_SIGNERS, &p.signer->prefork);
		}
		;
alg		: /* empty */			{ $$ = CONF_ALG_DEFAULT; }
		| RS256				{ $$ = CONF_ALG_RS256; }
		| PS256				{ $$ = CONF_ALG_PS256; }
		;
revocations_options
		: /* empty */
		| revocations_options revocations_option
		;
revocations_option
		: STOREFILE STRING	{ parse_revocations_file(&p, $2); }
		| LIMIT STRING		{ parse_revocations_limit(&p, $2); }
		| STALE STRING ACCEPT {
			parse_revocations_stale(&p, $2, false);
		}
		| STALE STRING REFUSE {
			parse_revocations_stale(&p, $2, true);
		}
		;
key_options	: /* empty */
		| key_options key_option
		;
key_option	: RETIRED	{ parse_key_retired(&p); }
		| RS256		{ parse_key_alg(&p, CONF_ALG_RS256, "rs256"); }
		| PS256		{ parse_key_alg(&p, CONF_ALG_PS256, "ps256"); }
		| CERTIFICATE STRING { parse_key_certificate(&p, $2); }
		;

trust		: trust_open trust_body		{ p.trust = NULL; }
		;
trust_open	: TRUST STRING '{'		{ parse_trust(&p, $1, $2); }
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
trust_line	: JWKS STRING	{ parse_trust_source(&p, CONF_TRUST_JWKS, $2); }
		| KEY STRING	{ parse_trust_source(&p, CONF_TRUST_PEM, $2); }
		| CA STRING	{ parse_trust_ca(&p, $2); }
		;

server		: server_open server_body	{ parse_server_end(&p); }
		;
server_open	: SERVER STRING '{'		{ parse_server(&p, $1, $2); }
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
			parse_listen(&p, $3, $4, $5, $6);
		}
		| TRUSTED PROXY list		{ parse_trusted(&p); }
		| tls
		| location
		;
security	: /* empty */			{ $$ = LISTEN_PLAIN; }
		| TLS				{ $$ = LISTEN_TLS; }
		| INSECURE			{ $$ = LISTEN_INSECURE; }
		;
port		: /* empty */			{ $$ = NULL; }
		| PORT STRING			{ $$ = $2; }
		;
proxy		: /* empty */			{ $$ = 0; }
		| PROXY				{ $$ = 1; }
		;

tls		: tls_open tls_body		{ parse_tls_end(&p); }
		;
tls_open	: TLS '{'			{ parse_tls(&p, $1); }
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
			parse_tls_file(&p, ONCE_TLS_CERTIFICATE, "certificate",
			    $2, &p.server->tls_certificate);
		}
		| KEY STRING {
			parse_tls_file(&p, ONCE_TLS_KEY, "key", $2,
			    &p.server->tls_key);
		}
		;

location	: location_open location_body	{ parse_location_end(&p); }
		;
location_open	: LOCATION STRING '{'		{ parse_location(&p, $1, $2); }
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
location_line	: service			{ parse_service(&p, $1); }
		| AUDIENCE STRING {
			parse_audience(&p, $2, p.lex.line);
		}
		| AUDIENCE list			{ parse_audiences(&p); }
		| SCOPE STRING			{ parse_scope(&p, $2); }
		| REALM STRING			{ parse_realm(&p, $2); }
		| LIFETIME STRING {
			parse_seconds(&p, ONCE_TOKEN_LIFETIME, "lifetime", $2,
			    1, CONF_LIFETIME_MAX, &p.location->lifetime);
		}
		| FORWARD CLAIM STRING AS STRING {
			parse_forward(&p, $3, $5);
		}
		;
service		: GRANT				{ $$ = CONF_GRANT; }
		| RESOURCE			{ $$ = CONF_RESOURCE; }
		| REVOKE			{ $$ = CONF_REVOKE; }
		| INTROSPECTION			{ $$ = CONF_INTROSPECTION; }
		| JWKS				{ $$ = CONF_JWKS; }
		| METADATA			{ $$ = CONF_METADATA; }
		| METRICS			{ $$ = CONF_METRICS; }
		| HEALTH			{ $$ = CONF_HEALTH; }
		;

list		: list_open list_items '}'
		| list_open list_items error '}' { yyerrok; }
		;
list_open	: '{'				{ parse_list_begin(&p); }
		;
list_items	: /* empty */
		| list_items '\n'
		| list_items ','
		| list_items STRING		{ parse_list_add(&p, $2); }
		| list_items error '\n'		{ yyerrok; }
		;

%%

static const struct {
	const char	*word;
	int		 token;
} keywords[] = {
	{ "accept", ACCEPT },
	{ "as", AS },
	{ "audience", AUDIENCE },
	{ "ca", CA },
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
	{ "introspection", INTROSPECTION },
	{ "issuer", ISSUER },
	{ "jwks", JWKS },
	{ "key", KEY },
	{ "keys", KEYS },
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
	{ "refuse", REFUSE },
	{ "remember", REMEMBER },
	{ "request", REQUEST },
	{ "requests", REQUESTS },
	{ "resource", RESOURCE },
	{ "retired", RETIRED },
	{ "reuse", REUSE },
	{ "revocations", REVOCATIONS },
	{ "revoke", REVOKE },
	{ "rs256", RS256 },
	{ "scope", SCOPE },
	{ "server", SERVER },
	{ "signer", SIGNER },
	{ "stale", STALE },
	{ "status", STATUS },
	{ "store", STORE },
	{ "throttle", THROTTLE },
	{ "timeout", TIMEOUT },
	{ "tls", TLS },
	{ "trust", TRUST },
	{ "trusted", TRUSTED }
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

static void
yyerror(const char *msg)
{
	if (p.lex.token == '\n')
		parse_error(&p, p.lex.line, "%s at end of line", msg);
	else if (p.lex.token != LEX_BAD && p.lex.token != LEX_END)
		parse_error(&p, p.lex.line, "%s at \"%s\"", msg, p.lex.text);
	parse_mark(&p, p.lex.truncated);
	conf_lex_recover(&p.lex);
}

static void
define(const char *name, const char *value)
{
	const char *c;

	if (keyword(name) != 0) {
		parse_error(&p, p.lex.line,
		    "macro name \"%s\" is a reserved word", name);
		return;
	}
	for (c = name; isalnum((unsigned char)*c) || *c == '_'; c++)
		;
	if (*c != '\0' || c - name > CONF_MAX_TEXT)
		parse_error(&p, p.lex.line, "invalid macro name \"%s\"", name);
	else
		conf_lex_define(&p.lex, name, value);
}

static void
include(int line, const char *path)
{
	if (!conf_lex_include(&p.lex, path, line))
		p.conf->partial = true;
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
