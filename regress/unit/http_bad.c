/* jwtd/http.c: heads that are refused, and with which status. */
#include "http.h"

#include "http_feed.h"

#define B(status, s)	{ (status), TEXT(s) }

static const struct {
	int		 status;
	struct text	 in;
} bad[] = {
	/* the request line */
	B(400, E),
	B(400, "\r\n\r\n" H "\r\n"),
	B(400, "\r\n" E),
	B(400, "\n" H "\r\n"),
	B(400, " " H "\r\n"),
	B(400, "\t" H "\r\n"),
	B(400, "GET" E),
	B(400, "GET " E),
	B(400, "GET /" E),
	B(400, "GET / " E),
	B(400, "GET / HTTP" E),
	B(400, "GET / HTTP/" E),
	B(400, "GET / HTTP/1" E),
	B(400, "GET / HTTP/1." E),
	B(400, "GET / HTTP/1.1 \r\nHost: h" E),
	B(400, "GET / HTTP/1.1\t\r\nHost: h" E),
	B(400, "GET / HTTP/1.11\r\nHost: h" E),
	B(400, "GET / HTTP/11.1\r\nHost: h" E),
	B(400, "GET / HTTP/1,1\r\nHost: h" E),
	B(400, "GET / HTTP/-1.1\r\nHost: h" E),
	B(400, "GET / HTTP/x.1\r\nHost: h" E),
	B(400, "GET / HTTP/1.x\r\nHost: h" E),
	B(400, "GET / http/1.1\r\nHost: h" E),
	B(400, "GET / Http/1.1\r\nHost: h" E),
	B(400, "GET / HTTPS/1.1\r\nHost: h" E),
	B(400, "GET / FTP/1.1\r\nHost: h" E),
	B(400, "GET /HTTP/1.1\r\nHost: h" E),
	B(400, "GET  / HTTP/1.1\r\nHost: h" E),
	B(400, "GET /  HTTP/1.1\r\nHost: h" E),
	B(400, "GET\t/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET /\tHTTP/1.1\r\nHost: h" E),
	B(400, "GET  HTTP/1.1\r\nHost: h" E),
	B(400, "GET HTTP/1.1\r\nHost: h" E),
	B(400, "/ HTTP/1.1\r\nHost: h" E),
	B(400, "G@T / HTTP/1.1\r\nHost: h" E),
	B(400, "G\xc3\x89T / HTTP/1.1\r\nHost: h" E),
	B(400, "GET: / HTTP/1.1\r\nHost: h" E),
	B(400, "\"GET\" / HTTP/1.1\r\nHost: h" E),
	B(400, "GET /a b HTTP/1.1\r\nHost: h" E),
	B(400, "GET /a\tb HTTP/1.1\r\nHost: h" E),
	B(400, "GET /a\0b HTTP/1.1\r\nHost: h" E),
	B(400, "GET /a\x01 HTTP/1.1\r\nHost: h" E),
	B(400, "GET /a\x1f HTTP/1.1\r\nHost: h" E),
	B(400, "GET /a\x7f HTTP/1.1\r\nHost: h" E),
	B(400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: h" E),
	B(400, "GET /\x80 HTTP/1.1\r\nHost: h" E),
	B(400, "GET /\xff HTTP/1.1\r\nHost: h" E),
	B(400, "GET /a#b HTTP/1.1\r\nHost: h" E),
	B(400, "GET # HTTP/1.1\r\nHost: h" E),
	B(400, "GET a HTTP/1.1\r\nHost: h" E),
	B(400, "GET ?a HTTP/1.1\r\nHost: h" E),
	B(400, "GET * HTTP/1.1\r\nHost: h" E),
	B(400, "HEAD * HTTP/1.1\r\nHost: h" E),
	B(400, "options * HTTP/1.1\r\nHost: h" E),
	B(400, "OPTIONS ** HTTP/1.1\r\nHost: h" E),
	B(400, "OPTIONS *? HTTP/1.1\r\nHost: h" E),
	B(400, "CONNECT h:443 HTTP/1.1\r\nHost: h" E),
	B(400, "CONNECT / HTTP/1.1\r\nHost: h" E),
	B(400, "CONNECT http://h/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET h:443 HTTP/1.1\r\nHost: h" E),
	B(400, "GET ftp://h/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET http:/h/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET http:// HTTP/1.1\r\nHost: h" E),
	B(400, "GET http:/// HTTP/1.1\r\nHost: h" E),
	B(400, "GET https:// HTTP/1.1\r\nHost: h" E),
	B(400, "GET https:///p HTTP/1.1\r\nHost: h" E),
	B(400, "GET http://?q HTTP/1.1\r\nHost: h" E),
	B(400, "GET http://:80/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET http://u@h/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET http://u:p@h/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET http://h:x/ HTTP/1.1\r\nHost: h" E),
	B(400, "GET http://h/ HTTP/1.1" E),
	B(400, "GET http://h/ HTTP/1.1\r\nHost: a b" E),
	B(505, "GET / HTTP/2.0\r\nHost: h" E),
	B(505, "GET / HTTP/0.9\r\nHost: h" E),
	B(505, "GET / HTTP/3.0" E),
	B(505, "GET / HTTP/9.9" E),
	B(505, "PRI * HTTP/2.0" E "SM" E),
	/* line ends and controls */
	B(400, "GET / HTTP/1.1\nHost: h" E),
	B(400, L "Host: h\n\r\n"),
	B(400, L "Host: h\r\n\n"),
	B(400, L "Host: h\n\n"),
	B(400, H "X: a\nY: b" E),
	B(400, H "X: a\rY: b" E),
	B(400, H "X: a\r\rY: b" E),
	B(400, H "X: a\r\r\n\r\n"),
	B(400, H "\r\r\n"),
	B(400, "GET / HTTP/1.1\r\r\nHost: h" E),
	B(400, "\r" H "\r\n"),
	B(400, "\r\r\n" H "\r\n"),
	B(400, H "X: a\0b" E),
	B(400, H "X: \0" E),
	B(400, H "X\0: a" E),
	B(400, "\0" H "\r\n"),
	B(400, H "X: a\x01" E),
	B(400, H "X: a\x08" E),
	B(400, H "X: a\x0b" E),
	B(400, H "X: a\x0c" E),
	B(400, H "X: a\x1b[0m" E),
	B(400, H "X: a\x7f" E),
	B(400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
	/* field lines */
	B(400, H "X: a\r\n b" E),
	B(400, H "X: a\r\n\tb" E),
	B(400, L " Host: h" E),
	B(400, L "\r\n Host: h" E),
	B(400, H " \r\n\r\n"),
	B(400, L "Host : h" E),
	B(400, L "Host\t: h" E),
	B(400, H "X : a" E),
	B(400, H ": a" E),
	B(400, H ":" E),
	B(400, H "X" E),
	B(400, H "X a" E),
	B(400, H "X Y: a" E),
	B(400, H "X(: a" E),
	B(400, H "X): a" E),
	B(400, H "X/: a" E),
	B(400, H "X;: a" E),
	B(400, H "X@: a" E),
	B(400, H "X[]: a" E),
	B(400, H "X{}: a" E),
	B(400, H "X\": a" E),
	B(400, H "X\\: a" E),
	B(400, H "X,Y: a" E),
	B(400, H "X=Y: a" E),
	B(400, H "X\xe9: a" E),
	B(400, H "<X>: a" E),
	/* Host */
	B(400, L "\r\n"),
	B(400, L "X: a" E),
	B(400, "GET / HTTP/1.2" E),
	B(400, L "Host: a\r\nHost: a" E),
	B(400, L "Host: a\r\nhOST: b" E),
	B(400, L "Host:\r\nHost:" E),
	B(400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a" E),
	B(400, "GET / HTTP/1.0\r\nHost: a b" E),
	B(400, L "Host: a b" E),
	B(400, L "Host: a\tb" E),
	B(400, L "Host: u@h" E),
	B(400, L "Host: u:p@h" E),
	B(400, L "Host: :80" E),
	B(400, L "Host: :" E),
	B(400, L "Host: h:x" E),
	B(400, L "Host: h:80x" E),
	B(400, L "Host: h:-1" E),
	B(400, L "Host: h:+1" E),
	B(400, L "Host: h:80:80" E),
	B(400, L "Host: h:65536" E),
	B(400, L "Host: h:99999999999999999999" E),
	B(400, L "Host: h/p" E),
	B(400, L "Host: h?q" E),
	B(400, L "Host: h#f" E),
	B(400, L "Host: http://h" E),
	B(400, L "Host: h\\p" E),
	B(400, L "Host: <h>" E),
	B(400, L "Host: h%" E),
	B(400, L "Host: h%4" E),
	B(400, L "Host: h%4g" E),
	B(400, L "Host: \xc3\xa9" E),
	B(400, L "Host: ::1" E),
	B(400, L "Host: [" E),
	B(400, L "Host: []" E),
	B(400, L "Host: [::1" E),
	B(400, L "Host: ::1]" E),
	B(400, L "Host: [::1]a" E),
	B(400, L "Host: [::1]:x" E),
	B(400, L "Host: [::1%25eth0]" E),
	B(400, L "Host: [::g]" E),
	B(400, L "Host: [1.2.3.4]" E),
	B(400, L "Host: [v1.a]" E),
	B(400, L "Host: [0000:0000:0000:0000:0000:0000:0000:0000:"
	    "0000:0000:0000:0000]" E),
	/* bodies */
	B(400, H "Content-Length:" E),
	B(400, H "Content-Length: -1" E),
	B(400, H "Content-Length: +1" E),
	B(400, H "Content-Length: 1 " "1" E),
	B(400, H "Content-Length: 1,1" E),
	B(400, H "Content-Length: 1, 1" E),
	B(400, H "Content-Length: 0x10" E),
	B(400, H "Content-Length: 1a" E),
	B(400, H "Content-Length: 1.0" E),
	B(400, H "Content-Length: \"1\"" E),
	B(400, H "Content-Length: \xb2" E),
	B(400, H "Content-Length: 99999999999999999999x" E),
	B(400, H "Content-Length: 1\r\nContent-Length: 1" E),
	B(400, H "Content-Length: 1\r\nContent-length: 2" E),
	B(413, H "Content-Length: 8193" E),
	B(413, H "Content-Length: 4294967296" E),
	B(413, H "Content-Length: 18446744073709551615" E),
	B(413, H "Content-Length: 18446744073709551616" E),
	B(413, H "Content-Length: 18446744073709551617" E),
	B(413, H "Content-Length: 999999999999999999999999999999999999" E),
	B(400, H "Transfer-Encoding: chunked\r\nContent-Length: 1" E),
	B(400, H "Content-Length: 1\r\nTransfer-Encoding: chunked" E),
	B(400, H "Content-Length: 0\r\nTransfer-Encoding: identity" E),
	B(400, H "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked" E),
	B(400, H "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: identity" E),
	B(400, H "Transfer-Encoding : chunked" E),
	B(400, H "Transfer-Encoding\t: chunked" E),
	B(400, H "Transfer-Encoding: \x0b" "chunked" E),
	B(400, H "X: a\nTransfer-Encoding: chunked" E),
	B(400, H "Transfer-Encoding\r\n : chunked" E),
	B(400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked" E),
	B(501, H "Transfer-Encoding:" E),
	B(501, H "Transfer-Encoding: identity" E),
	B(501, H "Transfer-Encoding: gzip, chunked" E),
	B(501, H "Transfer-Encoding: chunked, chunked" E),
	B(501, H "Transfer-Encoding: chunked, identity" E),
	B(501, H "Transfer-Encoding: chunked;q=1" E),
	B(501, H "Transfer-Encoding: xchunked" E),
	B(501, H "Transfer-Encoding: \"chunked\"" E),
	B(501, H "Transfer-Encoding: ,chunked" E),
	B(417, H "Expect:" E),
	B(417, H "Expect: 200-ok" E),
	B(417, H "Expect: 100-continue, 100-continue" E),
	B(417, H "Expect: 100-continued" E),
	B(417, "GET / HTTP/1.0\r\nExpect: x" E),
	B(400, H "Expect: 100-continue\r\nExpect: 100-continue" E),
	/* the rest of those that come once */
	B(400, H "Authorization: Basic YTpi\r\nAuthorization: Basic YTpi" E),
	B(400, H "Authorization: Bearer a\r\nAUTHORIZATION: Basic YTpi" E),
	B(400, H "Authorization:\r\nAuthorization:" E),
	B(400, H "Content-Type: a/b\r\nContent-Type: a/b" E),
	B(400, H "Connection: close;x" E),
	B(400, H "Connection: keep alive" E),
	B(400, H "Connection: \"close\"" E),
	B(400, H "Connection: a, \xe9" E),
};

/* refused although the end has not come */
static const struct text early[] = {
	TEXT("\0"),
	TEXT("\n"),
	TEXT("\x16"),
	TEXT("\rG"),
	TEXT("GET / HTTP/1.1\n"),
	TEXT("GET / HTTP/1.1\rH"),
	TEXT("GET /\0"),
	TEXT(H "X: a\n"),
	TEXT(H "X: a\r\n "),
	TEXT(H "X: a\r\n\t"),
	TEXT(H "X: 0123456789abcdef\x7f"),
	TEXT(H "X: 0123456789abcdef\x1f"),
	TEXT("\r\n "),
	TEXT(E),
};

static void
test_bad(void)
{
	char got[640], want[16];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(want, sizeof(want), "BAD %d", bad[i].status);
		run(bad[i].in, bad[i].in.len, got, sizeof(got));
		is_str(got, want, shown(bad[i].in));
		ok(same_in_pieces(bad[i].in, want), "... in pieces");
	}
	for (i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
		run(early[i], early[i].len, got, sizeof(got));
		is_str(got, "BAD 400", shown(early[i]));
	}
}

/* A byte that is refused, at every place of a head. */
static void
test_every_place(void)
{
	static const char head[] = "GET /path?q HTTP/1.1\r\nHost: h\r\n"
	    "Authorization: Basic YTpi\r\n\r\n";
	static const char refused[] = { '\0', '\n', '\r', 0x01, 0x7f };
	char copy[sizeof(head) + 1], got[640];
	struct text in;
	size_t i, k, wrong;

	wrong = 0;
	in.p = copy;
	in.len = sizeof(head);
	for (k = 0; k < sizeof(refused); k++)
		for (i = 0; i < sizeof(head) - 1; i++) {
			/* an LF before the last one comes after a good end */
			if (refused[k] == '\n' && i == sizeof(head) - 2)
				continue;
			memcpy(copy, head, i);
			copy[i] = refused[k];
			memcpy(copy + i + 1, head + i, sizeof(head) - 1 - i);
			run(in, in.len, got, sizeof(got));
			if (strcmp(got, "BAD 400") != 0 ||
			    !same_in_pieces(in, got)) {
				printf("# %02x at %zu: %s\n", refused[k], i,
				    got);
				wrong++;
			}
		}
	is_int((long long)wrong, 0, "NUL, LF, CR, 01 and 7f at every place");
}

int
main(void)
{
	test_bad();
	test_every_place();
	return (done());
}
