/* A client that counts every answer: what its files share. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_USERS	8
#define LOAD_TOKEN	8192

enum load_kind {
	LOAD_GRANT,		/* 200 with a token for that user, or 503 */
	LOAD_RESOURCE,		/* 202 for that user */
	LOAD_WRONG_PASSWORD,	/* 401, or 503 */
	LOAD_WRONG_TOKEN,	/* 401 */
	LOAD_WRONG_SCOPE	/* 403 */
};

struct load_user {
	const char	*name;
	const char	*password;
	char		 token[LOAD_TOKEN];	/* "": none yet */
};

struct load_options {
	struct load_user users[LOAD_USERS];
	size_t		 nusers;
	unsigned int	 grants;	/* of 1000 requests */
	unsigned int	 wrong;		/* passwords, of 1000 requests */
	unsigned int	 ends;		/* connections, of 1000 requests */
	bool		 stale;		/* a token may have become invalid */
};

struct load_request {
	enum load_kind	 kind;
	struct load_user *user;
	char		 text[LOAD_TOKEN + 512];
	size_t		 len;
};

struct load_answer {
	int		 status;
	bool		 close;		/* the connection ends with it */
	size_t		 len;		/* of head and body */
	const char	*head;
	size_t		 head_len;
};

enum load_result {
	LOAD_GOOD,
	LOAD_BUSY,		/* 503 with Retry-After, of a grant */
	LOAD_STALE,
	LOAD_BAD
};

/* load_request.c */

/* Which request comes next, and its bytes. */
void	load_request_make(struct load_options *, struct load_request *);

/* Returns 0 if there is no whole answer yet, -1 if it never will be one. */
int	load_answer_parse(const char *, size_t len, struct load_answer *);

/* Is it the answer to that request?  A new token is kept for the user. */
enum load_result load_answer_check(const struct load_options *,
	    struct load_request *, const struct load_answer *);

/* load_count.c */

enum load_count {
	LOAD_N_GOOD,
	LOAD_N_BUSY,
	LOAD_N_STALE,
	LOAD_N_WRONG,
	LOAD_N_CLOSED,		/* before any byte of an answer: came again */
	LOAD_N_CUT,		/* in the middle of an answer */
	LOAD_N_LOST,		/* came again several times, in vain */
	LOAD_N_STUCK,		/* no answer for too long */
	LOAD_N_REFUSED,		/* connections */
	LOAD_N_HANDSHAKE,	/* TLS handshakes that failed */
	LOAD_N_CONNECTIONS,	/* that were made */
	LOAD_NCOUNTS
};

void	load_count(enum load_count);
/* How long it took from the first try to the answer, in microseconds. */
void	load_count_time(enum load_kind, enum load_result, uint64_t);
/* A line of what was counted since the last one. */
void	load_count_print(void);

#endif
