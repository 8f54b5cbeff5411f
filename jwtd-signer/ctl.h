/*
 * What the files of jwtctl share.  A command gets argv[0], its own name, to the
 * end; it reports its errors with log_warnx() and returns an exit status.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>

#include "conf.h"
#include "jwt.h"
#include "password.h"
#include "span.h"

#define CTL_OK		0
#define CTL_FAILED	1
#define CTL_USAGE	2	/* main() then writes the command's usage */

struct ctl {
	const char	*conf_path;
	const char	*conninfo;	/* NULL: users are where conf says */
	struct conf	*conf;		/* NULL until it is asked for */
};

/* The configuration or its signer block, or NULL after a message. */
const struct conf	*ctl_conf(struct ctl *);
const struct conf_signer *ctl_signer(struct ctl *);
/* The signer block with the keys that its directory has now, or NULL. */
const struct conf_signer *ctl_keys(struct ctl *);

/* The users, opened as users_admin.h says, or NULL after a message. */
struct users_admin *ctl_users(struct ctl *, bool edit);

/*
 * Write what a memory BIO holds to a new file, or to stdout if path is NULL.
 * Wipes it.  Returns an exit status after a message.
 */
int	 ctl_write_new(const char *path, BIO *, mode_t);
/* Can a new file be made there?  Returns false after a message. */
bool	 ctl_check_new(const char *path);

int	 ctl_key_new(struct ctl *, int, char **);
int	 ctl_key_show(struct ctl *, int, char **);
int	 ctl_key_list(struct ctl *, int, char **);
int	 ctl_key_rotate(struct ctl *, int, char **);
int	 ctl_certificate_new(struct ctl *, int, char **);
/* its part with -s; 0 days are the default */
int	 ctl_certificate_signing(struct ctl *, int days);
int	 ctl_user_add(struct ctl *, int, char **);
int	 ctl_user_password(struct ctl *, int, char **);
int	 ctl_user_grant(struct ctl *, int, char **);
int	 ctl_user_disable(struct ctl *, int, char **);
int	 ctl_user_enable(struct ctl *, int, char **);
int	 ctl_user_delete(struct ctl *, int, char **);
int	 ctl_user_revoke(struct ctl *, int, char **);
int	 ctl_user_list(struct ctl *, int, char **);
int	 ctl_user_import(struct ctl *, int, char **);
int	 ctl_reload(struct ctl *, int, char **);
int	 ctl_status(struct ctl *, int, char **);
int	 ctl_token_show(struct ctl *, int, char **);
int	 ctl_token_verify(struct ctl *, int, char **);
int	 ctl_token_revoke(struct ctl *, int, char **);
int	 ctl_doctor(struct ctl *, int, char **);
int	 ctl_doctor_haproxy(struct ctl *, int, char **);
int	 ctl_doctor_nginx(struct ctl *, int, char **);
int	 ctl_doctor_registry(struct ctl *, int, char **);
int	 ctl_doctor_token(struct ctl *, int, char **);

/*
 * Ask for a new password, twice on a terminal, or read one line from standard
 * input.  Returns 0, or -1 after a message; the caller wipes out.
 */
int	 prompt_password(const char *name, char out[PASSWORD_MAX + 1]);

/*
 * Reads standard input and calls use() with the token in it.  Returns what that
 * returned, or CTL_FAILED after a message.
 */
int	 ctl_with_token(int (*use)(struct span, void *), void *arg);
/* Are there bytes a terminal may obey?  C1, which JSON lets pass unescaped. */
bool	 ctl_has_c1(const char *);
/* "14m", "2h", "3d": whole units, of the largest that fits */
void	 ctl_format_span(char *out, size_t size, uint64_t seconds);
/* One value as JSON, safe to look at, whoever wrote it; the caller frees it. */
char	*ctl_dump(const json_t *);
/* A line on a verified token: the verdict, whose it is, and for how long. */
void	 ctl_print_valid(const char *verdict, const struct jwt *);

/*
 * Whose tokens the configured daemon accepts, and with which keys.  Returns -1
 * after a message; the caller frees them all the same.
 */
int	 ctl_issuers_load(const struct conf *, struct jwt_issuer **, size_t *n);
void	 ctl_issuers_free(struct jwt_issuer *, size_t n);

/*
 * A user is disabled or deleted: revoke their tokens, where that is configured.
 * Returns an exit status after a message.
 */
int	 ctl_revoke_gone(struct ctl *, const char *name);

/* How far something long is, on standard error if that is a terminal. */
struct progress {
	const char	*name;
	size_t		 total;
	uint64_t	 next;		/* clock_ms() of the next look */
	bool		 terminal;
	int		 width;		/* of what is to be seen now */
};

void	 progress_start(struct progress *, const char *name, size_t total);
void	 progress_show(struct progress *, size_t done);
/* before anything else is written */
void	 progress_clear(struct progress *);

#endif
