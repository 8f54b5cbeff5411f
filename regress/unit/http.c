/* jwtd/http.c and jwtd/http_target.c: good heads, limits and paths. */
#include "http.h"

#include "http_feed.h"
#include "percent.h"

static const struct {
	struct text	 in;
	const char	*want;
} good[] = {
	{ TEXT(H "\r\n"), "GET / host=h keep" },
	{ TEXT("\r\n" H "\r\n"), "GET / host=h keep" },
	{ TEXT("HEAD /a/b HTTP/1.1\r\nhost: h" E), "HEAD /a/b host=h keep" },
	{ TEXT("POST /t HTTP/1.1\r\nHOST: h\r\nContent-Length: 29" E),
	    "POST /t host=h keep length=29" },
	{ TEXT("get / HTTP/1.1\r\nHost: h" E), "OTHER / host=h keep" },
	{ TEXT("M-SEARCH!#$%&'*+.^_`|~09 / HTTP/1.1\r\nHost: h" E),
	    "OTHER / host=h keep" },
	{ TEXT("GETX / HTTP/1.1\r\nHost: h" E), "OTHER / host=h keep" },
	{ TEXT("OPTIONS * HTTP/1.1\r\nHost: h" E), "OTHER * host=h keep" },
	{ TEXT("OPTIONS /x HTTP/1.1\r\nHost: h" E), "OTHER /x host=h keep" },
	{ TEXT("GET /? HTTP/1.1\r\nHost: h" E), "GET /? host=h keep" },
	{ TEXT("GET /a?b=c&d HTTP/1.1\r\nHost: h" E),
	    "GET /a?b=c&d host=h keep" },
	{ TEXT("GET /a?b?c=/ HTTP/1.1\r\nHost: h" E),
	    "GET /a?b?c=/ host=h keep" },
	{ TEXT("GET //a HTTP/1.1\r\nHost: h" E), "GET //a host=h keep" },
	{ TEXT("GET /%2e%zz HTTP/1.1\r\nHost: h" E),
	    "GET /%2e%zz host=h keep" },
	{ TEXT("GET /:8080/* HTTP/1.1\r\nHost: h" E),
	    "GET /:8080/* host=h keep" },
	/* absolute-form: its authority is the host */
	{ TEXT("GET http://o/p?q HTTP/1.1\r\nHost: h" E),
	    "GET /p?q host=o keep" },
	{ TEXT("GET https://o:8443/p HTTP/1.1\r\nHost: h" E),
	    "GET /p host=o keep" },
	{ TEXT("GET HTTPS://O HTTP/1.1\r\nHost: h" E), "GET / host=O keep" },
	{ TEXT("GET http://o? HTTP/1.1\r\nHost: h" E), "GET /? host=o keep" },
	{ TEXT("GET http://o?a/b HTTP/1.1\r\nHost: h" E),
	    "GET /?a/b host=o keep" },
	{ TEXT("GET http://[::1]:80/ HTTP/1.1\r\nHost:" E),
	    "GET / host=[::1] keep" },
	{ TEXT("GET http://o/http://p/ HTTP/1.0" E),
	    "GET /http://p/ host=o 1.0" },
	/* versions */
	{ TEXT("GET / HTTP/1.0" E), "GET / 1.0" },
	{ TEXT("GET / HTTP/1.0\r\nHost: h" E), "GET / host=h 1.0" },
	{ TEXT("GET / HTTP/1.2\r\nHost: h" E), "GET / host=h keep" },
	{ TEXT("GET / HTTP/1.9\r\nHost: h" E), "GET / host=h keep" },
	/* Host */
	{ TEXT(L "Host:" E), "GET / host= keep" },
	{ TEXT(L "Host: \t " E), "GET / host= keep" },
	{ TEXT(L "Host:h" E), "GET / host=h keep" },
	{ TEXT(L "Host:\th \t" E), "GET / host=h keep" },
	{ TEXT(L "Host: Auth.example.com" E),
	    "GET / host=Auth.example.com keep" },
	{ TEXT(L "Host: 127.0.0.1:9643" E), "GET / host=127.0.0.1 keep" },
	{ TEXT(L "Host: h:" E), "GET / host=h keep" },
	{ TEXT(L "Host: h:0" E), "GET / host=h keep" },
	{ TEXT(L "Host: h:65535" E), "GET / host=h keep" },
	{ TEXT(L "Host: [::1]" E), "GET / host=[::1] keep" },
	{ TEXT(L "Host: [2001:db8::127.0.0.1]:443" E),
	    "GET / host=[2001:db8::127.0.0.1] keep" },
	{ TEXT(L "Host: a-b_c~!$&'()*+,;=%41" E),
	    "GET / host=a-b_c~!$&'()*+,;=%41 keep" },
	/* bodies */
	{ TEXT(H "Content-Length: 0" E), "GET / host=h keep" },
	{ TEXT(H "Content-Length: 007" E), "GET / host=h keep length=7" },
	{ TEXT(H "Content-Length: 8192" E), "GET / host=h keep length=8192" },
	{ TEXT(H "Content-Length: 00000000000000000000000000000001" E),
	    "GET / host=h keep length=1" },
	{ TEXT(H "Transfer-Encoding: chunked" E), "GET / host=h keep chunked" },
	{ TEXT(H "transfer-encoding:\tCHUNKED " E),
	    "GET / host=h keep chunked" },
	{ TEXT(H "Expect: 100-continue" E), "GET / host=h keep expect" },
	{ TEXT(H "Expect: 100-Continue" E), "GET / host=h keep expect" },
	{ TEXT("GET / HTTP/1.0\r\nExpect: 100-continue" E), "GET / 1.0" },
	/* Connection, RFC 9112 section 9.3 */
	{ TEXT(H "Connection: close" E), "GET / host=h" },
	{ TEXT(H "Connection: CLOSE" E), "GET / host=h" },
	{ TEXT(H "Connection: keep-alive" E), "GET / host=h keep" },
	{ TEXT(H "Connection: keep-alive, close" E), "GET / host=h" },
	{ TEXT(H "Connection: close\r\nConnection: keep-alive" E),
	    "GET / host=h" },
	{ TEXT(H "Connection: ,, upgrade\t,\t,close ," E), "GET / host=h" },
	{ TEXT(H "Connection:" E), "GET / host=h keep" },
	{ TEXT(H "Connection: closed, not-close" E), "GET / host=h keep" },
	{ TEXT("GET / HTTP/1.0\r\nConnection: Keep-Alive" E),
	    "GET / keep 1.0" },
	{ TEXT("GET / HTTP/1.0\r\nConnection: keep-alive, close" E),
	    "GET / 1.0" },
	{ TEXT("GET / HTTP/1.0\r\nConnection: a\r\nConnection: keep-alive" E),
	    "GET / keep 1.0" },
	/* values */
	{ TEXT(H "Authorization: Basic YTpi" E),
	    "GET / host=h keep auth=Basic YTpi" },
	{ TEXT(H "Authorization:" E), "GET / host=h keep auth=" },
	{ TEXT(H "authorization: \t a \t b\t " E),
	    "GET / host=h keep auth=a \t b" },
	{ TEXT(H "Content-Type: text/plain; a=\"\xc3\xa9\xff\"" E),
	    "GET / host=h keep type=text/plain; a=\"\xc3\xa9\xff\"" },
	{ TEXT(H "If-None-Match: W/\"a\", *" E),
	    "GET / host=h keep none=W/\"a\", *" },
	{ TEXT(H "if-none-match: \"a\"\r\nIf-None-Match: \"b\"" E),
	    "GET / host=h keep none=\"a\"" },
	{ TEXT(H "If-None-Match:\r\nIf-None-Match: \"b\"" E),
	    "GET / host=h keep none=" },
	{ TEXT(H "X:\r\nX: :\r\nX: a:b\r\nx!#$%&'*+-.^_`|~: 0" E),
	    "GET / host=h keep" },
	{ TEXT(H "Hos: a\r\nHostt: a\r\nContent_Length: x" E),
	    "GET / host=h keep" },
	{ TEXT(H "X-Forwarded-For: 1.2.3.4, a " E),
	    "GET / host=h keep for=1.2.3.4, a" },
	{ TEXT(H "x-forwarded-for:\r\nX-Forwarded-Fo: b\r\n"
	    "X-FORWARDED-FOR:c\r\nX-Forwarded-For-: d" E),
	    "GET / host=h keep for= for=c" },
	{ TEXT(H "X-Forwarded-For: 1\r\nX-Forwarded-For: 2\r\n"
	    "X-Forwarded-For: 3\r\nX-Forwarded-For: 4\r\n"
	    "X-Forwarded-For: 5\r\nX-Forwarded-For: 6" E),
	    "GET / host=h keep for=3 for=4 for=5 for=6" },
	/* what follows the head is not looked at */
	{ TEXT(H "\r\n" "\0\n\r binary"), "GET / host=h keep" },
	{ TEXT(H "\r\n" "GET /2 HTTP/1.1\r\n"), "GET / host=h keep" },
};

static void
test_good(void)
{
	struct text in;
	const char *end;
	char got[640], want[640];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		in = good[i].in;
		end = memmem(in.p + 2, in.len - 2, E, 4);
		snprintf(want, sizeof(want), "DONE %zu %s",
		    (size_t)(end - in.p) + 4, good[i].want);
		run(in, in.len, got, sizeof(got));
		is_str(got, want, shown(in));
		ok(same_in_pieces(in, want), "... in pieces");
		/* and nothing less is enough */
		in.len = (size_t)(end - in.p) + 3;
		run(in, in.len, got, sizeof(got));
		is_str(got, "MORE", "... less its last byte");
	}
}

/* Heads of that many fields, and of that many bytes. */
static void
test_limits(void)
{
	static char buf[HTTP_HEAD_MAX + 64];
	struct text in;
	char got[640];
	int i, fields;

	in.p = buf;
	for (fields = HTTP_FIELDS_MAX; fields <= HTTP_FIELDS_MAX + 1;
	    fields++) {
		in.len = (size_t)snprintf(buf, sizeof(buf), "%s", H);
		for (i = 1; i < fields; i++)
			in.len += (size_t)snprintf(buf + in.len,
			    sizeof(buf) - in.len, "X: %d\r\n", i);
		memcpy(buf + in.len, "\r\n", 2);
		in.len += 2;
		run(in, in.len, got, sizeof(got));
		ok(strncmp(got, fields == HTTP_FIELDS_MAX ? "DONE" : "BAD 431",
		    4) == 0, "%d fields: %s", fields, got);
	}
	for (i = -1; i <= 1; i++) {
		memset(buf, 'a', sizeof(buf));
		memcpy(buf, H "X: ", sizeof(H "X: ") - 1);
		memcpy(buf + HTTP_HEAD_MAX + i - 4, E, 4);
		in.len = (size_t)(HTTP_HEAD_MAX + i);
		run(in, in.len, got, sizeof(got));
		ok(strncmp(got, i <= 0 ? "DONE" : "BAD 431", 4) == 0,
		    "a head of %zu bytes: %.12s", in.len, got);
	}
	memset(buf, 'a', sizeof(buf));
	memcpy(buf, "GET /", 5);
	in.len = HTTP_HEAD_MAX - 1;
	run(in, in.len, got, sizeof(got));
	is_str(got, "MORE", "a request line that may still end");
	in.len = HTTP_HEAD_MAX;
	run(in, in.len, got, sizeof(got));
	is_str(got, "BAD 431", "a request line that is too long");
	run(in, 1, got, sizeof(got));
	is_str(got, "BAD 431", "... one byte at a time");
	memcpy(buf + HTTP_HEAD_MAX - 3, E E, 8);
	in.len = HTTP_HEAD_MAX + 5;
	run(in, in.len, got, sizeof(got));
	is_str(got, "BAD 431", "an end that comes one byte too late");
}

static const struct {
	const char	*in;
	const char	*want;		/* NULL: refused */
} paths[] = {
	{ "/", "/" },
	{ "/token", "/token" },
	{ "/a//b/", "/a//b/" },
	{ "/%74oken", "/token" },
	{ "/a%2Fb%2fc", "/a/b/c" },
	{ "/%c3%A9", "/\xc3\xa9" },
	{ "/\xff", "/\xff" },
	{ "/a+b", "/a+b" },
	{ "/%20~%7e%25", "/ ~~%" },
	{ "/%252e%252e/", "/%2e%2e/" },
	{ "/...", "/..." },
	{ "/.a/..b/a./b..", "/.a/..b/a./b.." },
	{ "/.well-known/jwks.json", "/.well-known/jwks.json" },
	{ "", NULL },
	{ "*", NULL },
	{ "a", NULL },
	{ "%2fa", NULL },
	{ "/.", NULL },
	{ "/..", NULL },
	{ "/./", NULL },
	{ "/../", NULL },
	{ "/a/.", NULL },
	{ "/a/..", NULL },
	{ "/a/./b", NULL },
	{ "/a/../b", NULL },
	{ "/%2e", NULL },
	{ "/%2E%2e", NULL },
	{ "/.%2e/", NULL },
	{ "/a%2f..", NULL },
	{ "/a/..%2fb", NULL },
	{ "/a%2f%2e%2e%2fb", NULL },
	{ "/%2f..", NULL },
	{ "/%", NULL },
	{ "/%4", NULL },
	{ "/%4g", NULL },
	{ "/%g4", NULL },
	{ "/%%41", NULL },
	{ "/%-1", NULL },
	{ "/% 1", NULL },
	{ "/%0", NULL },
	{ "/%00", NULL },
	{ "/a%0ab", NULL },
	{ "/%0d", NULL },
	{ "/%1f", NULL },
	{ "/%7f", NULL },
	{ "/\x01", NULL },
	{ "/\x7f", NULL },
};

static void
test_path(void)
{
	struct span path, none = { NULL, 0 };
	char out[64];
	ssize_t n;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		path.p = paths[i].in;
		path.len = strlen(path.p);
		n = http_path_decode(path, out, sizeof(out));
		is_str(n == -1 ? NULL : out, paths[i].want, paths[i].in);
		if (n != -1)
			is_int(n, (long long)strlen(out), "... its length");
	}
	is_int(http_path_decode(none, out, sizeof(out)), -1, "no path");
	path.p = "/%61bc";
	path.len = 6;
	is_int(http_path_decode(path, out, 5), 4, "a path that just fits");
	is_int(http_path_decode(path, out, 4), -1, "a path that does not");
	is_int(http_path_decode(path, out, 1), -1, "no room but for the NUL");
	is_int(http_path_decode(path, out, 0), -1, "no room at all");
}

static void
test_tables(void)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	int c, want, wrong;

	wrong = 0;
	for (c = 0; c < 256; c++) {
		want = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') ||
		    memchr(marks, c, sizeof(marks) - 1) != NULL;
		wrong += want != http_tchar[c];
	}
	is_int(wrong, 0, "tchar");
	wrong = 0;
	for (c = 0; c < 256; c++) {
		want = -1;
		if (c >= '0' && c <= '9')
			want = c - '0';
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			want = (c | 0x20) - 'a' + 10;
		wrong += want != percent_hex((char)c);
	}
	is_int(wrong, 0, "hex digits");
}

int
main(void)
{
	test_good();
	test_limits();
	test_path();
	test_tables();
	return (done());
}
