/* Giving up root, for good. */
#ifndef PRIV_H
#define PRIV_H

/*
 * As root: chroot to the directory, unless that is NULL, become the user with
 * that user's group and no other, and prove that root cannot be had back.  As
 * anyone else: only prove that there is no way to root.  Does not return if any
 * of it fails.
 */
void	priv_drop(const char *user, const char *directory);

/* 1 if priv_drop() has a user of that name, or needs none. */
int	priv_user_exists(const char *user);

#endif
