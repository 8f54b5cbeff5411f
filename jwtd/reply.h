/* Answers: status line, fields and body into a connection's buffer. */
#ifndef REPLY_H
#define REPLY_H

#include <stddef.h>

#include "conn.h"

struct reply {
	int		 status;
	const char	*type;		/* of the body; NULL: it has none */
	const char	*body;
	size_t		 body_len;
	const char	*fields;	/* more, each with CRLF; or NULL */
	size_t		 fields_len;
};

/* Put an answer to the present request.  After it the connection goes on. */
void	reply_send(struct conn *, const struct reply *);

/* An error without more to say than its status, as {"error":…}. */
void	reply_error(struct conn *, int status);
void	reply_error_fields(struct conn *, int status, const char *fields);

/*
 * An OAuth error, RFC 6749 section 5.2.  fields may be NULL; description is
 * ASCII without '"' and '\'.
 */
void	reply_oauth_error(struct conn *, int status, const char *error,
	    const char *description, const char *fields);


#endif
