/*
 * The parent's children: what it knows of each, and how each is started.  For
 * parent.c and children.c alone.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <sys/types.h>

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "parent.h"
#include "restart.h"

struct child {
	const char	*what;
	unsigned int	 slot;
	pid_t		 pid;		/* 0: not running */
	int		 control;
	int		 signer_end;	/* of a worker's pair; -1: none */
	int		 tlskey_end;	/* the same */
	bool		 ready;
	bool		 replaced;	/* told to end, another follows */
	struct restart	 restart;
};

struct parent {
	const struct conf	*conf;
	const struct parent_options *options;
	struct child		 signer;
	struct child		 tlskey;
	struct child		 workers[CONF_MAX_WORKERS];
	int			 listeners[CONF_MAX_LISTENERS];
	int			 conf_fd;
	int			 keys_fd;	/* what the signer wrote last */
	int			 new_keys_fd;	/* what it writes now */
	int			 certificates_fd; /* the same of tlskey */
	int			 new_certificates_fd;
	bool			 started;
	bool			 failed;	/* before all was ready */
	bool			 stopping;
	uint64_t		 stop_by;	/* ms */
	sigset_t		 wait_mask;
};

/* A file of the bytes that were validated, for the children to read. */
int	children_conf_file(const struct conf *);

/*
 * Start one that does not run.  If that fails it counts as one that died, and is
 * due again later.
 */
void	children_start_signer(struct parent *);
void	children_start_tlskey(struct parent *);
void	children_start_worker(struct parent *, struct child *);

/* Close the parent's ends of what connects it and the signer to that child. */
void	children_close_ends(struct child *);

#endif
