/* Log lines of requests: who asked for what, from where, and how it ended. */
#ifndef REQUEST_LOG_H
#define REQUEST_LOG_H

#include "address.h"
#include "link.h"
#include "message.h"

struct request_log;
struct worker;

struct request_log	*request_log_new(struct worker *);

/* Note what is asked for: the audiences and the scope. */
void	request_log_asked(struct link_context *,
	    const struct message_request *);

/*
 * A grant came to its end.  Status 0: the client was gone before.  Those that
 * gave no token are counted and left out when there are too many.
 */
void	request_log_grant(struct worker *, const struct link_context *,
	    int status);

/* May a refusal of the resource service be logged?  If not, that is counted. */
bool	request_log_room(struct worker *);
void	request_log_resource(const struct address *, int status,
	    const char *reason);

#endif
