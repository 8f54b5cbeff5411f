/* A whole users file in memory, with a way from a name to its line. */
#ifndef USERS_TABLE_H
#define USERS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "users.h"

#define USERS_FILE_MAX	(256UL * 1024 * 1024)

struct users_entry {
	struct users_line	user;	/* points into the table's buffer */
	unsigned int		line;	/* from 1 */
	bool			duplicate;	/* of an earlier line */
};

struct users_table {
	char			*buf;
	size_t			 len;
	struct users_entry	*entries;	/* in the file's order */
	size_t			 nentries;
	size_t			 room;		/* for so many */
	unsigned int		*slots;	/* index into entries, plus 1 */
	size_t			 nslots;	/* a power of two */
	unsigned char		 key[16];
};

/*
 * Read every line of buf, which then belongs to the table.  bad() hears of each
 * line that does not parse or repeats a name, with its number; it may be NULL.
 * Returns NULL when memory is short; buf is then freed.
 */
struct users_table	*users_table_new(char *buf, size_t len,
			    void (*bad)(void *, unsigned int, const char *),
			    void *arg);
/*
 * A table without entries, to be filled by users_table_add(): one for each line
 * of buf of at least so many bytes, at most.
 */
struct users_table	*users_table_empty(char *buf, size_t len,
			    size_t line_min);
/*
 * Add a user whose text is in the table's buffer.  Returns false if an earlier
 * line has the same name: then the entry is there, as a duplicate.
 */
bool			 users_table_add(struct users_table *,
			    const struct users_line *, unsigned int line);
/* the line that counts for a name, or NULL */
struct users_entry	*users_table_find(const struct users_table *,
			    const char *name, size_t len);
/* wipes the buffer, too */
void			 users_table_free(struct users_table *);

/*
 * The line at *pos, without its newline, and *pos after it.  Returns false at
 * the end.
 */
bool			 users_next_line(const char *buf, size_t len,
			    size_t *pos, struct span *line);

#endif
