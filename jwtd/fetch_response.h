/* The answer to a GET, RFC 9112, read strictly.  A pure function. */
#ifndef FETCH_RESPONSE_H
#define FETCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

#define FETCH_BODY_MAX	((size_t)1024 * 1024)
/* all bytes of an answer: its heads, and what chunks add to a body */
#define FETCH_MAX	(HTTP_HEAD_MAX + 2 * FETCH_BODY_MAX)

#define FETCH_NO_AGE	UINT32_MAX

/* start with all zero */
struct fetch_response {
	size_t			 head_len;	/* 0: not yet whole */
	unsigned int		 status;
	uint32_t		 max_age;	/* seconds, or FETCH_NO_AGE */
	bool			 has_length;
	size_t			 content_length;
	struct http_chunked	 chunked;
	bool			 is_chunked;
	const char		*body;		/* on HTTP_DONE, in buf */
	size_t			 body_len;
};

/*
 * Take what has come: buf holds all len bytes since the beginning, and bytes
 * of it are moved when chunks are put together; ended says that no more will
 * come.  On HTTP_DONE status is 200.  On HTTP_BAD *why is a static text;
 * status is that of the answer if it has one.
 */
enum http_result fetch_response_parse(struct fetch_response *, char *buf,
		    size_t len, bool ended, const char **why);

#endif
