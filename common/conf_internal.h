/*
 * What the files behind conf.h share: errors, memory, values, and the lexer
 * that feeds the grammar.  Nobody else includes it.
 */
#ifndef CONF_INTERNAL_H
#define CONF_INTERNAL_H

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conf.h"

#define CONF_MAX_FILE		((size_t)1024 * 1024)	/* bytes */
#define CONF_MAX_LINE		8192		/* bytes */
#define CONF_MAX_STRING		4096		/* bytes */
#define CONF_MAX_DEPTH		16		/* of includes */
#define CONF_MAX_INCLUDES	1000		/* in all */
#define CONF_MAX_ERRORS		100		/* then it stops reading */
#define CONF_MAX_TEXT		255		/* issuer, audience, realm.. */
#define CONF_MAX_PATH		1024		/* of a location */

#define CONF_REMEMBER		(5 * 60)	/* seconds */
#define CONF_REVOCATIONS	65536		/* entries */
#define CONF_REVOCATIONS_STALE	60		/* seconds */

struct conf_errors {
	FILE	*out;			/* or NULL: to the log */
	int	 n;
};

/* conf.c */
/* line 0: there is none */
void	 conf_error(struct conf_errors *, const char *file, int line,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* these end the program when there is no memory */
void	*conf_alloc(size_t);		/* all zero */
char	*conf_dup(const char *);
void	*conf_grow(void *, size_t n, size_t size);
void	 strings_add(struct strings *, const char *);
void	 strings_free(struct strings *);
struct conf_signer *conf_signer_new(void);
void	 conf_signer_free(struct conf_signer *);

/*
 * conf_value.c: pure functions that read one value.  Each returns NULL, or what
 * is wrong with it, "" if there is no more to say than that it is invalid.
 */
const char *conf_number(const char *, unsigned int min, unsigned int max,
	    unsigned int *);
const char *conf_bytes(const char *, size_t max);
const char *conf_text(const char *, size_t max);
const char *conf_realm(const char *);
const char *conf_scope(const char *);
const char *conf_issuer_url(const char *);
const char *conf_header(const char *);
const char *conf_host(const char *);
const char *conf_location_path(const char *);
const char *conf_address(const char *, unsigned int port,
	    struct conf_listener *);
const char *conf_socket(const char *, struct conf_listener *);
const char *conf_network(const char *, struct conf_network *);

/* conf_lex.c */
enum conf_token {		/* and '\n' { } = , as themselves */
	LEX_END = 0,
	LEX_BAD = 512,		/* reported already */
	LEX_WORD,
	LEX_STRING,		/* in quotes, or from a macro */
	LEX_NAME		/* a word with '=' after it */
};

struct conf_source {
	struct conf_source	*up;		/* what includes this one */
	const char		*name;
	char			*copy;		/* to be freed, or NULL */
	const char		*buf;
	size_t			 len, pos;
	int			 line, depth;
	dev_t			 dev;
	ino_t			 ino;
	bool			 is_file, ended;
};

struct conf_lexer {
	struct conf_source	*source;
	struct conf_errors	*errors;
	struct strings		*files;
	struct strings		 pool;		/* the text of all tokens */
	struct strings		 macros;	/* name, value, name, value */
	unsigned int		 includes;
	int			 open;		/* braces */
	bool			 recovering;	/* from a syntax error */
	bool			 truncated;	/* a file ended in a block */
	/* the last token: what it is, its text, where it is */
	int			 token;
	const char		*text;
	char			 punctuation[2];
	const char		*file;
	int			 line;
};

void	 conf_lex_init(struct conf_lexer *, struct conf_errors *,
	    struct strings *files);
void	 conf_lex_free(struct conf_lexer *);
/* these report what is wrong */
bool	 conf_lex_file(struct conf_lexer *, const char *path);
bool	 conf_lex_buffer(struct conf_lexer *, const char *name,
	    const char *buf, size_t len);
bool	 conf_lex_include(struct conf_lexer *, const char *path, int line);
void	 conf_lex_define(struct conf_lexer *, const char *name,
	    const char *value);
int	 conf_lex(struct conf_lexer *);
/* after a syntax error: leave out the rest of the statement, blocks included */
void	 conf_lex_recover(struct conf_lexer *);

#endif
