/*
 * What the statements of jwtd.conf(5) have in common: errors at their line,
 * what can be given once, numbers and times, and lists.
 */
#include "conf_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is in error may hold what will then seem to be missing. */
void
parse_mark(struct conf_parser *p, bool all)
{
	if (p->location != NULL)
		p->location->partial = true;
	if (p->server != NULL && (all || p->location == NULL))
		p->server->partial = true;
	if (p->signer != NULL)
		p->signer->partial = true;
	if (p->trust != NULL)
		p->trust->partial = true;
	if (all || (p->server == NULL && p->signer == NULL && p->trust == NULL))
		p->conf->partial = true;
}

void
parse_error(struct conf_parser *p, int line, const char *fmt, ...)
{
	char text[CONF_MAX_STRING * 2 + 256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_error(&p->errors, p->lex.file, line, "%s", text);
	parse_mark(p, false);
}

bool
parse_valid(struct conf_parser *p, const char *what, const char *value,
    const char *why)
{
	if (why == NULL)
		return (true);
	parse_error(p, p->lex.line, "invalid %s \"%s\"%s%s", what, value,
	    *why != '\0' ? ": " : "", why);
	return (false);
}

bool
parse_once(struct conf_parser *p, enum once which, const char *word)
{
	if (p->seen[which] != 0) {
		parse_error(p, p->lex.line, "duplicate \"%s\"", word);
		return (false);
	}
	p->seen[which] = p->lex.line;
	return (true);
}

void
parse_forget(struct conf_parser *p, enum once from, enum once to)
{
	memset(&p->seen[from], 0, (to - from + 1) * sizeof(p->seen[0]));
}

void
parse_number(struct conf_parser *p, enum once which, const char *word,
    const char *value, unsigned int min, unsigned int max, unsigned int *out)
{
	if (parse_once(p, which, word))
		(void)parse_valid(p, word, value,
		    conf_number(value, min, max, out));
}

void
parse_seconds(struct conf_parser *p, enum once which, const char *word,
    const char *value, unsigned int min, unsigned int max, unsigned int *out)
{
	if (!parse_once(p, which, word))
		return;
	(void)parse_valid(p, word, value, conf_seconds(value, min, max, out));
}

void
parse_list_begin(struct conf_parser *p)
{
	p->nitems = 0;
	p->list_errors = p->errors.n;
}

bool
parse_list_empty(const struct conf_parser *p)
{
	return (p->nitems == 0 && p->errors.n == p->list_errors);
}

void
parse_list_add(struct conf_parser *p, const char *text)
{
	p->items = conf_grow(p->items, p->nitems + 1, sizeof(*p->items));
	p->items[p->nitems].text = text;
	p->items[p->nitems].line = p->lex.line;
	p->nitems++;
}

bool
parse_path(struct conf_parser *p, const char *what, const char *path)
{
	return (parse_valid(p, what, path, conf_bytes(path, CONF_MAX_STRING)));
}

/* Who looks for it may be elsewhere. */
void
parse_status(struct conf_parser *p, const char *path)
{
	if (parse_once(p, ONCE_STATUS, "status") &&
	    parse_path(p, "status", path) && parse_valid(p, "status", path,
	    path[0] == '/' ? NULL : "not an absolute path"))
		p->conf->status = conf_dup(path);
}
