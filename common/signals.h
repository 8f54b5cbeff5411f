/* Signals for a loop of ppoll(2). */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

/*
 * The handler hears these signals, after which there is a 0, in ppoll(2) with
 * that mask and nowhere else.  What comes from the terminal, or from a peer that
 * is gone, is ignored if it is none of them.
 */
void	signals_hear(const int *heard, void (*handler)(int), sigset_t *mask);

#endif
