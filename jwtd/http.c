/*
 * HTTP/1.x request heads, RFC 9112, read strictly.  Pure functions: they know
 * bytes and nothing of sockets, and they neither copy nor allocate.
 *
 * scan() looks at every byte once and finds the end, however slowly the bytes
 * come; what it lets through has no control character but HTAB and whole CRLFs,
 * so that the functions after it look only at structure.
 */
#include "http.h"

/* fields that may come once; a second one is a contradiction to be refused */
enum single {
	F_HOST,
	F_CONTENT_LENGTH,
	F_AUTHORIZATION,
	F_TRANSFER_ENCODING,
	F_CONTENT_TYPE,
	F_EXPECT,
	F_COUNT
};

static const struct span single_names[F_COUNT] = {
	[F_HOST] =		{ "host", 4 },
	[F_CONTENT_LENGTH] =	{ "content-length", 14 },
	[F_AUTHORIZATION] =	{ "authorization", 13 },
	[F_TRANSFER_ENCODING] =	{ "transfer-encoding", 17 },
	[F_CONTENT_TYPE] =	{ "content-type", 12 },
	[F_EXPECT] =		{ "expect", 6 },
};

struct fields {
	struct span	 single[F_COUNT];
	struct span	 forwarded[HTTP_FORWARDED_MAX];
	size_t		 nforwarded;
	struct span	 authority;	/* of an absolute-form target */
	struct span	 if_none_match;
	bool		 close;
	bool		 keep_alive;
};

#define T	1,
#define o	0,
const uint8_t http_tchar[256] = {
	/* 0x00 to 0x1f: controls */
	o o o o o o o o  o o o o o o o o  o o o o o o o o  o o o o o o o o
	/*   ! " # $ % & '  ( ) * + , - . /  0 to 7           8 9 : ; < = > ? */
	o T o T T T T T  o o T T o T T o  T T T T T T T T  T T o o o o o o
	/* @ A to Z                                             [ \ ] ^ _ */
	o T T T T T T T  T T T T T T T T  T T T T T T T T  T T T o o o T T
	/* ` a to z                                             { | } ~ DEL */
	T T T T T T T T  T T T T T T T T  T T T T T T T T  T T T o T o T o
};
#undef T
#undef o

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* Is none of eight bytes below 0x20 or 0x7f? */
static bool
eight_plain(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x, del;

	memcpy(&x, p, sizeof(x));
	del = x ^ ones * 0x7f;
	return (((((x - ones * 0x20) & ~x) | ((del - ones) & ~del)) &
	    ones * 0x80) == 0);
}

/*
 * Look for the empty line in the bytes that nobody has looked at.  Refused as
 * soon as they are there: controls (RFC 9110 section 5.5), bare CR and bare LF
 * (RFC 9112 section 2.2), and a line that begins with white space (sections 2.2
 * and 5.2).  *scanned stays at a CR or LF until the byte after it has come.
 */
static enum http_result
scan(const char *buf, size_t len, size_t *scanned)
{
	size_t i;
	uint8_t c;

	for (i = *scanned; i < len; i++) {
		while (len - i >= 8 && eight_plain(buf + i))
			i += 8;
		if (i == len)
			break;
		c = (uint8_t)buf[i];
		if ((c >= 0x20 && c != 0x7f) || c == '\t')
			continue;
		if (c == '\r') {
			if (i + 1 == len)
				break;
			if (buf[i + 1] != '\n')
				return (HTTP_BAD);
			continue;
		}
		if (c != '\n' || i == 0 || buf[i - 1] != '\r')
			return (HTTP_BAD);
		if (i >= 3 && buf[i - 2] == '\n') {
			*scanned = i + 1;
			return (HTTP_DONE);
		}
		if (i + 1 == len)
			break;
		if (buf[i + 1] == ' ' || buf[i + 1] == '\t')
			return (HTTP_BAD);
	}
	*scanned = i;
	return (HTTP_MORE);
}

/*
 * RFC 9112 section 3: method SP request-target SP HTTP-version.  Returns 0 or a
 * status.
 */
static int
request_line(struct span line, struct http_head *head, struct fields *f)
{
	struct span method, target;
	const char *version;
	size_t n;

	for (n = 0; n < line.len && http_tchar[(uint8_t)line.p[n]]; n++)
		;
	if (n == 0 || n == line.len || line.p[n] != ' ')
		return (400);
	method.p = line.p;
	method.len = n;
	/* the version is the last nine bytes, its SP included */
	if (line.len < n + 11)
		return (400);
	target.p = line.p + n + 1;
	target.len = line.len - n - 10;
	version = target.p + target.len;
	if (memcmp(version, " HTTP/", 6) != 0 || !is_digit(version[6]) ||
	    version[7] != '.' || !is_digit(version[8]))
		return (400);
	if (version[6] != '1')
		return (505);
	head->http10 = version[8] == '0';
	head->method = HTTP_OTHER;
	if (span_is(method, "GET"))
		head->method = HTTP_GET;
	else if (span_is(method, "POST"))
		head->method = HTTP_POST;
	else if (span_is(method, "HEAD"))
		head->method = HTTP_HEAD;
	else if (span_is(method, "CONNECT"))
		return (400);
	if (!http_target_parse(target, span_is(method, "OPTIONS"), &head->path,
	    &head->query, &f->authority))
		return (400);
	return (0);
}

/* RFC 9110 section 7.6.1: a list of tokens, with empty elements tolerated. */
static bool
connection_parse(struct span value, struct fields *f)
{
	struct span option;
	const char *p, *end;

	p = value.p;
	end = value.p + value.len;
	for (;;) {
		while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
			p++;
		if (p == end)
			return (true);
		option.p = p;
		while (p < end && http_tchar[(uint8_t)*p])
			p++;
		option.len = (size_t)(p - option.p);
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (option.len == 0 || (p < end && *p != ','))
			return (false);
		if (span_case_is(option, "close"))
			f->close = true;
		else if (span_case_is(option, "keep-alive"))
			f->keep_alive = true;
	}
}

/* Proxies add to the end: of more than there is room for, the first go. */
static void
add_forwarded(struct fields *f, struct span value)
{
	if (f->nforwarded == HTTP_FORWARDED_MAX) {
		f->nforwarded--;
		memmove(f->forwarded, f->forwarded + 1,
		    f->nforwarded * sizeof(f->forwarded[0]));
	}
	f->forwarded[f->nforwarded++] = value;
}

/* RFC 9112 section 5: field-name ":" OWS field-value OWS */
static bool
field_parse(struct span line, struct fields *f)
{
	struct span name, value;
	size_t i, n;

	for (n = 0; n < line.len && http_tchar[(uint8_t)line.p[n]]; n++)
		;
	/* no white space before the colon, RFC 9112 section 5.1 */
	if (n == 0 || n == line.len || line.p[n] != ':')
		return (false);
	name.p = line.p;
	name.len = n;
	value.p = line.p + n + 1;
	value.len = line.len - n - 1;
	while (value.len > 0 && (*value.p == ' ' || *value.p == '\t')) {
		value.p++;
		value.len--;
	}
	while (value.len > 0 && (value.p[value.len - 1] == ' ' ||
	    value.p[value.len - 1] == '\t'))
		value.len--;
	for (i = 0; i < F_COUNT; i++)
		if (single_names[i].len == name.len &&
		    strncasecmp(single_names[i].p, name.p, name.len) == 0) {
			if (f->single[i].p != NULL)
				return (false);
			f->single[i] = value;
			return (true);
		}
	if (span_case_is(name, "connection"))
		return (connection_parse(value, f));
	/*
	 * A list, which may go on in another field: without that one a client
	 * may get what it has already, and nothing worse.
	 */
	if (f->if_none_match.p == NULL && span_case_is(name, "if-none-match"))
		f->if_none_match = value;
	if (span_case_is(name, "x-forwarded-for"))
		add_forwarded(f, value);
	return (true);
}

/* RFC 9112 section 6: how long is the body?  Returns 0 or a status. */
static int
framing(const struct fields *f, struct http_head *head)
{
	struct span length, coding;
	bool large;
	size_t i;

	length = f->single[F_CONTENT_LENGTH];
	coding = f->single[F_TRANSFER_ENCODING];
	if (coding.p != NULL) {
		/* RFC 9112 section 6.1: both, or one in 1.0, is an attack */
		if (length.p != NULL || head->http10)
			return (400);
		if (!span_case_is(coding, "chunked"))
			return (501);
		head->chunked = true;
		return (0);
	}
	if (length.p == NULL)
		return (0);
	if (length.len == 0)
		return (400);
	large = false;
	for (i = 0; i < length.len; i++) {
		if (!is_digit(length.p[i]))
			return (400);
		if (!large)
			head->content_length = head->content_length * 10 +
			    (size_t)(length.p[i] - '0');
		large = head->content_length > HTTP_BODY_MAX;
	}
	return (large ? 413 : 0);
}

/* What the fields mean together.  Returns 0 or a status. */
static int
finish(const struct fields *f, struct http_head *head)
{
	int status;

	/* RFC 9112 section 3.2: also if the target has an authority */
	if (f->single[F_HOST].p == NULL) {
		if (!head->http10)
			return (400);
	} else if (!http_host_parse(f->single[F_HOST], &head->host))
		return (400);
	if (f->authority.p != NULL) {
		/* RFC 9110 section 4.2.1: no empty host in http */
		if (!http_host_parse(f->authority, &head->host) ||
		    head->host.len == 0)
			return (400);
	}
	if ((status = framing(f, head)) != 0)
		return (status);
	if (f->single[F_EXPECT].p != NULL) {
		if (!span_case_is(f->single[F_EXPECT], "100-continue"))
			return (417);
		/* RFC 9110 section 10.1.1: ignored in 1.0 */
		head->expect_continue = !head->http10;
	}
	head->authorization = f->single[F_AUTHORIZATION];
	head->content_type = f->single[F_CONTENT_TYPE];
	head->if_none_match = f->if_none_match;
	memcpy(head->forwarded, f->forwarded, sizeof(head->forwarded));
	head->nforwarded = f->nforwarded;
	head->keep_alive = !f->close && (!head->http10 || f->keep_alive);
	return (0);
}

/* A whole head that scan() let through.  Returns 0 or a status. */
static int
head_parse(const char *buf, struct http_head *head)
{
	struct fields f;
	struct span line;
	const char *p, *end;
	int n, status;

	memset(&f, 0, sizeof(f));
	p = buf;
	end = buf + head->len - 2;
	/* one empty line is ignored, RFC 9112 section 2.2 */
	if (p[0] == '\r')
		p += 2;
	for (n = 0; p < end; n++) {
		line.p = p;
		p = memchr(p, '\r', (size_t)(end - p));
		line.len = (size_t)(p - line.p);
		p += 2;
		if (n == 0) {
			if ((status = request_line(line, head, &f)) != 0)
				return (status);
			continue;
		}
		if (n > HTTP_FIELDS_MAX)
			return (431);
		if (!field_parse(line, &f))
			return (400);
	}
	return (n == 0 ? 400 : finish(&f, head));
}

enum http_result
http_head_parse(const char *buf, size_t len, size_t *scanned,
    struct http_head *head, int *status)
{
	enum http_result r;

	memset(head, 0, sizeof(*head));
	r = scan(buf, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX, scanned);
	if (r == HTTP_DONE) {
		head->len = *scanned;
		*status = head_parse(buf, head);
		return (*status == 0 ? HTTP_DONE : HTTP_BAD);
	}
	*status = 400;
	if (r == HTTP_MORE && len >= HTTP_HEAD_MAX) {
		*status = 431;
		r = HTTP_BAD;
	}
	return (r);
}
