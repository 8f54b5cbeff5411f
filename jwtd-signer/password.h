/* Password hashes: made with argon2id, verified in every form we take. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_MAX	511	/* bytes, RFC 7617's have no limit */

/* crypto_pwhash_STRBYTES, for those who do not include sodium.h */
#define PASSWORD_HASH_SIZE	128

/* May that be a new password?  *why says why not. */
bool	password_valid(const char *password, size_t len, const char **why);

/* argon2id by libsodium.  Returns 0, or -1 when memory is short. */
int	password_hash(const char *password, char out[PASSWORD_HASH_SIZE]);

/* is that a hash which password_verify() knows how to check? */
bool	password_hash_known(const char *hash);

/* "argon2id", "bcrypt", ... ; NULL if password_hash_known() is false */
const char *password_hash_kind(const char *hash);

bool	password_verify(const char *hash, const char *password);

/* is it weaker than, or of another kind than, what password_hash() makes? */
bool	password_needs_rehash(const char *hash);

/*
 * The work of a verification for a user who is not there, with the same cost
 * as one that password_hash() made.  password_dummy_init() must have run, in
 * this process or before its fork.
 */
int	password_dummy_init(void);
void	password_dummy(const char *password);

#endif
