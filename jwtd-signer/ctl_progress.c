/*
 * How far something long is: one line on a terminal, written again a few times
 * a second, and gone in the end.
 */
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "ctl.h"

#define FIRST_MS	500	/* what is over by then says nothing */
#define STEP_MS		250

void
progress_start(struct progress *p, const char *name, size_t total)
{
	p->name = name;
	p->total = total;
	p->next = clock_ms() + FIRST_MS;
	p->terminal = isatty(STDERR_FILENO);
	p->width = 0;
}

void
progress_show(struct progress *p, size_t done)
{
	uint64_t now;
	int n;

	if (!p->terminal || (now = clock_ms()) < p->next)
		return;
	p->next = now + STEP_MS;
	n = fprintf(stderr, "\r%s: %zu of %zu", p->name, done, p->total) - 1;
	if (n > p->width)
		p->width = n;
	(void)fflush(stderr);
}

void
progress_clear(struct progress *p)
{
	if (p->width > 0)
		(void)fprintf(stderr, "\r%*s\r", p->width, "");
	p->width = 0;
}
