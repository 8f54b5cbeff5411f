/*
 * jwtctl doctor nginx: a configuration of nginx for the http block, in front of
 * one server.  What it says is explained in etc/nginx/jwtd.conf.
 */
#include "ctl_doctor.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define PATH_SIZE	1088	/* a location's, and a little */

/* nginx cannot send the PROXY protocol over HTTP. */
static int
rank(const struct conf_listener *l)
{
	if (l->proxy)
		return (-1);
	if (l->family == AF_UNIX)
		return (0);
	if (l->tls)
		return (2);
	return (conf_listener_loopback(l) ? 1 : 3);
}

static void
print_upstream(const struct conf *conf, const struct conf_listener *l)
{
	char address[DOCTOR_ADDRESS];
	unsigned int keep;

	/* shorter than jwtd's, or nginx uses one that jwtd is closing */
	keep = conf->timeout_idle > 20 ? conf->timeout_idle - 10 :
	    (conf->timeout_idle + 1) / 2;
	printf("upstream jwtd {\n\tserver %s;\n",
	    doctor_address(l, "unix:", address));
	printf("\t# less than \"timeout idle\", which is %us\n"
	    "\tkeepalive 16;\n\tkeepalive_timeout %us;\n}\n\n",
	    conf->timeout_idle, keep);
}

/* Both lists of headers, since one in a location replaces all from above. */
static void
print_headers(const struct conf_server *server, const char *indent)
{
	printf("%sproxy_set_header Connection \"\";\n"
	    "%sproxy_set_header Host %s;\n"
	    "%sproxy_set_header X-Forwarded-For $remote_addr;\n", indent,
	    indent, server->name, indent);
}

static void
print_tls(const struct conf_server *server)
{
	printf("\t# jwtd's own certificate; any of nginx's that names jwtd's\n"
	    "\t# authority will do\n"
	    "\tproxy_ssl_trusted_certificate %s;\n"
	    "\tproxy_ssl_verify on;\n"
	    "\tproxy_ssl_name %s;\n"
	    "\tproxy_ssl_server_name on;\n\n", server->tls_certificate,
	    server->name);
}

static void
print_server(const struct conf_server *server, const struct conf_listener *l)
{
	printf("server {\n\tlisten 443 ssl;\n\tserver_name %s;\n",
	    server->name);
	printf("\t# jwtd does not know nginx's certificate: write its paths\n"
	    "\tssl_certificate /etc/ssl/%s.crt;\n"
	    "\tssl_certificate_key /etc/ssl/private/%s.key;\n"
	    "\tssl_protocols TLSv1.2 TLSv1.3;\n\n", server->name,
	    server->name);
	printf("\t# a token is one line of a head\n"
	    "\tlarge_client_header_buffers 4 16k;\n"
	    "\tproxy_buffer_size 16k;\n\tproxy_buffers 8 16k;\n\n"
	    "\tproxy_http_version 1.1;\n");
	if (TAILQ_EMPTY(&server->trusted))
		printf("\t# X-Forwarded-For counts once jwtd.conf has "
		    "\"trusted proxy\"\n");
	print_headers(server, "\t");
	putchar('\n');
	if (l->tls)
		print_tls(server);
}

/* What clients ask for themselves. */
static void
print_public(const struct conf_location *location, const char *scheme)
{
	if (!doctor_public(location))
		return;
	if (!doctor_plain(location->path)) {
		printf("\t# the location \"%s\" of jwtd.conf has to be "
		    "written by hand\n", location->path);
		return;
	}
	printf("\tlocation %s%s {\n", location->prefix ? "" : "= ",
	    location->path);
	if (location->service == CONF_GRANT)
		printf("\t\tclient_max_body_size 8k;\n");
	printf("\t\tproxy_pass %s://jwtd;\n\t}\n", scheme);
}

/* a header as nginx names it in a variable; NULL if it cannot */
static const char *
variable(const char *header, char *buf, size_t size)
{
	size_t i;

	if (strlen(header) >= size)
		return (NULL);
	for (i = 0; header[i] != '\0'; i++) {
		if (header[i] != '-' && !isalnum((unsigned char)header[i]))
			return (NULL);
		buf[i] = (char)(header[i] == '-' ? '_' :
		    tolower((unsigned char)header[i]));
	}
	buf[i] = '\0';
	return (buf);
}

static void
print_forward(const char *header)
{
	char name[256];

	if (variable(header, name, sizeof(name)) == NULL) {
		printf("\t\t# header \"%s\" cannot be written for nginx\n",
		    header);
		return;
	}
	/* set even if it is empty: then that of the client is gone */
	printf("\t\tauth_request_set $jwtd_%s $upstream_http_%s;\n"
	    "\t\tproxy_set_header %s $jwtd_%s;\n", name, name, header, name);
}

static void
print_application(const struct conf_location *location, unsigned int number)
{
	const struct conf_forward *forward;

	printf("\t# which paths of yours these are, and where the application "
	    "is,\n\t# jwtd does not know\n");
	printf("\tlocation /api");
	if (number > 1)
		printf("-%u", number);
	printf("/ {\n\t\tauth_request /_jwtd/%u;\n", number);
	print_forward("X-Auth-Subject");
	print_forward("X-Auth-Scope");
	TAILQ_FOREACH(forward, &location->forwards, entry)
		print_forward(forward->header);
	printf("\t\tproxy_set_header Authorization \"\";\n"
	    "\t\tproxy_set_header Connection \"\";\n"
	    "\t\tproxy_set_header Host $host;\n"
	    "\t\tproxy_set_header X-Forwarded-For $remote_addr;\n"
	    "\t\tproxy_pass http://127.0.0.1:3000;\n\t}\n");
}

/* Returns false if it cannot be asked. */
static bool
print_question(const struct conf_location *location, const char *scheme,
    unsigned int number)
{
	char path[PATH_SIZE];

	if (doctor_path(location, path, sizeof(path)) == NULL ||
	    !doctor_plain(path)) {
		printf("\n\t# the location \"%s\" of jwtd.conf has to be "
		    "written by hand\n", location->path);
		return (false);
	}
	printf("\n\t# 202 is yes; 401 and 403 go to the client\n"
	    "\tlocation = /_jwtd/%u {\n\t\tinternal;\n"
	    "\t\tproxy_pass %s://jwtd%s;\n"
	    "\t\tproxy_pass_request_body off;\n"
	    "\t\tproxy_pass_request_headers off;\n"
	    "\t\tproxy_set_header Content-Length \"\";\n"
	    "\t\tproxy_set_header Authorization $http_authorization;\n",
	    number, scheme, path);
	print_headers(location->server, "\t\t");
	printf("\t}\n");
	return (true);
}

int
ctl_doctor_nginx(struct ctl *ctl, int argc, char **argv)
{
	const struct conf_location *location;
	const struct conf_listener *l;
	const struct conf_server *server;
	const char *scheme;
	unsigned int number;

	if (getopt(argc, argv, "+") != -1 || argc - optind > 1)
		return (CTL_USAGE);
	server = doctor_server(ctl, argc, argv, CONF_NONE);
	if (server == NULL)
		return (CTL_FAILED);
	l = doctor_listener(server, rank);
	if (l == NULL ||
	    (l->tls && !doctor_plain(server->tls_certificate))) {
		log_warnx("server \"%s\" has no listener that nginx can use: "
		    "one with a port or a path, and without \"proxy\"",
		    server->name);
		return (CTL_FAILED);
	}
	scheme = l->tls ? "https" : "http";
	printf("# nginx in front of server \"%s\" of jwtd(8), on the same "
	    "host: for http { }\n", server->name);
	print_upstream(ctl->conf, l);
	print_server(server, l);
	TAILQ_FOREACH(location, &server->locations, entry)
		print_public(location, scheme);
	number = 0;
	TAILQ_FOREACH(location, &server->locations, entry)
		if (location->service == CONF_RESOURCE &&
		    print_question(location, scheme, number + 1))
			print_application(location, ++number);
	printf("}\n");
	return (CTL_OK);
}
