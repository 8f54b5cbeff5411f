/* The next command to type, for who sets jwtd up for the first time. */
#ifndef HINT_H
#define HINT_H

/*
 * After a start with that configuration that did not succeed.  Says nothing
 * unless it is the installed one: who names another knows more than this.
 */
void	hint(const char *file);

#endif
