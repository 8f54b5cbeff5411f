/*
 * Tokens that were given a short time ago, to be given again for the same wish.
 * A table of fixed size in memory that all signers share, without locks.  It is
 * asked after it was decided who somebody is, and decides nothing itself.
 */
#ifndef REUSE_H
#define REUSE_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "store.h"

#define REUSE_SETS	1024		/* a power of 2 */
#define REUSE_WAYS	4
#define REUSE_TOKEN_MAX	MESSAGE_PART	/* longer ones are always new */
#define REUSE_TAG	32
#define REUSE_ID	32
#define REUSE_MAC	16

/* all that a token follows from, but for when it is made and its id */
struct reuse_wish {
	const char			*name;		/* the subject */
	const struct user		*user;
	const struct message_request	*request;
	size_t				 key;		/* keyring_turn() */
};

struct reuse_tag {
	unsigned char	 v[REUSE_TAG];
};

struct reuse_token {
	int64_t		 issued;		/* its iat and exp */
	int64_t		 expires;
	char		 id[REUSE_ID];		/* its jti */
	char		 scope[MESSAGE_SCOPE_MAX + 1];
	char		 token[REUSE_TOKEN_MAX];	/* without a NUL */
	size_t		 len;
};

/* scope and token follow each other in the text, without a NUL */
struct reuse_head {
	uint8_t			 mac[REUSE_MAC];
	struct reuse_tag	 tag;
	int64_t			 issued;	/* 0: nothing is there */
	int64_t			 expires;
	uint32_t		 scope_len;
	uint32_t		 token_len;
	char			 id[REUSE_ID];
};

struct reuse_text {
	char	 v[MESSAGE_SCOPE_MAX + REUSE_TOKEN_MAX];
};

struct reuse {
	uint8_t			 tag_key[crypto_generichash_KEYBYTES];
	uint8_t			 mac_key[crypto_generichash_KEYBYTES];
	unsigned int		 seconds;
	/* apart, so that a look at a set reads little */
	struct reuse_head	 heads[REUSE_SETS][REUSE_WAYS];
	struct reuse_text	 texts[REUSE_SETS][REUSE_WAYS];
};

/* A token is given again for so many seconds.  NULL with errno. */
struct reuse	*reuse_new(unsigned int seconds);
/* Wipe it, for all who have it mapped. */
void		 reuse_free(struct reuse *);
/* Have it no longer, while others do. */
void		 reuse_unmap(struct reuse *);

/* The same tag is the same wish, of the same user as the store has them. */
void		 reuse_tag(const struct reuse *, const struct reuse_wish *,
		    struct reuse_tag *);
/*
 * The token that was kept for it.  Only one that was issued no longer ago than
 * configured, and of whose life more than half is left.
 */
bool		 reuse_find(const struct reuse *, const struct reuse_tag *,
		    int64_t now, struct reuse_token *);
void		 reuse_keep(struct reuse *, const struct reuse_tag *,
		    const struct reuse_token *);
/* The token with that id was revoked. */
void		 reuse_forget(struct reuse *, const char *id);

#endif
