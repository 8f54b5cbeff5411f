/*
 * A client that keeps connections to a server busy, or idle, and prints how
 * many answers came, how late, and what they cost itself.  It is for what
 * wrk(1) cannot do: connections that are there before the measuring begins, a
 * new one for each request, each credential once, and so many requests a second
 * whatever comes back.
 *
 * Usage: load [-1rT] [-a file] [-c connections] [-i us] [-t ms] [-w window]
 *	    {port | socket} path
 *	-1	each line of the file once; ends with it
 *	-a	values of Authorization fields, a line each, in turn
 *	-i	a request each so many microseconds, and not one after another
 *	-r	a new connection for each request
 *	-T	TLS
 *	-w	so many requests at a time, of all connections in turn
 *
 * It connects, says "ready", and for each line on its standard input asks for
 * so many ms and then prints a line; it ends with its standard input.
 */
#include <sys/queue.h>

#include <event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load_conn.h"
#include "log.h"

#define OPENING_MAX	64	/* connections that are made at the same time */

static struct {
	struct load_target	 target;
	struct event_base	*base;
	TAILQ_HEAD(, load_conn)	 idle;
	char			**lines;
	size_t			 nlines;
	size_t			 line;		/* the next one */
	bool			 once;
	bool			 reconnect;
	unsigned int		 nconns;
	unsigned int		 opened;	/* of these */
	unsigned int		 window;
	unsigned int		 busy;
	double			 seconds;
	double			 interval;	/* 0: one after the other */
	struct event		 tick;
	bool			 measuring;
	double			 end;
	double			 due;		/* of the next with interval */
	uint32_t		*late;		/* microseconds */
	size_t			 answers;
	size_t			 room;
	size_t			 good;
} load;

static double
now(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) == -1)
		fatal("clock_gettime");
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void
read_lines(const char *path)
{
	char *line;
	size_t size;
	ssize_t n;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		fatal("%s", path);
	line = NULL;
	size = 0;
	while ((n = getline(&line, &size, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		load.lines = reallocarray(load.lines, load.nlines + 1,
		    sizeof(*load.lines));
		if (load.lines == NULL ||
		    (load.lines[load.nlines++] = strdup(line)) == NULL)
			fatal("%s", path);
	}
	free(line);
	fclose(f);
}

/* What comes next, "" for no Authorization, or NULL at the end of the file. */
static const char *
next_line(void)
{
	if (load.nlines == 0)
		return ("");
	if (load.line == load.nlines) {
		if (load.once)
			return (NULL);
		load.line = 0;
	}
	return (load.lines[load.line++]);
}

/* Have a connection ask, which was due then.  False: there is nothing left. */
static bool
ask(double due)
{
	struct load_conn *conn;
	const char *line;

	if ((line = next_line()) == NULL)
		return (false);
	conn = TAILQ_FIRST(&load.idle);
	TAILQ_REMOVE(&load.idle, conn, entry);
	load.busy++;
	conn->since = due;
	if (load.reconnect)
		load_conn_open(conn);
	load_conn_ask(conn, line);
	return (true);
}

/* One after the other: as many as there may be at a time. */
static void
ask_on(void)
{
	while (load.busy < load.window && !TAILQ_EMPTY(&load.idle) &&
	    now(CLOCK_MONOTONIC) < load.end)
		if (!ask(now(CLOCK_MONOTONIC)))
			break;
	if (load.busy == 0)
		(void)event_base_loopbreak(load.base);
}

/* By the clock: what is due by now, as far as there are connections for it. */
static void
ask_due(void)
{
	struct timeval tv;
	double wait;

	while (load.due < load.end && load.due <= now(CLOCK_MONOTONIC) &&
	    !TAILQ_EMPTY(&load.idle)) {
		if (!ask(load.due))
			load.end = 0;
		load.due += load.interval;
	}
	if (load.due >= load.end) {
		if (load.busy == 0)
			(void)event_base_loopbreak(load.base);
		return;
	}
	wait = load.due - now(CLOCK_MONOTONIC);
	if (wait < 0)
		return;		/* the next answer frees a connection */
	tv.tv_sec = (time_t)wait;
	tv.tv_usec = (suseconds_t)((wait - (double)tv.tv_sec) * 1e6);
	if (evtimer_add(&load.tick, &tv) == -1)
		fatalx("a timer cannot be set");
}

static void
on_tick(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ask_due();
}

static void
note(double seconds, bool good)
{
	if (load.answers == load.room) {
		load.room = load.room * 2 + 1024;
		load.late = reallocarray(load.late, load.room,
		    sizeof(*load.late));
		if (load.late == NULL)
			fatal("answers");
	}
	load.late[load.answers++] = (uint32_t)(seconds * 1e6);
	load.good += good;
}

/* Connections are made some at a time: each that is there brings another. */
static void
open_next(void)
{
	struct load_conn *conn;

	if (load.opened == load.nconns)
		return;
	if ((conn = calloc(1, sizeof(*conn))) == NULL)
		fatal("connections");
	conn->target = &load.target;
	conn->base = load.base;
	load.opened++;
	load.busy++;
	if (load.reconnect) {
		conn->fd = -1;
		TAILQ_INSERT_TAIL(&load.idle, conn, entry);
		load.busy--;
		open_next();
		return;
	}
	/* without credentials: it only has to be answered */
	load_conn_open(conn);
	load_conn_ask(conn, "");
}

static void
on_answer(struct load_conn *conn, bool good)
{
	TAILQ_INSERT_TAIL(&load.idle, conn, entry);
	load.busy--;
	if (!load.measuring) {
		open_next();
		if (load.busy == 0)
			(void)event_base_loopbreak(load.base);
		return;
	}
	note(now(CLOCK_MONOTONIC) - conn->since, good);
	if (load.reconnect)
		load_conn_close(conn);
	if (load.interval > 0)
		ask_due();
	else
		ask_on();
}

static int
compare(const void *a, const void *b)
{
	uint32_t x, y;

	x = *(const uint32_t *)a;
	y = *(const uint32_t *)b;
	return ((x > y) - (x < y));
}

static unsigned int
percentile(double part)
{
	if (load.answers == 0)
		return (0);
	return (load.late[(size_t)((double)(load.answers - 1) * part)]);
}

static void
run(void)
{
	double begin, cpu;

	load.answers = load.good = 0;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	begin = now(CLOCK_MONOTONIC);
	load.end = begin + load.seconds;
	load.due = begin;
	if (load.interval > 0)
		ask_due();
	else
		ask_on();
	if (load.busy > 0 || load.interval > 0)
		(void)event_base_dispatch(load.base);
	begin = now(CLOCK_MONOTONIC) - begin;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	qsort(load.late, load.answers, sizeof(*load.late), compare);
	printf("answers=%zu good=%zu seconds=%.6f cpu=%.6f p50=%u p99=%u "
	    "max=%u\n", load.answers, load.good, begin, cpu, percentile(0.5),
	    percentile(0.99), percentile(1));
}

static unsigned int
number(const char *text, unsigned int max)
{
	const char *why;
	long long n;

	n = strtonum(text, 1, max, &why);
	if (why != NULL)
		fatalx("\"%s\" is %s", text, why);
	return ((unsigned int)n);
}

static void
options(int argc, char *argv[])
{
	int ch;

	load.nconns = 1;
	load.seconds = 1;
	while ((ch = getopt(argc, argv, "1a:c:i:rTt:w:")) != -1)
		switch (ch) {
		case '1':
			load.once = true;
			break;
		case 'a':
			read_lines(optarg);
			break;
		case 'c':
			load.nconns = number(optarg, 100000);
			break;
		case 'i':
			load.interval = number(optarg, 1000000) / 1e6;
			break;
		case 'r':
			load.reconnect = true;
			break;
		case 'T':
			load.target.tls = true;
			break;
		case 't':
			load.seconds = number(optarg, 600000) / 1e3;
			break;
		case 'w':
			load.window = number(optarg, 100000);
			break;
		default:
			exit(2);
		}
	if (argc - optind != 2)
		exit(2);
	if (load.window == 0)
		load.window = load.nconns;
	load.target.address = argv[optind];
	load.target.path = argv[optind + 1];
}

int
main(int argc, char *argv[])
{
	char line[16];
	unsigned int i;

	log_init("load", 1, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	TAILQ_INIT(&load.idle);
	options(argc, argv);
	if ((load.base = event_base_new()) == NULL)
		fatalx("event_base_new");
	evtimer_set(&load.tick, on_tick, NULL);
	event_base_set(load.base, &load.tick);
	load.target.answered = on_answer;
	load_target_init(&load.target);
	for (i = 0; i < OPENING_MAX; i++)
		open_next();
	if (load.busy > 0)
		(void)event_base_dispatch(load.base);
	load.measuring = true;
	puts("ready");
	while (fgets(line, sizeof(line), stdin) != NULL)
		run();
	if (load.target.failed > 0)
		log_warnx("%u handshakes failed", load.target.failed);
	return (0);
}
