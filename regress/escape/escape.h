/*
 * What a process that was taken over would try, and what it has to be able to
 * do all the same.  For regress/escape alone.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "sandbox.h"

/* The roles as they are tried: a signer has three kinds of store. */
enum kind {
	PARENT,
	WORKER,
	TRUST,
	RESOLVER,
	TLSKEY,
	MASTER,
	SIGNER_FILE,
	SIGNER_LOCAL,
	SIGNER_TCP,
	KINDS
};

#define KIND(kind)	(1u << (kind))
#define ALL_KINDS	(KIND(KINDS) - 1)
/* chroot is what keeps a signer with a database's socket from others */
#define LOCAL_AS_USER	KIND(KINDS)
#define SIGNERS		(KIND(MASTER) | KIND(SIGNER_FILE) | \
			KIND(SIGNER_LOCAL) | KIND(SIGNER_TCP))

/* Returns 0 if it worked, else errno; or does not return. */
struct attempt {
	const char	*what;
	int		(*try)(void);
	unsigned int	 may;		/* kinds that it is not refused */
	enum {
		ANYBODY,	/* works without a sandbox */
		ROOT,		/* works for root, if the system lets root */
		NEVER		/* is not tried without */
	}		 plain;
};

struct attempts {
	const struct attempt	*list;
	size_t			 n;
};

extern const struct attempts program_attempts;
extern const struct attempts file_attempts;
extern const struct attempts network_attempts;
extern const struct attempts process_attempts;
extern const struct attempts kernel_attempts;

/* What there is to attack, and to work with: made before the sandbox. */
struct scene {
	char	 dir[64];	/* temporary; everything is in it */
	char	 users_dir[96];	/* the signer's */
	char	 users[128];
	char	 outside[96];	/* a file that is none of its */
	char	 socket[96];	/* a Unix socket that is listened on, outside */
	char	 inside[128];	/* one in users_dir */
	int	 tcp[2];	/* listen on loopback */
	uint16_t port[2];	/* that a signer may connect to the first of */
	int	 abstract;	/* listens as well */
	int	 listener;	/* TCP; no other attempt needs it */
	int	 unconnected;	/* TCP */
	int	 datagram;	/* UDP */
	int	 pair[2];	/* connected */
	int	 file;		/* outside, open for writing */
	pid_t	 victim;	/* of the same user; ignores SIGTERM */
};

extern struct scene scene;

/* Become a process of that kind, as the programs do.  In a child. */
void	confine(enum kind);

/* The positive half: prints its own tests. */
void	work_tests(void);

/*
 * Run it in a child that is confined, unless the kind is KINDS.  Returns the
 * status as of wait(2).
 */
int	in_child(enum kind, int (*)(void));

extern const char *const kind_names[KINDS];

int	ok(int, const char *, ...) __attribute__((format(printf, 2, 3)));
void	skip(const char *what, const char *why);

#endif
