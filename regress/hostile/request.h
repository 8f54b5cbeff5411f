/* Requests and their answers, as a worker has them. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>

#include "message.h"
#include "signers.h"

#define HONEST		0	/* the worker who is honest */
#define PERSISTENT	1	/* hostile, but never malformed */
#define SERVED_MS	10000	/* whatever others do, an answer comes within */
#define FIRST_ID	1000

/* what is tested */
extern struct signers signers;

/* a good request, if the user and password are */
struct message_request make(const char *user, const char *password);
bool	ask(int fd, const struct message_request *);

/* The next packet, in ms; false if there is none, or no valid one. */
bool	next_reply(int fd, struct message_reply *, int ms);

/*
 * The answer to a request, and whose token it is, "" if there is none.  Returns
 * its status, or -1 if there was no answer or one to something else.
 */
int	answer(int fd, uint64_t id, char subject[256]);

/* Is the honest worker served?  *ms is how long that took. */
bool	honest(int *ms);
/* Is it, in time, and by the same signers as at first? */
bool	unharmed(void);
/* Does the stream end, with nothing before that? */
bool	is_closed(int fd);

/*
 * The arguments of a test program: jwtd-signer, a configuration, a seed.
 * Starts the first with the second and seeds random().
 */
void	start(int argc, char *argv[]);

#endif
