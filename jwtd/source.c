/*
 * A key set of another issuer: checked here, in the process that can do nothing
 * else, before any worker gets it.  The last good one is what counts.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "file.h"
#include "jwk.h"
#include "log.h"
#include "trust.h"

static void
tell(uint32_t type, uint32_t issuer)
{
	struct control control;

	control.type = type;
	control.slot = issuer;
	/* whoever follows is given all there is to know */
	if (control_send(FD_CONTROL, &control, -1) == -1)
		fatalx("the parent does not listen");
}

/* Write the set for the workers, as soon as there is a file for it. */
static void
publish(struct source *source)
{
	if (source->out == -1) {
		source->unwritten = true;
		return;
	}
	if (file_write_fd(source->out, source->text, source->len) == -1)
		fatal("key set");
	close(source->out);
	source->out = -1;
	source->unwritten = false;
	tell(CONTROL_KEYS, source->issuer);
}

void
source_out(struct source *source, int fd)
{
	if (source->out != -1)
		close(source->out);
	source->out = fd;
	if (source->unwritten)
		publish(source);
}

void
source_failed(struct source *source, const char *why)
{
	if (source->down) {
		log_debug("%s: %s", source->trust->path, why);
		return;
	}
	log_warnx("%s: %s", source->trust->path, why);
	source->down = true;
	tell(CONTROL_DOWN, source->issuer);
}

static void
succeeded(struct source *source)
{
	if (!source->down)
		return;
	log_info("%s: is there again", source->trust->path);
	source->down = false;
	tell(CONTROL_UP, source->issuer);
}

int
source_take(struct source *source, const char *buf, size_t len)
{
	struct jwkset set;
	const char *why;
	char *copy;

	if (source->text != NULL && source->len == len &&
	    memcmp(source->text, buf, len) == 0) {
		succeeded(source);
		return (0);
	}
	/* of a file that stays as bad as it is, once */
	if (trust_parse(source->trust, buf, len, &set,
	    source->down ? log_debug : log_warnx, &why) == -1) {
		source_failed(source, why);
		return (-1);
	}
	succeeded(source);
	log_info("%s: %zu key%s", source->trust->path, set.nkeys,
	    set.nkeys == 1 ? "" : "s");
	jwkset_clear(&set);
	if ((copy = malloc(len + 1)) == NULL)
		fatal("key set");
	memcpy(copy, buf, len);
	free(source->text);
	source->text = copy;
	source->len = len;
	publish(source);
	return (0);
}
