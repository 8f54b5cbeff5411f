/*
 * What the files for OpenBSD call and no other system declares, so that they
 * can be compiled elsewhere, for "make analyze".  From its manual pages.
 */
#ifndef MISSING_H
#define MISSING_H

int	 pledge(const char *promises, const char *execpromises);
int	 shm_mkstemp(char *template);
int	 unveil(const char *path, const char *permissions);

#endif
