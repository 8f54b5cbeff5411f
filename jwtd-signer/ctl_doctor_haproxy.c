/*
 * jwtctl doctor haproxy: a configuration of HAProxy in front of one server.
 * What it says is explained in etc/haproxy/jwtd.cfg.
 */
#include "ctl_doctor.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "keyfile.h"
#include "log.h"

/* who the client is, first; then that nobody on the way reads along */
static int
rank(const struct conf_listener *l)
{
	if (l->proxy)
		return (l->tls ? 0 : 1);
	if (l->family == AF_UNIX)
		return (2);
	if (l->tls)
		return (3);
	return (conf_listener_loopback(l) ? 4 : 5);
}

/* A string in strong quotes, where nothing but a quote means anything. */
static void
print_quoted(const char *s)
{
	putchar('\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			printf("'\\''");
		else
			putchar(*s);
	}
	putchar('\'');
}

/* HAProxy ends TLS, and lets through what clients ask for themselves. */
static void
print_http(const struct conf_server *server)
{
	const struct conf_location *location;

	printf("# Tokens: HAProxy ends TLS.\n"
	    "listen tokens\n\tmode http\n"
	    "\t# jwtd does not know the certificate of HAProxy\n"
	    "\tbind :443 ssl crt /etc/haproxy/%s.pem\n", server->name);
	TAILQ_FOREACH(location, &server->locations, entry) {
		if (!doctor_public(location))
			continue;
		printf("\tacl public path -m %s ",
		    location->prefix ? "beg" : "str");
		print_quoted(location->path);
		putchar('\n');
	}
	printf("\thttp-request deny deny_status 404 unless public\n"
	    "\thttp-request set-header Host %s\n", server->name);
	if (TAILQ_EMPTY(&server->trusted))
		printf("\t# counts once jwtd.conf has \"trusted proxy\"\n");
	printf("\thttp-request set-header X-Forwarded-For %%[src]\n");
}

static void
print_tokens(const struct conf_server *server, const struct conf_listener *l)
{
	char address[DOCTOR_ADDRESS];

	if (l->tls)
		printf("# Tokens: TLS passes through to jwtd, which has the "
		    "certificate.\n"
		    "listen tokens\n\tmode tcp\n\tbind :443\n");
	else
		print_http(server);
	if (!l->proxy && l->tls)
		printf("\t# jwtd sees HAProxy's address and not the client's: "
		    "that needs \"proxy\"\n\t# after the port in jwtd.conf, "
		    "and \"send-proxy-v2 check-send-proxy\" here\n");
	printf("\tserver jwtd %s%s check%s\n\n",
	    doctor_address(l, "unix@", address),
	    l->proxy ? " send-proxy-v2" : "",
	    l->proxy ? " check-send-proxy" : "");
}

/* What the key that signs is for; NULL after a comment if it cannot be used. */
static const char *
algorithm(const struct conf_signer *signer)
{
	const struct conf_key *key;
	char err[512];
	enum jwk_alg alg;
	EVP_PKEY *pkey;

	key = conf_signing_key(signer);
	alg = key->alg == CONF_ALG_PS256 ? JWK_PS256 : JWK_RS256;
	if ((pkey = keyfile_load_conf(key, &alg, err, sizeof(err))) == NULL)
		printf("# The key cannot be read (%s): is it for %s?\n", err,
		    jwk_alg_name(alg));
	EVP_PKEY_free(pkey);
	if (alg == JWK_RS256 || alg == JWK_ES256)
		return (jwk_alg_name(alg));
	printf("# HAProxy cannot verify %s: let it ask jwtd, or use another "
	    "key.\n", jwk_alg_name(alg));
	return (NULL);
}

/* An extended regular expression for one of the scopes in a list. */
static void
print_scope(const char *scope, size_t len)
{
	char buf[3 * 255 + 32];
	size_t i, n;

	n = strlcpy(buf, "(^| )", sizeof(buf));
	for (i = 0; i < len && n + 16 < sizeof(buf); i++) {
		if (strchr(".[](){}*+?|^$", scope[i]) != NULL)
			buf[n++] = '\\';
		buf[n++] = scope[i];
	}
	buf[n] = '\0';
	(void)strlcat(buf, "( |$)", sizeof(buf));
	print_quoted(buf);
}

/* Returns how many there are. */
static unsigned int
print_scopes(const char *scope)
{
	unsigned int n;
	size_t len;

	for (n = 0; scope != NULL && *scope != '\0'; n++) {
		len = strcspn(scope, " ");
		printf("\tacl good_scope%u var(txn.scope) -m reg ", n + 1);
		print_scope(scope, len);
		putchar('\n');
		scope += len + (scope[len] == ' ');
	}
	return (n);
}

static void
print_variables(void)
{
	static const char *const claims[] = { "iss", "aud", "sub", "scope" };
	size_t i;

	printf("\thttp-request set-var(txn.token) http_auth_bearer\n"
	    "\thttp-request set-var(txn.alg) var(txn.token),"
	    "jwt_header_query('$.alg')\n");
	for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		printf("\thttp-request set-var(txn.%s) var(txn.token),"
		    "jwt_payload_query('$.%s')\n", claims[i], claims[i]);
	printf("\thttp-request set-var(txn.exp) var(txn.token),"
	    "jwt_payload_query('$.exp','int')\n"
	    "\thttp-request set-var(txn.now) date()\n");
}

static void
print_checks(const struct conf_location *location, const char *issuer,
    const char *alg)
{
	unsigned int i, scopes;

	printf("\tacl good_alg var(txn.alg) -m str %s\n"
	    "\tacl good_signature var(txn.token),jwt_verify(txn.alg,"
	    "\"/etc/haproxy/jwtd.pem\") -m int 1\n"
	    "\tacl good_iss var(txn.iss) -m str ", alg);
	print_quoted(issuer);
	printf("\n\t# an audience that is a list is refused here\n"
	    "\tacl good_aud var(txn.aud) -m str");
	for (i = 0; i < location->audience.n; i++) {
		putchar(' ');
		print_quoted(location->audience.v[i]);
	}
	printf("\n\tacl good_time var(txn.exp),sub(txn.now) -m int gt 0\n");
	scopes = print_scopes(location->scope);
	printf("\thttp-request return status 401 hdr WWW-Authenticate "
	    "\"Bearer realm=\\\"%s\\\"\" unless good_alg good_signature "
	    "good_iss good_aud good_time\n", doctor_plain(location->realm) ?
	    location->realm : location->server->name);
	if (scopes == 0)
		return;
	printf("\thttp-request return status 403 hdr WWW-Authenticate "
	    "\"Bearer error=\\\"insufficient_scope\\\"\" unless");
	for (i = 1; i <= scopes; i++)
		printf(" good_scope%u", i);
	putchar('\n');
}

/* The name of a header as one word: it has no blank and no backslash. */
static void
print_escaped(const char *s)
{
	for (; *s != '\0'; s++) {
		if (!isalnum((unsigned char)*s) && *s != '-' && *s != '_')
			putchar('\\');
		putchar(*s);
	}
}

/*
 * The headers of a resource; set-header replaces what the client sent, and
 * percent-encodes control characters.
 */
static void
print_forwards(const struct conf_location *location)
{
	const struct conf_forward *forward;
	const char *p;

	printf("\thttp-request set-header X-Auth-Subject %%[var(txn.sub)]\n"
	    "\thttp-request set-header X-Auth-Scope %%[var(txn.scope)]\n");
	TAILQ_FOREACH(forward, &location->forwards, entry) {
		for (p = forward->claim; isalnum((unsigned char)*p) ||
		    *p == '_'; p++)
			;
		if (*p != '\0' || !doctor_plain(forward->header)) {
			printf("\t# the value has to be written by hand\n"
			    "\thttp-request del-header ");
			print_escaped(forward->header);
			putchar('\n');
			continue;
		}
		printf("\thttp-request set-header %s %%[var(txn.token),"
		    "jwt_payload_query('$.%s')]\n",
		    forward->header, forward->claim);
	}
	printf("\thttp-request del-header Authorization\n");
}

static void
print_api(const struct conf *conf, const struct conf_location *location)
{
	const char *alg;

	if (conf->signer == NULL) {
		printf("# The keys of a trust block have to be given to "
		    "HAProxy as PEM.\n");
		return;
	}
	if ((alg = algorithm(conf->signer)) == NULL)
		return;
	printf("# An API: HAProxy verifies tokens by itself, as location "
	    "\"%s%s\" would.  Each\n"
	    "# new key goes there by \"jwtctl key show > "
	    "/etc/haproxy/jwtd.pem\".\n", location->path,
	    location->prefix ? "*" : "");
	if (conf->signer->directory != NULL)
		printf("# It has one key at a time: in a rotation that of "
		    "the next has to be added.\n");
	printf("frontend api\n\tmode http\n"
	    "\t# what else clients use, jwtd does not know\n"
	    "\tbind :8080\n");
	print_variables();
	print_checks(location, conf->signer->issuer, alg);
	print_forwards(location);
	printf("\tdefault_backend application\n\n"
	    "backend application\n\tmode http\n"
	    "\t# where the application is, jwtd does not know\n"
	    "\tserver application 127.0.0.1:3000\n");
}

int
ctl_doctor_haproxy(struct ctl *ctl, int argc, char **argv)
{
	const struct conf_location *location;
	const struct conf_listener *l;
	const struct conf_server *server;

	if (getopt(argc, argv, "+") != -1 || argc - optind > 1)
		return (CTL_USAGE);
	server = doctor_server(ctl, argc, argv, CONF_NONE);
	if (server == NULL || (ctl->conf->signer != NULL &&
	    ctl_keys(ctl) == NULL))
		return (CTL_FAILED);
	l = doctor_listener(server, rank);
	if (l == NULL) {
		log_warnx("server \"%s\" has no listener that HAProxy can "
		    "use: one with a port or a path", server->name);
		return (CTL_FAILED);
	}
	printf("# HAProxy (2.5 or later) in front of server \"%s\" of "
	    "jwtd(8), on the same host\n\n"
	    "defaults\n\ttimeout connect 5s\n\ttimeout client 60s\n"
	    "\ttimeout server 60s\n\n", server->name);
	if (doctor_location(server, CONF_GRANT) != NULL)
		print_tokens(server, l);
	if ((location = doctor_location(server, CONF_RESOURCE)) != NULL)
		print_api(ctl->conf, location);
	return (CTL_OK);
}
