/*
 * What the files of "jwtctl doctor" share: a finding is a line on standard
 * output.  Each check reports its own; none of them changes anything.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "conf.h"
#include "ctl.h"
#include "jwt.h"

#define DOCTOR_ADDRESS	512	/* bytes, see doctor_address() */

#define DOCTOR_WORKER	"_jwtd"
#define DOCTOR_SIGNER	"_jwtdsign"
#define DOCTOR_TLSKEY	"_jwtdtls"
#define DOCTOR_TRUST	"_jwtdfetch"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARNING,
	DOCTOR_ERROR		/* something does not work, or is open to all */
};

struct doctor {
	const char		*conf_path;
	const struct conf	*conf;
	unsigned int		 errors;
};

/* A finding: "ok: ...", "warning: ..." or "error: ...". */
void	 doctor_say(struct doctor *, enum doctor_level, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

/* What the functions of others have logged since the last call. */
void	 doctor_tell(struct doctor *, enum doctor_level);

/* "2026-11-24T08:00:00Z" */
const char *doctor_time(char *buf, size_t size, time_t);

/* ctl_doctor_keys.c */
/* fills in those of a directory */
void	 doctor_keys(struct doctor *, struct conf_signer *);

/* ctl_doctor_store.c, ctl_doctor_postgres.c */
void	 doctor_store(struct doctor *);
void	 doctor_postgres(struct doctor *, const char *conninfo);

/* ctl_doctor_tls.c */
void	 doctor_tls(struct doctor *);
/*
 * The first certificate of a PEM file, after what is wrong with it was said: it
 * is not that key's, or not valid today.  NULL if there is none; else the
 * caller frees it, and *good says whether nothing was wrong.
 */
X509	*doctor_certificate(struct doctor *, const char *path, EVP_PKEY *,
	    time_t *until, bool *good);

/* ctl_doctor_listen.c */
void	 doctor_listeners(struct doctor *);
void	 doctor_servers(struct doctor *);

/* ctl_doctor_explain.c: why jwt_verify() said that, on standard output */
void	 doctor_explain(struct span token, const struct jwt_policy *,
	    enum jwt_error);

/*
 * ctl_doctor_proxy.c, for the lines to paste.
 *
 * The server of that name, or else the first with a location of that service
 * (CONF_NONE: a grant or a resource).  NULL after a message.
 */
const struct conf_server *doctor_server(struct ctl *, int argc, char **argv,
	    enum conf_service);
/* the first location of that service, or NULL */
const struct conf_location *doctor_location(const struct conf_server *,
	    enum conf_service);
/* Do clients ask for it themselves? */
bool	 doctor_public(const struct conf_location *);
/*
 * The listener of the server with the lowest rank that is not negative, or
 * NULL; also if its address is not plain.  One whose port the system chooses is
 * none.
 */
const struct conf_listener *doctor_listener(const struct conf_server *,
	    int (*rank)(const struct conf_listener *));
/* "127.0.0.1:80", "[::1]:80", or the prefix and the path of a socket */
const char *doctor_address(const struct conf_listener *, const char *prefix,
	    char buf[DOCTOR_ADDRESS]);
/* nothing that means more than itself in any program's configuration */
bool	 doctor_plain(const char *);
/* A path that the location takes, or NULL if others take all that is tried. */
const char *doctor_path(const struct conf_location *, char *buf, size_t size);

#endif
