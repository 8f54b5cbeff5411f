/* Signals for a loop of ppoll(2); see signals.h.  No handler is in here. */
#include "signals.h"

#include <string.h>

#include "log.h"

void
signals_hear(const int *heard, void (*handler)(int), sigset_t *mask)
{
	struct sigaction action;
	sigset_t all;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = SIG_IGN;
	/* the parent hears those of the terminal, and decides */
	if (sigaction(SIGINT, &action, NULL) == -1 ||
	    sigaction(SIGHUP, &action, NULL) == -1 ||
	    sigaction(SIGPIPE, &action, NULL) == -1)
		fatal("sigaction");
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, mask) == -1)
		fatal("sigprocmask");
	action.sa_handler = handler;
	for (; *heard != 0; heard++) {
		sigdelset(mask, *heard);
		if (sigaction(*heard, &action, NULL) == -1)
			fatal("sigaction");
	}
}
