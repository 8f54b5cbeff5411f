/* jwtd/forwarded.c and jwtd/address.c: whom a request comes from. */
#include "forwarded.h"

#include <arpa/inet.h>

#include <stdlib.h>

#include "conf.h"
#include "tap.h"

/* fields are divided by '|' */
static const struct {
	const char	*trusted;	/* of the configuration, or NULL */
	const char	*peer;
	const char	*fields;	/* NULL: none */
	const char	*want;
} cases[] = {
	/* nobody is trusted, or not this one */
	{ NULL, "192.0.2.1", "1.2.3.4", "192.0.2.1" },
	{ NULL, "127.0.0.1", "1.2.3.4", "127.0.0.1" },
	{ NULL, "unix", "1.2.3.4", "unix" },
	{ "10.0.0.1", "192.0.2.1", "1.2.3.4", "192.0.2.1" },
	{ "10.0.0.1", "10.0.0.2", "1.2.3.4", "10.0.0.2" },
	{ "0.0.0.0/0", "2001:db8::1", "1.2.3.4", "2001:db8::1" },
	{ "::/0", "192.0.2.1", "1.2.3.4", "192.0.2.1" },
	/* the peer is */
	{ "10.0.0.1", "10.0.0.1", NULL, "10.0.0.1" },
	{ "10.0.0.1", "10.0.0.1", "", "10.0.0.1" },
	{ "10.0.0.1", "10.0.0.1", "1.2.3.4", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "2001:DB8::1", "2001:db8::1" },
	{ "10.0.0.1", "unix", "1.2.3.4", "1.2.3.4" },
	{ "10.0.0.1", "unix", NULL, "unix" },
	{ "10.0.0.0/8", "10.255.3.4", "1.2.3.4", "1.2.3.4" },
	{ "10.0.0.0/8", "11.0.0.1", "1.2.3.4", "11.0.0.1" },
	{ "10.0.0.128/25", "10.0.0.127", "1.2.3.4", "10.0.0.127" },
	{ "10.0.0.128/25", "10.0.0.128", "1.2.3.4", "1.2.3.4" },
	{ "0.0.0.0/0", "192.0.2.1", "1.2.3.4", "1.2.3.4" },
	{ "::1", "::1", "1.2.3.4", "1.2.3.4" },
	{ "2001:db8::/33", "2001:db8:7fff::1", "1.2.3.4", "1.2.3.4" },
	{ "2001:db8::/33", "2001:db8:8000::1", "1.2.3.4", "2001:db8:8000::1" },
	{ "1.1.1.1 10.0.0.1 ::1", "10.0.0.1", "1.2.3.4", "1.2.3.4" },
	/* IPv4 in IPv6 is IPv4 */
	{ "10.0.0.1", "::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4" },
	{ "::ffff:10.0.0.1", "10.0.0.1", "1.2.3.4", "1.2.3.4" },
	{ "::ffff:10.0.0.0/104", "10.1.2.3", "1.2.3.4", "1.2.3.4" },
	{ "::ffff:10.0.0.0/104", "11.1.2.3", "1.2.3.4", "11.1.2.3" },
	{ "10.0.0.1", "10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "6.6.6.6, 1.2.3.4, ::ffff:10.0.0.1",
	    "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "1.2.3.4, [::ffff:a00:1]:80", "1.2.3.4" },
	/* from the right, over those that are trusted */
	{ "10.0.0.1", "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "6.6.6.6, 10.0.0.1, 1.2.3.4", "1.2.3.4" },
	{ "10.0.0.0/8", "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4" },
	{ "10.0.0.0/8", "10.0.0.1", "6.6.6.6,1.2.3.4,10.0.0.2,10.0.0.3",
	    "1.2.3.4" },
	{ "10.0.0.0/8", "10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2" },
	/* spaces and empty elements */
	{ "10.0.0.1", "10.0.0.1", " 6.6.6.6 ,\t1.2.3.4\t ", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "6.6.6.6,,1.2.3.4, ,", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", ",", "10.0.0.1" },
	{ "10.0.0.1", "10.0.0.1", ", ,\t,", "10.0.0.1" },
	/* ports */
	{ "10.0.0.1", "10.0.0.1", "1.2.3.4:5", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "1.2.3.4:65535", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "[2001:db8::1]:5", "2001:db8::1" },
	{ "10.0.0.1", "10.0.0.1", "[2001:db8::1]", "2001:db8::1" },
	{ "10.0.0.1", "10.0.0.1", "[::ffff:1.2.3.4]:5", "1.2.3.4" },
	/* garbage ends it, and so does what is left of it */
#define GARBAGE(s)	{ "10.0.0.0/8", "10.0.0.1", s, "10.0.0.1" },	\
	{ "10.0.0.0/8", "10.0.0.1", "6.6.6.6, " s ", 10.0.0.2", "10.0.0.2" }
	GARBAGE("unknown"),
	GARBAGE("_hidden"),
	GARBAGE("unix:"),
	GARBAGE("localhost"),
	GARBAGE("\"1.2.3.4\""),
	GARBAGE("for=1.2.3.4"),
	GARBAGE("1.2.3.4 5.6.7.8"),
	GARBAGE("1.2.3.4;"),
	GARBAGE("1.2.3"),
	GARBAGE("1.2.3.4.5"),
	GARBAGE("01.2.3.4"),
	GARBAGE("0x1.2.3.4"),
	GARBAGE("256.2.3.4"),
	GARBAGE("16909060"),
	GARBAGE("1.2.3.4/32"),
	GARBAGE("1.2.3.4:"),
	GARBAGE("1.2.3.4:x"),
	GARBAGE("1.2.3.4:-1"),
	GARBAGE("1.2.3.4:65536"),
	GARBAGE("1.2.3.4:000001"),
	GARBAGE("1.2.3.4:5:6"),
	GARBAGE("1.2.3.4 :5"),
	GARBAGE(":5"),
	GARBAGE("["),
	GARBAGE("[]"),
	GARBAGE("[]:5"),
	GARBAGE("[1.2.3.4]"),
	GARBAGE("[1.2.3.4]:5"),
	GARBAGE("[2001:db8::1"),
	GARBAGE("2001:db8::1]"),
	GARBAGE("[2001:db8::1]5"),
	GARBAGE("[2001:db8::1]:"),
	GARBAGE("[[2001:db8::1]]"),
	GARBAGE("[2001:db8::1]:5]"),
	GARBAGE("fe80::1%eth0"),
	GARBAGE("2001:db8::1::2"),
	GARBAGE("2001:db8:0:0:0:0:0:0:1"),
	GARBAGE("\xc2\xa0" "1.2.3.4"),
	GARBAGE("0000000000000000000000000000000000000000000000000000001.2.3.4"),
	/* several fields are one list */
	{ "10.0.0.1", "10.0.0.1", "6.6.6.6|1.2.3.4", "1.2.3.4" },
	{ "10.0.0.0/8", "10.0.0.1", "6.6.6.6, 1.2.3.4|10.0.0.2", "1.2.3.4" },
	{ "10.0.0.0/8", "10.0.0.1", "6.6.6.6|1.2.3.4|10.0.0.2, 10.0.0.3",
	    "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "1.2.3.4|", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "|1.2.3.4||,", "1.2.3.4" },
	{ "10.0.0.0/8", "10.0.0.1", "6.6.6.6|unknown|10.0.0.2", "10.0.0.2" },
	{ "10.0.0.1", "10.0.0.1", "||", "10.0.0.1" }
};

static struct conf *
configure(const char *trusted)
{
	struct conf *conf;
	char text[512];
	int n;

	n = snprintf(text, sizeof(text), "server \"s\" {\n"
	    "listen on ::1 port 1\n%s%s%slocation \"/\" { health }\n}\n",
	    trusted != NULL ? "trusted proxy { " : "",
	    trusted != NULL ? trusted : "", trusted != NULL ? " }\n" : "");
	if ((conf = conf_load_buffer("t", text, (size_t)n, stderr)) == NULL)
		abort();
	return (conf);
}

static struct address
address(const char *text)
{
	struct address a;
	struct span s;

	s.p = text;
	s.len = strlen(text);
	if (!address_parse(s, &a))
		a = address_make(AF_UNIX, NULL);
	return (a);
}

static const char *
client(size_t i, char out[ADDRESS_TEXT])
{
	struct span fields[8];
	struct address peer, got;
	struct conf *conf;
	const char *p;
	char *copy;
	size_t n, len;

	n = 0;
	copy = NULL;
	if (cases[i].fields != NULL) {
		/* of its exact size, so that reading past it is seen */
		len = strlen(cases[i].fields);
		if ((copy = malloc(len + (len == 0))) == NULL)
			abort();
		memcpy(copy, cases[i].fields, len);
		for (p = copy; p != NULL && n < 8; n++) {
			fields[n].p = p;
			p = memchr(p, '|', len - (size_t)(p - copy));
			fields[n].len = p != NULL ?
			    (size_t)(p - fields[n].p) :
			    len - (size_t)(fields[n].p - copy);
			if (p != NULL)
				p++;
		}
	}
	conf = configure(cases[i].trusted);
	peer = address(cases[i].peer);
	got = forwarded_client(&peer, &TAILQ_FIRST(&conf->servers)->trusted,
	    fields, n);
	free(copy);
	conf_free(conf);
	return (address_text(&got, out));
}

static void
test_loopback(void)
{
	static const char *const here[] = { "127.0.0.1", "127.255.1.2", "::1",
		"::ffff:127.0.0.1" };
	static const char *const away[] = { "128.0.0.1", "126.0.0.1", "::2",
		"::", "7f00::", "unix", "0.0.0.0" };
	struct address a;
	size_t i;

	for (i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
		a = address(here[i]);
		ok(address_loopback(&a), "%s is loopback", here[i]);
	}
	for (i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
		a = address(away[i]);
		ok(!address_loopback(&a), "%s is not", away[i]);
	}
}

static void
test_sockaddr(void)
{
	struct sockaddr_storage ss;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	char text[ADDRESS_TEXT];
	struct address a;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	(void)inet_pton(AF_INET, "192.0.2.1", &sin.sin_addr);
	memcpy(&ss, &sin, sizeof(sin));
	a = address_from(&ss);
	is_str(address_text(&a, text), "192.0.2.1", "of an IPv4 socket");
	memset(&sin6, 0, sizeof(sin6));
	sin6.sin6_family = AF_INET6;
	(void)inet_pton(AF_INET6, "2001:db8::1", &sin6.sin6_addr);
	memcpy(&ss, &sin6, sizeof(sin6));
	a = address_from(&ss);
	is_str(address_text(&a, text), "2001:db8::1", "of an IPv6 socket");
	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_UNIX;
	a = address_from(&ss);
	is_str(address_text(&a, text), "unix", "of a Unix socket");
}

int
main(void)
{
	char text[ADDRESS_TEXT];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)client(i, text);
		ok(strcmp(text, cases[i].want) == 0, "%s trusts %s: %s: %s",
		    cases[i].peer, cases[i].trusted != NULL ?
		    cases[i].trusted : "nobody", cases[i].fields != NULL ?
		    cases[i].fields : "(none)", text);
	}
	test_loopback();
	test_sockaddr();
	return (done());
}
