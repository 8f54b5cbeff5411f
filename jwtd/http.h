/*
 * HTTP/1.x requests, RFC 9112, read strictly.  Pure functions: bytes in, spans
 * into the same bytes out.
 */
#ifndef HTTP_H
#define HTTP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"

#define HTTP_HEAD_MAX		16384	/* bytes, the empty line included */
#define HTTP_BODY_MAX		8192	/* bytes, decoded */
#define HTTP_CHUNKED_MAX	16384	/* bytes of a chunked body as it came */
#define HTTP_FIELDS_MAX		100
#define HTTP_FORWARDED_MAX	4	/* X-Forwarded-For fields that count */
#define HTTP_PATH_MAX		2048	/* bytes, decoded */

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_OTHER
};

enum http_result {
	HTTP_MORE,		/* not yet whole */
	HTTP_DONE,
	HTTP_BAD		/* *status is the answer; then close */
};

struct http_head {
	size_t			 len;		/* bytes of the head */
	enum http_method	 method;
	struct span		 path;		/* still percent-encoded */
	struct span		 query;		/* absent if there is no '?' */
	struct span		 host;		/* no port; absent in 1.0 */
	struct span		 authorization;
	struct span		 content_type;
	struct span		 if_none_match;	/* the first, of several */
	struct span		 forwarded[HTTP_FORWARDED_MAX]; /* the last */
	size_t			 nforwarded;
	bool			 keep_alive;	/* RFC 9112 section 9.3 */
	bool			 http10;
	bool			 expect_continue;
	bool			 chunked;
	size_t			 content_length;	/* 0 if there is none */
};

/* by uint8_t: not 0 for the characters of a token, RFC 9110 section 5.6.2 */
extern const uint8_t http_tchar[256];

/*
 * A request-target and a Host, as http_head_parse() needs them.  authority is
 * set for an absolute-form target; host gets the value without its port.
 */
bool	http_target_parse(struct span target, bool options, struct span *path,
	    struct span *query, struct span *authority);
bool	http_host_parse(struct span value, struct span *host);

/*
 * Parse a head at buf.  *scanned is 0 for a new request; between calls with
 * more bytes the function keeps there how far it has looked, so that a trickled
 * head is read once.  On HTTP_DONE, head->len bytes are the head.  On HTTP_BAD,
 * *status is 400, 413, 417, 431, 501 or 505.  A body that is declared larger
 * than HTTP_BODY_MAX is 413.
 */
enum http_result http_head_parse(const char *buf, size_t len, size_t *scanned,
		    struct http_head *head, int *status);

/*
 * Percent-decode a path into out, with a NUL.  Returns its length, or -1 for a
 * bad escape, a control character, a "." or ".." segment, or one that is too
 * long.
 */
ssize_t	http_path_decode(struct span path, char *out, size_t size);

/* a chunked body, decoded in place; start with all zero */
struct http_chunked {
	size_t		 in;		/* bytes consumed so far */
	size_t		 out;		/* bytes of body in the buffer */
	size_t		 left;		/* of the present chunk */
	int		 state;
};

/*
 * Take what has come: buf is where the body begins, len all of its bytes since
 * then.  On HTTP_DONE, the body is the first ->out bytes and ->in bytes were
 * consumed.  On HTTP_BAD, *status is 400 or 413.  At most HTTP_BODY_MAX bytes
 * of body in HTTP_CHUNKED_MAX, or body_max in raw_max.
 */
enum http_result http_chunked_parse(struct http_chunked *, char *buf,
		    size_t len, int *status);
enum http_result http_chunked_parse_max(struct http_chunked *, char *buf,
		    size_t len, size_t body_max, size_t raw_max, int *status);

#endif
