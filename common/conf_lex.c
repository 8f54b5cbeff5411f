/*
 * The words of jwtd.conf(5): files and what they include, lines, quotes and
 * macros.  A file is read and looked over as a whole before its first word.
 */
#include "conf_internal.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

void
conf_lex_init(struct conf_lexer *l, struct conf_errors *errors,
    struct strings *files)
{
	memset(l, 0, sizeof(*l));
	l->errors = errors;
	l->files = files;
	l->token = '\n';
}

static void
source_pop(struct conf_lexer *l)
{
	struct conf_source *s;

	s = l->source;
	l->source = s->up;
	free(s->copy);
	free(s);
}

void
conf_lex_free(struct conf_lexer *l)
{
	while (l->source != NULL)
		source_pop(l);
	strings_free(&l->pool);
	strings_free(&l->macros);
}

/*
 * What no configuration has is not for the rest to meet.  The first such byte
 * is reported, and nothing else of that file: it is likely not a text at all.
 */
static bool
looked_over(struct conf_lexer *l, const char *name, const char *buf,
    size_t len)
{
	unsigned char c;
	size_t i, start;
	int line;

	line = 1;
	for (i = start = 0; i < len; i++) {
		c = (unsigned char)buf[i];
		if (c == '\n') {
			line++;
			start = i + 1;
		} else if (c == '\0') {
			conf_error(l->errors, name, line, "NUL byte");
			return (false);
		} else if ((c < 0x20 && c != '\t') || c == 0x7f) {
			conf_error(l->errors, name, line,
			    "control character 0x%02x", c);
			return (false);
		} else if (i - start >= CONF_MAX_LINE) {
			conf_error(l->errors, name, line, "line is too long");
			return (false);
		}
	}
	return (true);
}

static struct conf_source *
source_push(struct conf_lexer *l, const char *name, const char *buf,
    size_t len)
{
	struct conf_source *s;

	strings_add(l->files, name);
	s = conf_alloc(sizeof(*s));
	s->name = l->files->v[l->files->n - 1];
	s->buf = buf;
	s->len = len;
	s->line = 1;
	s->depth = l->source != NULL ? l->source->depth + 1 : 0;
	s->up = l->source;
	l->source = s;
	return (s);
}

bool
conf_lex_buffer(struct conf_lexer *l, const char *name, const char *buf,
    size_t len)
{
	(void)source_push(l, name, buf, len);
	return (looked_over(l, name, buf, len));
}

/* On failure, *why says what kept it from being read, or is NULL. */
static bool
open_file(struct conf_lexer *l, const char *path, const char **why)
{
	struct conf_source *s, *up;
	struct stat st;
	size_t len;
	char *buf;

	if (stat(path, &st) == -1) {
		*why = strerror(errno);
		return (false);
	}
	for (up = l->source; up != NULL; up = up->up)
		if (up->dev == st.st_dev && up->ino == st.st_ino) {
			*why = "includes itself";
			return (false);
		}
	buf = file_read(path, CONF_MAX_FILE, &len, why);
	if (buf == NULL)
		return (false);
	*why = NULL;
	if (!looked_over(l, path, buf, len)) {
		free(buf);
		return (false);
	}
	s = source_push(l, path, buf, len);
	s->copy = buf;
	s->is_file = true;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return (true);
}

bool
conf_lex_file(struct conf_lexer *l, const char *path)
{
	const char *why;

	if (open_file(l, path, &why))
		return (true);
	if (why != NULL)
		conf_error(l->errors, path, 0, "%s", why);
	return (false);
}

bool
conf_lex_include(struct conf_lexer *l, const char *path, int line)
{
	const char *slash, *up, *why;
	char full[PATH_MAX];
	int dir, n;

	up = l->source->name;
	slash = strrchr(up, '/');
	dir = slash == NULL || *path == '/' ? 0 : (int)(slash + 1 - up);
	n = snprintf(full, sizeof(full), "%.*s%s", dir, up, path);
	why = NULL;
	if (!l->source->is_file)
		why = "only a file can include another";
	else if (*path == '\0')
		why = "empty";
	else if (n < 0 || (size_t)n >= sizeof(full))
		why = "too long";
	else if (l->source->depth >= CONF_MAX_DEPTH)
		why = "nested too deep";
	else if (l->includes++ >= CONF_MAX_INCLUDES)
		why = "too many files";
	else if (open_file(l, full, &why))
		return (true);
	if (why != NULL)
		conf_error(l->errors, up, line, "include \"%s\": %s", path,
		    why);
	return (false);
}

void
conf_lex_define(struct conf_lexer *l, const char *name, const char *value)
{
	strings_add(&l->macros, name);
	strings_add(&l->macros, value);
}

static char
peek(const struct conf_source *s, size_t ahead)
{
	/* there is no NUL in a source */
	if (s->len - s->pos <= ahead)
		return ('\0');
	return (s->buf[s->pos + ahead]);
}

/* blanks, comments, and the ends of lines that are continued */
static void
skip(struct conf_source *s)
{
	char c;

	while ((c = peek(s, 0)) != '\0') {
		if (c == '#')
			while (peek(s, 0) != '\n' && peek(s, 0) != '\0')
				s->pos++;
		else if (c == '\\' && peek(s, 1) == '\n') {
			s->pos += 2;
			s->line++;
		} else if (c == ' ' || c == '\t')
			s->pos++;
		else
			return;
	}
}

static void
keep(struct conf_lexer *l, const char *text)
{
	strings_add(&l->pool, text);
	l->text = l->pool.v[l->pool.n - 1];
}

static int
bad(struct conf_lexer *l, const char *what)
{
	conf_error(l->errors, l->file, l->line, "%s", what);
	return (LEX_BAD);
}

/*
 * A string without its end takes the rest of the line, but for a brace there:
 * to miss that would put what follows into the wrong block.
 */
static int
unclosed(struct conf_lexer *l)
{
	struct conf_source *s;
	size_t i;

	s = l->source;
	for (i = s->pos; i > 0 && (s->buf[i - 1] == ' ' ||
	    s->buf[i - 1] == '\t'); i--)
		;
	if (i > 0 && s->buf[i - 1] == '{')
		s->pos = i - 1;
	return (bad(l, "string has no end"));
}

static int
quoted(struct conf_lexer *l)
{
	char c, text[CONF_MAX_STRING + 1];
	struct conf_source *s;
	bool escape, overflow;
	size_t n;

	s = l->source;
	escape = overflow = false;
	for (n = 0; (c = peek(s, 0)) != '"'; s->pos++) {
		if (c == '\0' || c == '\n')
			return (unclosed(l));
		if (c == '\\') {
			c = peek(s, 1);
			if (c != '"' && c != '\\') {
				escape = true;
				continue;
			}
			s->pos++;
		}
		if (n + 1 < sizeof(text))
			text[n++] = c;
		else
			overflow = true;
	}
	s->pos++;
	if (escape)
		return (bad(l, "backslash before other than \" and \\"));
	if (overflow)
		return (bad(l, "string is too long"));
	text[n] = '\0';
	keep(l, text);
	return (LEX_STRING);
}

static bool
name_char(char c)
{
	return (isalnum((unsigned char)c) || c == '_');
}

static int
macro(struct conf_lexer *l)
{
	char name[CONF_MAX_TEXT + 1];
	struct conf_source *s;
	size_t i, n;

	s = l->source;
	for (n = 0; name_char(peek(s, n)); n++)
		;
	if (n == 0) {
		l->text = "$";
		return ('$');
	}
	if (n >= sizeof(name)) {
		s->pos += n;
		return (bad(l, "macro name is too long"));
	}
	memcpy(name, s->buf + s->pos, n);
	name[n] = '\0';
	s->pos += n;
	/* the last definition counts */
	for (i = l->macros.n; i > 0; i -= 2)
		if (strcmp(l->macros.v[i - 2], name) == 0) {
			keep(l, l->macros.v[i - 1]);
			return (LEX_STRING);
		}
	conf_error(l->errors, l->file, l->line, "macro \"%s\" is not defined",
	    name);
	return (LEX_BAD);
}

static bool
word_char(char c)
{
	return (c != '\0' && strchr(" \t\n{}=,#\"$\\", c) == NULL);
}

static int
word(struct conf_lexer *l)
{
	char text[CONF_MAX_STRING + 1];
	struct conf_source *s;
	size_t n;

	s = l->source;
	for (n = 0; word_char(peek(s, n)); n++)
		;
	if (n >= sizeof(text)) {
		s->pos += n;
		return (bad(l, "string is too long"));
	}
	memcpy(text, s->buf + s->pos, n);
	text[n] = '\0';
	s->pos += n;
	keep(l, text);
	for (n = 0; peek(s, n) == ' ' || peek(s, n) == '\t'; n++)
		;
	return (peek(s, n) == '=' ? LEX_NAME : LEX_WORD);
}

/* the next token of this source, LEX_END at its end */
static int
next(struct conf_lexer *l)
{
	struct conf_source *s;
	char c;

	s = l->source;
	skip(s);
	c = peek(s, 0);
	if (c == '\0')
		return (LEX_END);
	l->file = s->name;
	l->line = s->line;
	if (word_char(c))
		return (word(l));
	s->pos++;
	switch (c) {
	case '\n':
		s->line++;
		return ('\n');
	case '"':
		return (quoted(l));
	case '$':
		return (macro(l));
	}
	l->punctuation[0] = c;
	l->text = l->punctuation;
	return (c);
}

/*
 * What the grammar sees where a source ends: the last line's end and, where
 * braces are missing, an error and then the braces, so that what comes after an
 * include is still read for what it is.  -1: go on with what included it.
 */
static int
end_of_source(struct conf_lexer *l)
{
	struct conf_source *s;

	s = l->source;
	if (l->token != '\n')
		return ('\n');
	if (l->open > 0 && !s->ended) {
		s->ended = l->truncated = true;
		return (bad(l, "syntax error at end of file"));
	}
	if (l->open > 0)
		return ('}');
	if (s->up == NULL)
		return (LEX_END);
	source_pop(l);
	return (-1);
}

/* after a '{', to behind its '}' */
static void
skip_block(struct conf_lexer *l)
{
	int open, token;

	for (open = 1; open > 0;) {
		token = next(l);
		if (token == LEX_END)
			return;
		if (token == '{')
			open++;
		else if (token == '}')
			open--;
	}
}

int
conf_lex(struct conf_lexer *l)
{
	int token;

	do {
		if (l->errors->n > CONF_MAX_ERRORS)
			return (l->token = LEX_END);
		token = next(l);
		if (token == LEX_END)
			token = end_of_source(l);
		if (token == '{' && l->recovering) {
			skip_block(l);
			token = -1;
		}
	} while (token == -1);
	if (token == '\n' || token == '}')
		l->recovering = false;
	if (token == '{')
		l->open++;
	else if (token == '}' && l->open > 0)
		l->open--;
	return (l->token = token);
}

void
conf_lex_recover(struct conf_lexer *l)
{
	if (l->token == '\n' || l->token == LEX_END)
		return;
	l->recovering = true;
	if (l->token == '{') {
		l->open--;
		skip_block(l);
	}
}
