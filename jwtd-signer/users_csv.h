/* Users in CSV: name, hash or password, and perhaps grants and disabled. */
#ifndef USERS_CSV_H
#define USERS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "users_table.h"

/*
 * Read every record of buf, which then belongs to the table, as
 * users_table_new() reads lines.  With *passwords, what the table has as hashes
 * are valid passwords.  bad() hears of what is wrong; if that is the form of
 * the whole, NULL is returned, and buf is freed.
 */
struct users_table	*users_csv_table(char *buf, size_t len,
			    bool *passwords,
			    void (*bad)(void *, unsigned int, const char *),
			    void *arg);

#endif
