/*
 * The parent's children: what it knows of each, and how each is started.  For
 * parent.c, keys.c, watch.c and children.c alone.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <sys/types.h>

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "control.h"
#include "metrics.h"
#include "parent.h"
#include "restart.h"

#define MAX_CHILDREN	(3 + CONF_MAX_WORKERS)
#define MAX_ISSUERS	(1 + CONF_MAX_TRUSTS)

struct child;
struct parent;
struct watch;

struct child {
	const char	*what;
	void		(*start)(struct parent *, struct child *);
	/* what it says but for CONTROL_READY; NULL: nothing is expected */
	void		(*hear)(struct parent *, const struct control *);
	void		(*ready_hook)(struct parent *);	/* or NULL */
	const char	*program;
	enum metrics_kind kind;
	unsigned int	 slot;
	pid_t		 pid;		/* 0: not running */
	int		 control;
	int		 signer_end;	/* of a worker's pair; -1: none */
	int		 tlskey_end;	/* the same */
	bool		 ready;
	bool		 may_end;	/* by itself, with 0 */
	bool		 replaced;	/* told to end, another follows */
	uint64_t	 owed;		/* bits: issuers whose keys it lacks */
	struct restart	 restart;
};

/* the public keys of an issuer, which the parent does not read */
struct keys {
	int		 fd;		/* the last set, sealed; -1: none */
	int		 next;		/* what is written now; -1: none */
	bool		 down;		/* it was logged that there is no new */
};

struct parent {
	const struct conf	*conf;
	const struct parent_options *options;
	/* those that there are; the workers are the last of them */
	struct child		 children[MAX_CHILDREN];
	size_t			 nchildren;
	struct child		*signer;	/* or NULL */
	struct child		*tlskey;	/* or NULL */
	struct child		*trust;		/* or NULL */
	struct child		*workers;
	struct keys		 keys[MAX_ISSUERS];
	size_t			 nkeys;
	struct watch		*watches;	/* the files of trust blocks */
	int			 listeners[CONF_MAX_LISTENERS];
	int			 conf_fd;
	int			 metrics_fd;
	struct metrics		*metrics;
	int			 certificates;	/* tlskey's last; -1: none */
	int			 new_certificates; /* what it writes now */
	bool			 started;
	bool			 failed;	/* before all was ready */
	bool			 stopping;
	uint64_t		 stop_by;	/* ms */
	sigset_t		 wait_mask;
};

/* A file of the bytes that were validated, for the children to read. */
int	children_conf_file(const struct conf *);

/* Fill in which children there are. */
void	children_init(struct parent *);

/*
 * As child->start, which starts one that does not run.  If that fails it counts
 * as one that died, and is due again later.
 */
void	children_start_signer(struct parent *, struct child *);
void	children_start_tlskey(struct parent *, struct child *);
void	children_start_trust(struct parent *, struct child *);
void	children_start_worker(struct parent *, struct child *);

/* Close the parent's ends of what connects it and the signer to that child. */
void	children_close_ends(struct child *);

#endif
